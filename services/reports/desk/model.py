"""Rows of SHERLOC's desk, folded from facts: the codes, numbers and days that figures need of each record."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from services.reports.demand.model import Moves


class Vote(Struct, frozen=True, array_like=True):
    """A State's vote for an extension (1), or its withdrawal (-1)."""

    day: date
    state: str
    change: int


class DeskRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="desk"):
    """A record of SHERLOC's desk, counted in `figure`; one that its author has not submitted yet has no moves."""

    figure: str
    codes: Mapping[str, tuple[str, ...]]
    state: str | None = None
    moves: Moves = ()
    reach: int = 0
    """Number of people that an outreach activity reached."""
    delegates: Mapping[str, int] = {}
    """Numbers of people by which States signed up for a meeting."""
    votes: tuple[Vote, ...] = ()
