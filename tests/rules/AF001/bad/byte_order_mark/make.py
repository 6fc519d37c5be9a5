(ROOT / "db.emotion.csv").write_bytes(b"\xef\xbb\xbffile,emotion\na.wav,happy\n")
