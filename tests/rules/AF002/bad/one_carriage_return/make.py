(ROOT / "db.emotion.csv").write_bytes(b"file,emotion\na.wav,happy\r\nb.wav,sad\n")
