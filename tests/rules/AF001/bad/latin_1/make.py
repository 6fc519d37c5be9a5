(ROOT / "db.text.csv").write_bytes("file,text\na.wav,tea\nb.wav,caf\u00e9\n".encode("latin-1"))
