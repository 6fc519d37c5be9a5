text = f"""name: case
source: a test
{"<" * 7} ours
usage: other
{"|" * 7} base
{"=" * 7}
usage: research
{">" * 7} theirs
"""
(ROOT / "db.yaml").write_text(text)
