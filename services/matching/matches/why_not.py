"""Reasons why an offering cannot serve a line, each with the nearest change that would resolve it.

A test applies each change and checks that it resolves its reason.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from contracts import reference
from contracts.matching import Capacity
from contracts.values import Period, is_unodc
from services.matching.lines.model import SEEKING, WantedLine
from services.matching.offerings.model import Offering, OfferingStatus, ResourceStatus
from services.matching.scoring.constraints import (
    BY_SLUG,
    OVERRIDABLE,
    income_groups,
    special_groups,
    understood,
    violated,
)
from services.matching.treaties.model import TreatyStatus

ANY = "any"
_DAY = timedelta(days=1)


class Change(StrEnum):
    """A change to the line, by its State, or to the offering."""

    LATER = "later"
    EARLIER = "earlier"
    ADDRESSED = "addressed"
    KIND = "kind"
    MODALITY = "modality"
    SMALLER_GROUPS = "smaller_groups"
    INTERPRETATION = "interpretation"
    OPENED = "opened"
    NOT_EXCLUDED = "not_excluded"
    NOT_LIMITED = "not_limited"
    MORE_ROOM = "more_room"
    ADMITTED = "admitted"
    JOINED = "joined"
    STATUS_RECORDED = "status_recorded"
    FUNDED = "funded"


class Nearest(Struct, frozen=True, kw_only=True):
    """The smallest change that resolves an obstacle: `codes` are the new values, `amount` days or people."""

    change: Change
    codes: tuple[str, ...] = ()
    amount: int | None = None


class Obstacle(Struct, frozen=True, kw_only=True):
    """One reason, with the values asked and offered in codes; periods as `from/until`, numbers as they are.

    `as_of` is the day of the underlying data if it may be outdated.
    """

    name: str
    asked: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    as_of: date | None = None
    nearest: Nearest | None = None
    covers: int | None = None
    """Number of persons that the offering could cover; only for the group size."""

    @property
    def overridable(self) -> bool:
        return self.name in OVERRIDABLE


def obstacles(line: WantedLine, offering: Offering, *, today: date) -> tuple[Obstacle, ...]:
    """Return all obstacles, those of the statuses of the two records first; empty if the offering may be suggested."""
    found = []
    if line.status not in SEEKING:
        found.append(Obstacle(name="request_status", asked=(line.status,)))
    if not line.left:
        found.append(Obstacle(name="covered", asked=(str(line.group_size),)))
    if offering.status is not OfferingStatus.AVAILABLE:
        found.append(Obstacle(name="offering_status", offered=(offering.status,)))
    return (*found, *(_obstacle(slug, line, offering, today) for slug in violated(line, offering)))


def changed(line: WantedLine, offering: Offering, nearest: Nearest) -> tuple[WantedLine, Offering]:
    """Return the line and the offering after the change."""
    first = nearest.codes[0] if nearest.codes else ""
    terms = offering.terms
    eligible = terms.eligible
    match nearest.change:
        case Change.LATER | Change.EARLIER:
            assert nearest.amount is not None, "a shift has a number of days"
            days = timedelta(days=nearest.amount if nearest.change is Change.LATER else -nearest.amount)
            return replace(line, window=_shifted(line.window, days)), offering
        case Change.ADDRESSED:
            if first == ANY:
                return replace(line, addressee=ANY, addressed_states=()), offering
            return replace(line, addressed_states=(*line.addressed_states, first)), offering
        case Change.KIND:
            return replace(line, kind=first), offering
        case Change.MODALITY:
            return replace(line, modality=first), offering
        case Change.SMALLER_GROUPS:
            assert nearest.amount is not None, "the change has a number of people"
            return replace(line, group_size=nearest.amount), offering
        case Change.INTERPRETATION:
            more = replace(terms, interpretation=(*terms.interpretation, *nearest.codes))
            return line, replace(offering, terms=more)
        case Change.OPENED:
            wider = replace(eligible, states=(*eligible.states, first))
            return line, replace(offering, terms=replace(terms, eligible=wider))
        case Change.NOT_EXCLUDED:
            without = tuple(state for state in eligible.excluded_states if state != first)
            return line, replace(offering, terms=replace(terms, eligible=replace(eligible, excluded_states=without)))
        case Change.NOT_LIMITED:
            wider = replace(
                eligible,
                income_groups=tuple(group for group in eligible.income_groups if group not in nearest.codes),
                special_groups=tuple(group for group in eligible.special_groups if group not in nearest.codes),
            )
            return line, replace(offering, terms=replace(terms, eligible=wider))
        case Change.MORE_ROOM:
            return line, replace(offering, terms=replace(terms, capacity=_with_room(line, offering)))
        case Change.ADMITTED:
            left = tuple(provider for provider in line.excluded_providers if provider != first)
            return replace(line, excluded_providers=left), offering
        case Change.JOINED | Change.STATUS_RECORDED:
            kept = tuple(one for one in line.treaties if one.instrument not in nearest.codes)
            since = (TreatyStatus(instrument=code, party=True, as_of=date.max, recorded=True) for code in nearest.codes)
            return replace(line, treaties=(*kept, *since)), offering
        case Change.FUNDED:
            paid = replace(terms, resource_status=ResourceStatus.FUNDED, funding_needed=None)
            return line, replace(offering, terms=paid)


# -- by constraint ----------------------------------------------------------------------------------------------------


def _obstacle(slug: str, line: WantedLine, offering: Offering, today: date) -> Obstacle:
    """Return the obstacle with the values that the constraint compares, unless `_SHOWN` has others."""
    rule = BY_SLUG[slug]
    asked, offered = _SHOWN[slug](line, offering) if slug in _SHOWN else (rule.requires(line), rule.has(offering))
    as_of = _AS_OF[slug](line, offering) if slug in _AS_OF else None
    nearest = _NEAREST[slug](line, offering, today) if slug in _NEAREST else None
    covers = offering.terms.group_size_max if slug == "group_size" else None
    return Obstacle(
        name=slug, asked=_coded(asked), offered=_coded(offered), as_of=as_of, nearest=nearest, covers=covers
    )


def _coded(value: object) -> tuple[str, ...]:
    """Return codes unchanged, and any other value as one code."""
    values = value if isinstance(value, Iterable) and not isinstance(value, str) else (value,)
    return tuple(_interval(one) if isinstance(one, Period) else str(one) for one in values)


_SHOWN: Mapping[str, Callable[[WantedLine, Offering], tuple[object, object]]] = {
    "addressee": lambda line, offering: (
        line.addressed_states if line.addressee == "states" else line.addressee,
        offering.provider,
    ),
    "excluded_provider": lambda _, offering: ((), offering.provider),
    "language": lambda line, offering: (_not_understood(line, offering), offering.terms.languages),
    "eligibility": lambda line, offering: (line.state, BY_SLUG["eligibility"].has(offering)),
    "income_group": lambda line, offering: (line.state, income_groups(offering)),
    "special_group": lambda line, offering: (line.state, special_groups(offering)),
    "treaty": lambda line, offering: (line.state, _treaties_lacking(line, offering)),
    "resource_status": lambda _, offering: ((), offering.terms.resource_status),
}
"""The values asked and offered, where they differ from those the constraint compares."""

_AS_OF: Mapping[str, Callable[[WantedLine, Offering], date | None]] = {
    "income_group": lambda _line, _offering: reference.table("income_groups").as_of,
    "special_group": lambda _line, _offering: reference.table("special_groups").as_of,
    "treaty": lambda line, offering: min((one.as_of for one in _not_party(line, offering)), default=None),
}
"""The day of the data on the State, by constraint."""


def _not_understood(line: WantedLine, offering: Offering) -> tuple[str, ...]:
    return tuple(language for language in line.languages if language not in understood(offering))


def _treaties_lacking(line: WantedLine, offering: Offering) -> tuple[str, ...]:
    return tuple(sorted(set(offering.terms.treaties) - line.party_to))


def _not_party(line: WantedLine, offering: Offering) -> list[TreatyStatus]:
    lacking = _treaties_lacking(line, offering)
    return [status for status in line.treaties if status.instrument in lacking]


def _addressed(line: WantedLine, offering: Offering, _: date) -> Nearest:
    # The addressee is UNODC, named States or any provider: only a State can be added to named States.
    beside = line.addressee == "states" and not is_unodc(offering.provider)
    return Nearest(change=Change.ADDRESSED, codes=(offering.provider if beside else ANY,))


def _party(line: WantedLine, offering: Offering, _: date) -> Nearest:
    # The list may be outdated: without a recorded status the advice is to check it.
    recorded = any(status.recorded for status in _not_party(line, offering))
    change = Change.JOINED if recorded else Change.STATUS_RECORDED
    return Nearest(change=change, codes=_treaties_lacking(line, offering))


def _valid(line: WantedLine, offering: Offering, today: date) -> Nearest | None:
    # Shift to a period with capacity if there is any: a shift into the validity alone might reach none.
    valid = offering.terms.valid
    return _shift(line.window, valid, offering.free_periods or [valid], today)


def _to_room(line: WantedLine, offering: Offering, today: date) -> Nearest:
    shift = _shift(line.window, offering.terms.valid, offering.free_periods, today)
    return shift or Nearest(change=Change.MORE_ROOM, amount=1)


_NEAREST: Mapping[str, Callable[[WantedLine, Offering, date], Nearest | None]] = {
    "addressee": _addressed,
    "excluded_provider": lambda _, offering, _today: Nearest(change=Change.ADMITTED, codes=(offering.provider,)),
    "kind": lambda _, offering, _today: Nearest(change=Change.KIND, codes=offering.terms.kinds),
    "modality": lambda _, offering, _today: Nearest(change=Change.MODALITY, codes=offering.terms.modalities),
    "language": lambda line, offering, _: Nearest(change=Change.INTERPRETATION, codes=_not_understood(line, offering)),
    "group_size": lambda _, offering, _today: Nearest(
        change=Change.SMALLER_GROUPS, amount=offering.terms.group_size_max
    ),
    "eligibility": lambda line, _offering, _: Nearest(change=Change.OPENED, codes=(line.state,)),
    "excluded_state": lambda line, _offering, _: Nearest(change=Change.NOT_EXCLUDED, codes=(line.state,)),
    "income_group": lambda _line, offering, _: Nearest(change=Change.NOT_LIMITED, codes=tuple(income_groups(offering))),
    "special_group": lambda _line, offering, _: Nearest(
        change=Change.NOT_LIMITED, codes=tuple(special_groups(offering))
    ),
    "treaty": _party,
    "validity": _valid,
    "window": _to_room,
    "capacity": _to_room,
    "resource_status": lambda _line, _offering, _: Nearest(change=Change.FUNDED),
}
"""The nearest change, by constraint; none for a line of the offering's own State, which no change resolves."""


# -- the window -------------------------------------------------------------------------------------------------------


def _shift(window: Period, valid: Period, periods: list[Period], today: date) -> Nearest | None:
    """Return the smallest shift after which the window overlaps the validity and one of the periods.

    Of equal shifts the later one is chosen. The window never begins before today. None if no shift is possible.
    """
    shifts = []
    for period in periods:
        spans = [_meeting(window, one) for one in (valid, period)]
        low, high = max(first for first, _ in spans), min(last for _, last in spans)
        if low <= high:
            shifts.append(max(low, min(0, high)))
    possible = [days for days in shifts if days >= 0 or window.starts + days * _DAY >= today]
    if not possible:
        return None
    days = min(possible, key=lambda one: (abs(one), -one))
    return Nearest(change=Change.LATER if days >= 0 else Change.EARLIER, amount=abs(days))


def _meeting(window: Period, other: Period) -> tuple[int, int]:
    """The minimum and maximum shift, in days, by which the window shares a day with another period."""
    return (other.starts - window.ends) // _DAY, (other.ends - window.starts) // _DAY


def _shifted(window: Period, by: timedelta) -> Period:
    return Period(starts=window.starts + by, ends=window.ends + by)


def _with_room(line: WantedLine, offering: Offering) -> tuple[Capacity, ...]:
    """Return the capacity with one more delivery in the first period that overlaps the window.

    If there is none, a new period of the window's days is added.
    """
    meets = [one for one in offering.terms.capacity if one.period.overlaps(line.window)]
    if not meets:
        return (*offering.terms.capacity, Capacity(period=line.window, units=1))
    more = replace(meets[0], units=offering.taken.get(meets[0].period.starts, 0) + 1)
    return tuple(more if one is meets[0] else one for one in offering.terms.capacity)


def _interval(period: Period) -> str:
    return f"{period.starts}/{period.ends}"
