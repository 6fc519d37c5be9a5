"""Doors: parse the command line, make one call, report, choose the exit code."""
