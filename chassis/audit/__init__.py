"""The audit: who did what, chained by hashes, signed, verified."""
