(ROOT / "db.text.csv").write_bytes(b'file,text\na.wav,"one\r\ntwo"\n')
