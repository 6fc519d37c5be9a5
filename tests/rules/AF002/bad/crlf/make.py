(ROOT / "db.emotion.csv").write_bytes(b"file,emotion\r\na.wav,happy\r\n")
