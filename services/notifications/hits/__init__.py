"""Hits: what alerts and offerings found, among the records known from the facts of other services."""
