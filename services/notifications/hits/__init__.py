"""Hits: records that alerts and offerings found, among those known from the facts of other services."""
