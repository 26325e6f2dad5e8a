"""The event loop of all programs."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

from chassis.garbage import collect_rarely

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a program on uvloop."""
    collect_rarely()
    return uvloop.run(main)
