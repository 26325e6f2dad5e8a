"""Files: taken in, scanned, kept, given out."""
