"""What `dvc.lock` says of flavors."""

from __future__ import annotations

import pytest
import yaml

from audiodvc.model.built import built, fields_of
from audiodvc.model.flavor import Flavor

MD5 = "0cc175b9c0f1b6a831c399e269772661"
LOCK = {
    "schema": "2.0",
    "stages": {
        "flavor@mono": {
            "cmd": "audiodvc flavor build mono",
            "deps": [{"path": "audio.media.csv", "hash": "md5", "md5": MD5}],
            "params": {"audiodvc.yaml": {"flavors.mono": {"channels": [0], "sampling_rate": 8000}}},
            "outs": [
                {"path": "flavors/mono", "hash": "md5", "md5": f"{MD5}.dir"},
                {"path": "flavors/mono.media.csv", "hash": "md5", "md5": MD5},
            ],
        },
        "validate": {"cmd": "audiodvc validate"},
    },
}


def test_a_flavor_is_what_it_was_made_as() -> None:
    """Not what the settings say by now."""
    (found,) = built(yaml.safe_dump(LOCK).encode()).values()
    assert (found.name, found.flavor) == ("mono", Flavor(channels=0, sampling_rate=8000))
    assert (found.output.md5, found.index, found.index_md5) == (f"{MD5}.dir", "flavors/mono.media.csv", MD5)
    assert found.deps == {"audio.media.csv": MD5}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "stages: 1",
        "stages: {flavor@mono: 1}",
        "stages: {flavor@: {}, 1: {}}",
        "stages: {flavor@mono: {params: {audiodvc.yaml: {flavors.mono: {}}}, outs: 1}}",
        yaml.safe_dump(LOCK).replace("sampling_rate: 8000", "sampling_rate: [8000]"),
        yaml.safe_dump(LOCK).replace("sampling_rate:", "rate:"),
        yaml.safe_dump(LOCK).replace("path: flavors/mono\n", "path: ../mono\n"),
        yaml.safe_dump(LOCK).replace(".dir", ""),
        yaml.safe_dump(LOCK).replace("audiodvc.yaml", "params.yaml"),
    ],
)
def test_what_cannot_be_understood_is_no_flavor(text: str) -> None:
    """Whoever wrote it."""
    assert built(text.encode()) == {}


def test_settings_say_no_more_of_a_flavor_than_it_wishes() -> None:
    """In the order in which they are documented."""
    flavor = Flavor(sampling_rate="8000", channels=[1, 0], mixdown=True)
    assert list(fields_of(flavor).items()) == [
        ("channels", [1, 0]),
        ("mixdown", True),
        ("sampling_rate", 8000),
    ]
    assert fields_of(Flavor()) == {}
