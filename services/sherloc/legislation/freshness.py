"""Freshness of the register: for each State the number of articles by status, and of records not verified recently."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from contracts.legislation import LegislationStatus
from services.sherloc.legislation.cells import cells
from services.sherloc.legislation.model import RegisterStatus


class Tally(Struct, frozen=True, kw_only=True):
    """Number of a State's records with a status, and of those last verified before a day, or never."""

    state: str
    status: LegislationStatus
    articles: int
    unverified: int
    last_verified_at: datetime | None


class StatusCount(Struct, frozen=True, kw_only=True):
    """Number of articles with a status."""

    status: RegisterStatus
    articles: int


class StateFreshness(Struct, frozen=True, kw_only=True):
    """The register of a State. `counts` has each status.

    `articles` is the number of articles of the instruments that it is known to be party to, or of its records if that
    is greater. `unverified` is the number of records not verified in the given months, or never.
    """

    state: str
    articles: int
    counts: tuple[StatusCount, ...]
    unverified: int
    last_verified_at: datetime | None


def freshness_of(tallies: Iterable[Tally], *, state: str | None = None) -> list[StateFreshness]:
    """Return the freshness of each State in the register, or of the given one, in the order of their codes."""
    by_state: dict[str, list[Tally]] = {}
    for one in tallies:
        by_state.setdefault(one.state, []).append(one)
    listed = Counter(cell.state for cell in cells())
    wanted = [state] if state else sorted(listed.keys() | by_state.keys())
    return [_of_state(code, listed[code], by_state.get(code, [])) for code in wanted]


def _of_state(state: str, listed: int, tallies: list[Tally]) -> StateFreshness:
    counted = {RegisterStatus(one.status): one.articles for one in tallies}
    recorded = sum(counted.values())
    # A State may also have recorded articles of an instrument that it is not known to be party to.
    articles = max(listed, recorded)
    counted[RegisterStatus.NOT_KNOWN] = articles - recorded
    verified = [one.last_verified_at for one in tallies if one.last_verified_at]
    return StateFreshness(
        state=state,
        articles=articles,
        counts=tuple(StatusCount(status=one, articles=counted.get(one, 0)) for one in RegisterStatus),
        unverified=sum(one.unverified for one in tallies),
        last_verified_at=max(verified, default=None),
    )


def months_before(day: date, months: int) -> date:
    """The day a number of months earlier, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
