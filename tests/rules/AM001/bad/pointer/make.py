ours, theirs = "0cc175b9c0f1b6a831c399e269772661", "92eb5ffee6ae2fec3ad71c777531578f"
marks = ("<" * 7 + " ours", f"- md5: {ours}", "=" * 7, f"- md5: {theirs}", ">" * 7 + " theirs")
lines = ("outs:", *marks, "  size: 10", "  hash: md5", "  path: a.wav", "")
(ROOT / "a.wav.dvc").write_text("\n".join(lines))
