"""A table that is a link."""

(ROOT / "db.gender.csv").symlink_to("db.emotion.csv")
