"""The table of codes."""

from __future__ import annotations

from audiodvc.codes import ALWAYS, CODES, OFF


def test_every_family_has_its_codes() -> None:
    """The first and the last of some families."""
    assert len(CODES) == 52
    assert {"AH001", "AH015", "AF007", "AS004", "AA005", "AD005", "AP004"} <= CODES.keys()


def test_warnings_are_few() -> None:
    """All else is an error."""
    warnings = {code for code, severity in CODES.items() if severity == "warning"}
    assert warnings == {"AH013", "AH014", "AS004", "AR003", "AT004", "AA005"}


def test_keys_and_merge_markers_are_always_looked_at() -> None:
    """No setting ignores them."""
    assert {"AK001", "AK002", "AM001"} == ALWAYS


def test_a_rule_that_is_off_has_a_code() -> None:
    """It can be selected."""
    assert set(CODES) >= OFF
