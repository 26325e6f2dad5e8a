"""Files: scanning and storage."""
