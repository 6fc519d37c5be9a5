"""What `release` is made of: whether the clone is ready, which version comes next, and where it goes."""
