(ROOT / "db.yaml").write_text("name: case\nsource: a test\n" + "<" * 7 + " ours\nusage: other\n" + "|" * 7 + " base\n" + "=" * 7 + "\nusage: research\n" + ">" * 7 + " theirs\n")
