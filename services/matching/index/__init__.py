"""The in-memory index of available offerings, from which candidates are selected."""
