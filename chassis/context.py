"""What an action is told beside its command."""

from datetime import date, datetime

from msgspec import Struct

from contracts.values import Caller


class Context(Struct, frozen=True, kw_only=True):
    """Who asks for a change, at what time, and which revision of the record they have read.

    Where a route asks for no revision, `expected` is 0.
    """

    caller: Caller
    now: datetime
    expected: int = 0

    @property
    def today(self) -> date:
        """The day of `now`, in UTC."""
        return self.now.date()
