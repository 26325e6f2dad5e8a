"""The decision of a policy: allowed, with the guarded fields shown; or denied, with the slug of the refusal."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from contracts.refusals import Conflict, Forbidden, Missing

ABSENT = "not-found"


class Decision(Struct, frozen=True):
    """A decision. A guarded field is shown only to some of those who see its record."""

    slug: str | None
    """The slug if denied; None if allowed."""
    fields: frozenset[str] = frozenset()
    """The guarded fields shown."""

    @property
    def allowed(self) -> bool:
        return self.slug is None

    @property
    def hidden(self) -> bool:
        """True if the record does not exist for this caller."""
        return self.slug == ABSENT

    def required(self) -> "Decision":
        """Return this decision if it allows. Raise Missing if the record is hidden, Forbidden if denied otherwise."""
        if self.slug is None:
            return self
        raise Missing(self.slug) if self.hidden else Forbidden(self.slug)


def denied(slug: str) -> Decision:
    """Return a denial for a caller who may know that the record exists."""
    return Decision(slug)


ALLOWED = Decision(None)
"""Allowed, without guarded fields."""
HIDDEN = Decision(ABSENT)
"""Denied because the record does not exist or is hidden from this caller; the two cannot be distinguished."""


class Later(Struct, frozen=True, kw_only=True):
    """A move that opens on a later day. `slug` is that of the refusal until then."""

    move: str
    slug: str
    opens: date = field(name="from")


class Opening(Struct, frozen=True):
    """The first day on which a move is possible, and the slug of its refusal until then.

    `detail` is the name of that day in the refusal's sentence.
    """

    slug: str
    first_day: date
    detail: str = "first_day"

    def require(self, today: date) -> None:
        """Raise Conflict before the day."""
        if today < self.first_day:
            raise Conflict(self.slug, **{self.detail: self.first_day})


def by_day(
    moves: Collection[str], opening: Mapping[str, Opening], today: date
) -> tuple[tuple[str, ...], tuple[Later, ...]]:
    """Return the moves that are open today, and those that `opening` opens later."""
    later = tuple(
        Later(move=one, slug=opening[one].slug, opens=opening[one].first_day)
        for one in moves
        if one in opening and today < opening[one].first_day
    )
    closed = {one.move for one in later}
    return tuple(one for one in moves if one not in closed), later


def open_moves(
    caller: Any,
    record: Any,
    actions: type[StrEnum],
    decide: Callable[..., Decision],
    moves: Mapping[str, Collection[StrEnum]],
) -> tuple[str, ...]:
    """The moves of a record that its status and this caller's role allow, in the order of `moves`.

    Other conditions of a move, such as free capacity, are checked when the move is made. Moves without an action of
    their name are made by the system and are not included.
    """
    named = {action.value: action for action in actions}
    return tuple(
        move
        for move, statuses in moves.items()
        if record.status in statuses and move in named and decide(caller, named[move], record).allowed
    )
