(ROOT / "db.emotion.parquet").write_bytes(b"PAR1")
