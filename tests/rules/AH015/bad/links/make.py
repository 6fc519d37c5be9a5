"""Attachments that are links."""

(ROOT / "a.txt").symlink_to("docs/b.txt")
(ROOT / "docs" / "c.txt").symlink_to("b.txt")
