"""What `publish` is made of: a folder that is handed in, the version before, what follows of both."""
