"""The current time, read in one place so that a test can replace the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]


def _system_time() -> datetime:
    return datetime.now(UTC)


_clock: Clock = _system_time


def now() -> datetime:
    """The current time, in UTC."""
    return _clock()


@contextmanager
def use_clock(clock: Clock) -> Iterator[None]:
    """Replace the clock of the whole process inside the block. No setting or request can do this."""
    global _clock
    before, _clock = _clock, clock
    try:
        yield
    finally:
        _clock = before
