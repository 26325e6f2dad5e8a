"""Clocks: which side of a request or match has to act, since when and until when."""
