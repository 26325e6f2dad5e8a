"""Files attached to requests."""
