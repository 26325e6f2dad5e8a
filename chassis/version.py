"""The version of this program."""

VERSION = "0.1.0"
"""As in `pyproject.toml`, which is not installed with the program; a test compares the two."""
