"""Line ends that a checkout would alter."""

from pathlib import Path

ROOT: Path

header = ROOT / "db.yaml"
header.write_bytes(header.read_bytes().replace(b"\n", b"\r\n"))
