(ROOT / "db.emotion.csv").write_bytes(b"file,emotion\na.wav,happy")
