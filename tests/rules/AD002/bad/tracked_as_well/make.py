"""Sound in git, which the repository of these tests would rather not have."""

from pathlib import Path

ROOT: Path

for name in ("audio/a.wav", "notes/talk.mp4"):
    (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / name).write_bytes(b"not really sound")
