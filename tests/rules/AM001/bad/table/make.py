text = f"""file,emotion
{"<" * 7} ours
a.wav,happy
{"=" * 7}
a.wav,angry
{">" * 7} theirs
"""
(ROOT / "db.emotion.csv").write_text(text)
