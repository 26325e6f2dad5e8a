"""Digests: the hits of a day or a week of one appointment, reported together."""
