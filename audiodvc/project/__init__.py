"""The working copy, for those who maintain a dataset."""
