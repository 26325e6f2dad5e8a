"""The event loop of all programs."""

import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

COLLECT = (50_000, 50, 1000)
"""Garbage collection thresholds per generation: a request makes some thousand objects, none in a cycle."""

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program on uvloop."""
    gc.set_threshold(*COLLECT)
    return uvloop.run(main)
