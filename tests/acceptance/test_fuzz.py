"""Any bytes in any file of a dataset give findings, never a traceback."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from audiodvc.model import snapshot
from audiodvc.project.validate import check
from audiodvc.report import findings
from audiodvc.report.look import Look
from audiodvc.rules import catalogue
from tests.builder import MakeRepo

HEADER = b"""\
name: fuzz
source: a test
usage: unrestricted
languages: [deu]
expires: 2030-01-01
media: {m: {type: audio, format: wav, sampling_rate: 16000, channels: 1, bit_depth: 16}}
raters: {r: {type: human}}
splits: {train: {type: train}, test: {type: test}}
attachments: {doc: {path: docs/a.txt}}
schemes:
  emotion: {dtype: str, labels: [happy, sad]}
  score: {dtype: float, minimum: 0, maximum: 1}
  speaker: {dtype: str, labels: speaker}
  when: {dtype: date}
  gap: {dtype: time}
tables:
  train:
    type: filewise
    media_id: m
    split_id: train
    columns: {emotion: {scheme_id: emotion, rater_id: r}, speaker: {scheme_id: speaker}}
  test:
    type: segmented
    split_id: test
    columns: {score: {scheme_id: score}, when: {scheme_id: when}, gap: {scheme_id: gap}}
misc_tables:
  speaker: {levels: {speaker: str}, columns: {}}
"""
FILES = {
    "db.yaml": HEADER,
    "audiodvc.yaml": b"flavors: {}\nvalidate: {select: [AT004], groups: [speaker]}\n",
    "db.train.csv": b"file,emotion,speaker\na.wav,happy,ann\n",
    "db.test.csv": b"file,start,end,score,when,gap\na.wav,0 days 00:00:00.000000000,,0.5,2020-01-01,1s\n",
    "db.speaker.csv": b"speaker\nann\n",
    "a.wav.media.csv": b"file,md5,size,format,channels,sampling_rate,bit_depth,duration\n"
    b"a.wav,0cc175b9c0f1b6a831c399e269772661,10,wav,1,16000,16,1.0\n",
    "a.wav.dvc": b"outs:\n- md5: 0cc175b9c0f1b6a831c399e269772661\n  size: 10\n  hash: md5\n  path: a.wav\n",
    "erased.csv": b"file,md5,date,reason\nold.wav,0cc175b9c0f1b6a831c399e269772662,2024-01-01,asked\n",
    "dvc.lock": b"schema: '2.0'\nstages:\n  flavor@x:\n    cmd: x\n    outs:\n"
    b"    - path: flavors/x\n      md5: 0.dir\n",
    "docs/a.txt": b"",
}
WORDS = st.sampled_from(
    [
        *(
            b"",
            b"\x00",
            b"\xff",
            b"\r\n",
            b"\n",
            b"\t",
            b'"',
            b",",
            b":",
            b"- ",
            b"?",
            b"|",
            b">",
            b"%",
            b"@",
            b"`",
        ),
        *(b"&a ", b"*a", b"{", b"}", b"[", b"]", b"!!binary x", b"<<<<<<< ours\n", b"=======\n"),
        *(b"null", b"~", b"yes", b"1e999", b"-1", b"9" * 21, b"0x10", b".nan", b".inf", b"2020-99-99"),
        *(b"a.wav", b"../a", b"labels", b"levels", b"columns", b"type", b"dtype"),
        *(b"\xef\xbb\xbf", b"\xf0\x9f\x8e\xb5", b"a" * 3000),
    ]
)


@st.composite
def broken(draw: st.DrawFn) -> dict[str, bytes]:
    """The dataset with bytes put into, taken from or doubled in some of its files, or files gone."""
    files = dict(FILES)
    for name in draw(st.lists(st.sampled_from(list(FILES)), min_size=1, max_size=4)):
        data = files.get(name)
        if data is None:
            continue
        kind = draw(st.sampled_from(["insert", "delete", "double", "replace", "gone"]))
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        word = draw(st.one_of(WORDS, st.binary(max_size=8)))
        if kind == "gone":
            del files[name]
            continue
        middle = {
            "insert": word + data[start:end],
            "delete": b"",
            "double": data[start:end] * 2,
            "replace": word,
        }[kind]
        files[name] = data[:start] + middle + data[end:]
    return files


@settings(max_examples=60)
@given(broken())
def test_no_bytes_make_a_rule_or_a_report_fail(files: dict[str, bytes]) -> None:
    """Every rule runs to its end, and every format can say what it found."""
    taken = snapshot.take(dict.fromkeys(files, "file"), files.__getitem__, date(2024, 6, 1))
    done = check(taken)
    for form in findings.FORMATS.values():
        assert isinstance(form(done, Look()), str)


def test_the_dataset_to_be_broken_is_sound() -> None:
    """Otherwise breaking it would show little."""
    taken = snapshot.take(dict.fromkeys(FILES, "file"), FILES.__getitem__, date(2024, 6, 1))
    said = {finding.code for finding in catalogue.check(taken)}
    assert said <= {"AF006", "AP001", "AD005", "AD001", "AH013"}, said


def test_every_kind_of_bad_input_at_once(make_repo: MakeRepo) -> None:
    """Broken YAML and CSV, binary, a line of 100 MB, empty and missing files in one dataset."""
    repo = make_repo()
    repo.write(
        files={
            **FILES,
            "audiodvc.yaml": "flavors: [\n",
            "db.train.csv": "file,emotion,speaker\n" + '"' + "x" * 100_000_000,
            "db.test.csv": bytes(range(256)) * 100,
            "db.speaker.csv": "",
            "a.wav.media.csv": "no index\n",
            "a.wav.dvc": "outs: {\n",
            "erased.csv": "\x00",
        }
    )
    repo.git("add", "--all")
    for words in (
        ["validate"],
        ["validate", "--staged"],
        ["fmt", "--check"],
        ["status"],
        ["doctor"],
        ["add", "a.wav"],
    ):
        done = repo.run("audiodvc", *words)
        assert done.returncode in (1, 2, 3), (words, done.stderr)
        assert "Traceback" not in done.stderr
    said = repo.run("audiodvc", "validate").stdout
    for place in (
        "audiodvc.yaml:",
        "db.train.csv:2:1: AF003",
        "db.test.csv:",
        "db.speaker.csv:",
        "a.wav.media.csv:",
    ):
        assert place in said
    (repo.path / "db.yaml").write_text("name: [\n")
    assert "db.yaml:2:1: AH001" in repo.run("audiodvc", "validate").stdout
    (repo.path / "db.yaml").unlink()
    assert repo.run("audiodvc", "validate").returncode == 3
