"""What time it is: asked for here and nowhere else, so that a test says which day it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def _of_the_machine() -> datetime:
    return datetime.now(UTC)


_clock: Clock = _of_the_machine


def now() -> datetime:
    """This moment, in UTC."""
    return _clock()


@contextmanager
def use_clock(clock: Clock) -> Iterator[None]:
    """Meanwhile all of this process asks that clock. No setting and no request leads here."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield
    finally:
        _clock = before
