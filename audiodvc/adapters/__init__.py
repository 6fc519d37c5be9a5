"""The only rooms that touch the world: git, DVC, audio, files, processes."""
