"""Files: scan and store."""
