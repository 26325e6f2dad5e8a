"""Thresholds of Python's garbage collection."""

import gc

COLLECT = (50_000, 50, 1000)
"""Thresholds per generation: imports and requests create thousands of objects, few of them in a cycle."""


def collect_rarely() -> None:
    """Set the thresholds. Call it first in a program, since collections would take a fifth of its start-up time."""
    gc.set_threshold(*COLLECT)
