"""When Python collects garbage."""

import gc

COLLECT = (50_000, 50, 1000)
"""Thresholds per generation: imports and requests make thousands of objects, few of them in a cycle."""


def collect_rarely() -> None:
    """Set the thresholds; first of all in a program, since a fifth of its start would be spent on collections."""
    gc.set_threshold(*COLLECT)
