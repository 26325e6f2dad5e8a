"""Organizations and people."""
