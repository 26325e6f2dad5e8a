"""The version of this program."""

VERSION = "0.1.0"
"""The version, as in `pyproject.toml`, which is not installed with the program. A test compares the two."""
