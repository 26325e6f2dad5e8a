"""Allocation rounds: created, planned in the background, adopted or discarded."""
