"""Allocation rounds: asked for, planned in the background, adopted or discarded."""
