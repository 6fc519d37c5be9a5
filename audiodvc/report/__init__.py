"""Doors: values become text for people and programs."""
