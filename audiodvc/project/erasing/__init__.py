"""What `erase` is made of: traces in all versions, texts without the files, what is deleted where."""
