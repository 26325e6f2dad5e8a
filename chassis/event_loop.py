"""The event loop on which programs of ours run."""

import gc
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

COLLECT = (50_000, 50, 1000)
"""Objects made between two collections, of each generation: a request makes some thousand, none of which is a cycle."""

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program to its end, on the event loop that services are served from."""
    gc.set_threshold(*COLLECT)
    return uvloop.run(main)
