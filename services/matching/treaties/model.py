"""Whether a State is party to the Convention and its Protocols, as far as is known, and as of which day.

The list that everybody begins with is of 2014 (`contracts.reference.parties`). A State that it does not name may have
joined since, so its status is unknown; what a coordinator records of a later day takes its place.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts import reference
from contracts.matching import TreatyStatusRecorded
from contracts.refusals import Conflict, Invalid


class TreatyStatus(Struct, frozen=True, kw_only=True):
    """Of a State and an instrument; `party` is None where unknown. Not `recorded` where only the list tells it."""

    instrument: str
    party: bool | None
    as_of: date
    recorded: bool = False


def statuses_of(state: str, recorded: Iterable[TreatyStatus] = ()) -> tuple[TreatyStatus, ...]:
    """One for each instrument: what was recorded, else what the list says."""
    later = {status.instrument: status for status in recorded}
    return tuple(
        later.get(code) or TreatyStatus(instrument=code, party=state in parties.since or None, as_of=parties.as_of)
        for code, parties in reference.parties().items()
    )


def treaty_status_id_of(state: str, instrument: str) -> UUID:
    """There is one of each State and instrument."""
    return uuid5(NAMESPACE_URL, f"entraide:treaty-status:{state}:{instrument}")


def record(known: TreatyStatus, state: str, *, party: bool, as_of: date, now: datetime) -> TreatyStatusRecorded:
    """Record a State's status in the place of what is known. Raises Conflict where that is of a later day."""
    if as_of > now.date():
        raise Invalid("treaty-status-in-future", field="as_of")
    if as_of < known.as_of:
        raise Conflict("treaty-status-later-known", as_of=known.as_of)
    return TreatyStatusRecorded(
        treaty_status_id=treaty_status_id_of(state, known.instrument),
        state=state,
        instrument=known.instrument,
        party=party,
        as_of=as_of,
        recorded_at=now,
    )
