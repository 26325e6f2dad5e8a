"""Rows of money: amounts pledged, agreed, received and allocated, in US cents, by the day of their recording."""

from datetime import date
from enum import StrEnum

from msgspec import Struct

SHERLOC_FUNDS = "SHERLOC-"
SHERLOC_PARAGRAPH = "I.g"
"""The paragraph that funds for SHERLOC's development and maintenance serve."""


class Book(StrEnum):
    """Books, whose sums are never added to each other."""

    PLEDGED = "pledged"
    COMMITTED = "committed"
    RECEIVED = "received"
    ALLOCATED = "allocated"
    SPENT = "spent"
    IN_KIND = "in_kind"


class Entry(Struct, frozen=True, array_like=True):
    """An amount that a book gained or lost."""

    day: date
    book: Book
    usd_minor: int


Entries = tuple[Entry, ...]


class PledgeRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="pledge"):
    """A pledge, or a contribution in kind."""

    donor: str
    fund: str
    entries: Entries
    earmarking: str = "none"
    form: str = "none"
    pledged_usd_minor: int = 0
    """The amount that is pledged and not agreed."""


class AllocationRow(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="allocation"):
    """An allocation to a line of a request, a work package or an activity."""

    fund: str
    line_id: str | None
    entries: Entries
