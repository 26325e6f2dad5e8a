"""Clocks of requests and matches: which side has to act, since when and until when."""
