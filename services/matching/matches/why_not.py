"""Why an offering cannot serve a line, and for each reason the nearest change that would mend it.

A change mends the one thing it is named for, and a test applies each to see that it does: nothing here is advice that
was not tried.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from contracts.matching import Capacity
from contracts.values import Period, is_unodc
from services.matching.lines.model import SEEKING, WantedLine
from services.matching.offerings.model import Offering, OfferingStatus, ResourceStatus
from services.matching.scoring.constraints import violated
from services.matching.treaties.model import TreatyStatus

ANY = "any"
_DAY = timedelta(days=1)


class Change(StrEnum):
    """What would have to be otherwise: of the line, as its State might ask, or of the offering."""

    LATER = "later"
    EARLIER = "earlier"
    ADDRESSED = "addressed"
    KIND = "kind"
    MODALITY = "modality"
    SMALLER_GROUPS = "smaller_groups"
    INTERPRETATION = "interpretation"
    OPENED = "opened"
    NOT_EXCLUDED = "not_excluded"
    MORE_ROOM = "more_room"
    ADMITTED = "admitted"
    JOINED = "joined"
    STATUS_RECORDED = "status_recorded"
    FUNDED = "funded"


class Nearest(Struct, frozen=True, kw_only=True):
    """The least change that would mend it: `codes` say to what, `amount` by how many days or people."""

    change: Change
    codes: tuple[str, ...] = ()
    amount: int | None = None


class Obstacle(Struct, frozen=True, kw_only=True):
    """One reason, with what is asked and what is offered in codes; periods as `from/until`, numbers as they are.

    `as_of` is the day of what it rests on, where that may have changed without anybody's telling.
    """

    name: str
    asked: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    as_of: date | None = None
    nearest: Nearest | None = None


def obstacles(line: WantedLine, offering: Offering, *, today: date) -> tuple[Obstacle, ...]:
    """All of them, those of the two records' own states first; none where the offering may be suggested."""
    found = []
    if line.status not in SEEKING:
        found.append(Obstacle(name="request_status", asked=(line.status,)))
    if line.fulfilment == "complete":
        found.append(Obstacle(name="fulfilled", asked=(line.fulfilment,)))
    if offering.status is not OfferingStatus.AVAILABLE:
        found.append(Obstacle(name="offering_status", offered=(offering.status,)))
    return (*found, *(_OBSTACLE[name](line, offering, today) for name in violated(line, offering)))


def changed(line: WantedLine, offering: Offering, nearest: Nearest) -> tuple[WantedLine, Offering]:
    """Both as they would be after the change."""
    first = nearest.codes[0] if nearest.codes else ""
    terms = offering.terms
    eligible = terms.eligible
    match nearest.change:
        case Change.LATER | Change.EARLIER:
            assert nearest.amount is not None, "a shift says by how many days"
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
            assert nearest.amount is not None, "it says how many people"
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


# -- one by one -------------------------------------------------------------------------------------------------------


def _own_state(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    return Obstacle(name="own_state", asked=(line.state,), offered=(offering.provider,))


def _addressee(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    # A request is for UNODC, for named States or for anybody: a State can be named beside the others, a unit cannot.
    beside = line.addressee == "states" and not is_unodc(offering.provider)
    return Obstacle(
        name="addressee",
        asked=line.addressed_states if line.addressee == "states" else (line.addressee,),
        offered=(offering.provider,),
        nearest=Nearest(change=Change.ADDRESSED, codes=(offering.provider if beside else ANY,)),
    )


def _excluded_provider(_: WantedLine, offering: Offering, _today: date) -> Obstacle:
    return Obstacle(
        name="excluded_provider",
        offered=(offering.provider,),
        nearest=Nearest(change=Change.ADMITTED, codes=(offering.provider,)),
    )


def _kind(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    kinds = offering.terms.kinds
    return Obstacle(name="kind", asked=(line.kind,), offered=kinds, nearest=Nearest(change=Change.KIND, codes=kinds))


def _modality(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    offered = offering.terms.modalities
    nearest = Nearest(change=Change.MODALITY, codes=offered)
    return Obstacle(name="modality", asked=(line.modality,), offered=offered, nearest=nearest)


def _language(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    spoken = (*offering.terms.languages, *offering.terms.interpretation)
    missing = tuple(language for language in line.languages if language not in spoken)
    return Obstacle(
        name="language",
        asked=missing,
        offered=offering.terms.languages,
        nearest=Nearest(change=Change.INTERPRETATION, codes=missing),
    )


def _group_size(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    most = offering.terms.group_size_max
    assert most is not None, "a group can only be too large for a limit"
    return Obstacle(
        name="group_size",
        asked=(str(line.group_size),),
        offered=(str(most),),
        nearest=Nearest(change=Change.SMALLER_GROUPS, amount=most),
    )


def _eligibility(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    eligible = offering.terms.eligible
    return Obstacle(
        name="eligibility",
        asked=(line.state,),
        offered=(*eligible.states, *eligible.regions),
        nearest=Nearest(change=Change.OPENED, codes=(line.state,)),
    )


def _excluded_state(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    return Obstacle(
        name="excluded_state",
        asked=(line.state,),
        offered=offering.terms.eligible.excluded_states,
        nearest=Nearest(change=Change.NOT_EXCLUDED, codes=(line.state,)),
    )


def _treaty(line: WantedLine, offering: Offering, _: date) -> Obstacle:
    missing = tuple(sorted(set(offering.terms.treaties) - line.party_to))
    known = [status for status in line.treaties if status.instrument in missing]
    # What only the list says may be no longer so: before anybody joins anything, somebody looks.
    to_record = not any(status.recorded for status in known)
    return Obstacle(
        name="treaty",
        asked=(line.state,),
        offered=missing,
        as_of=min((status.as_of for status in known), default=None),
        nearest=Nearest(change=Change.STATUS_RECORDED if to_record else Change.JOINED, codes=missing),
    )


def _validity(line: WantedLine, offering: Offering, today: date) -> Obstacle:
    valid = offering.terms.valid
    return Obstacle(
        name="validity",
        asked=(_interval(line.window),),
        offered=(_interval(valid),),
        # Where there is room, a window that is valid and meets none of it would be shifted for nothing.
        nearest=_shift(line.window, valid, _with_some_left(offering) or [valid], today),
    )


def _window(line: WantedLine, offering: Offering, today: date) -> Obstacle:
    return Obstacle(
        name="window",
        asked=(_interval(line.window),),
        offered=tuple(_interval(one.period) for one in offering.terms.capacity),
        nearest=_to_room(line, offering, today),
    )


def _capacity(line: WantedLine, offering: Offering, today: date) -> Obstacle:
    return Obstacle(
        name="capacity",
        asked=(_interval(line.window),),
        offered=tuple(_interval(period) for period in _with_some_left(offering)),
        nearest=_to_room(line, offering, today),
    )


def _resource_status(_: WantedLine, offering: Offering, _today: date) -> Obstacle:
    status = offering.terms.resource_status
    return Obstacle(name="resource_status", offered=(status,), nearest=Nearest(change=Change.FUNDED))


_OBSTACLE: Mapping[str, Callable[[WantedLine, Offering, date], Obstacle]] = {
    "own_state": _own_state,
    "addressee": _addressee,
    "excluded_provider": _excluded_provider,
    "kind": _kind,
    "modality": _modality,
    "language": _language,
    "group_size": _group_size,
    "eligibility": _eligibility,
    "excluded_state": _excluded_state,
    "treaty": _treaty,
    "validity": _validity,
    "window": _window,
    "capacity": _capacity,
    "resource_status": _resource_status,
}


# -- the window -------------------------------------------------------------------------------------------------------


def _to_room(line: WantedLine, offering: Offering, today: date) -> Nearest:
    shift = _shift(line.window, offering.terms.valid, _with_some_left(offering), today)
    return shift or Nearest(change=Change.MORE_ROOM, amount=1)


def _with_some_left(offering: Offering) -> list[Period]:
    return [one.period for one in offering.terms.capacity if offering.room(one) > 0]


def _shift(window: Period, valid: Period, periods: list[Period], today: date) -> Nearest | None:
    """The fewest days by which the window meets both the validity and one of the periods; later rather than earlier.

    Never so early that it would begin before today.
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
    """By how many days at least and at most the window has to be shifted to share a day with another period."""
    return (other.starts - window.ends) // _DAY, (other.ends - window.starts) // _DAY


def _shifted(window: Period, by: timedelta) -> Period:
    return Period(starts=window.starts + by, ends=window.ends + by)


def _with_room(line: WantedLine, offering: Offering) -> tuple[Capacity, ...]:
    """One delivery more in the first period that meets the window, or in a new one of just the window's days."""
    meets = [one for one in offering.terms.capacity if one.period.overlaps(line.window)]
    if not meets:
        return (*offering.terms.capacity, Capacity(period=line.window, units=1))
    more = replace(meets[0], units=offering.taken.get(meets[0].period.starts, 0) + 1)
    return tuple(more if one is meets[0] else one for one in offering.terms.capacity)


def _interval(period: Period) -> str:
    return f"{period.starts}/{period.ends}"
