"""Pledges: from pledged to agreed, received, reduced, carried over and closed."""
