"""A CR that no checkout may turn into something else."""

(ROOT / "db.people.csv").write_bytes(b'"full\rname","year\r\nof birth"\nAda,1815\n')
