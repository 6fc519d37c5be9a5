(ROOT / "db.emotion.csv").write_text("file,emotion\n" + "<" * 7 + " ours\na.wav,happy\n" + "=" * 7 + "\na.wav,angry\n" + ">" * 7 + " theirs\n")
