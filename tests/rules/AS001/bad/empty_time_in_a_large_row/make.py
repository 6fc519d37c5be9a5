"""A table of more than 1 MiB, too large for a checkout."""

from pathlib import Path

ROOT: Path

HEAD = "file,start,end,x,y,z\n"
FIRST = "a.wav,0 days 00:00:00.000000000,,%s\n"
LAST = "a.wav,0 days 00:00:00.500000000,0 days 00:00:01.000000000,%s\n"
(ROOT / "db.t.csv").write_text(
    HEAD + FIRST % (",".join(["x" * 10**6] * 3)) + LAST % ("x,y,z"), encoding="utf-8", newline="\n"
)
