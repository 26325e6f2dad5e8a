"""Treaty status: whether a State is party to the Convention and its Protocols, as of a day.

The initial list is `contracts.reference.parties`, with a day for each State. A State not on it may have joined since:
its status is unknown. A later status recorded by a coordinator replaces it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from msgspec import Struct

from contracts import reference
from contracts.refusals import Conflict, Invalid
from contracts.treaties import TreatyStatusRecorded


class TreatyStatus(Struct, frozen=True, kw_only=True):
    """The status of a State for an instrument.

    `party` is None if unknown; `recorded` is False if it is from the list.
    """

    instrument: str
    party: bool | None
    as_of: date
    recorded: bool = False


def statuses_of(state: str, recorded: Iterable[TreatyStatus] = ()) -> tuple[TreatyStatus, ...]:
    """The statuses of a State, one for each instrument: as recorded, else from the list."""
    later = {status.instrument: status for status in recorded}
    return tuple(later.get(code) or _listed(state, parties) for code, parties in reference.parties().items())


def _listed(state: str, parties: reference.Parties) -> TreatyStatus:
    listed = parties.listed.get(state)
    # Never False: the list does not say of any State that it is not a party.
    party = None if listed is None else True
    return TreatyStatus(instrument=parties.code, party=party, as_of=listed or parties.as_of)


def treaty_status_id_of(state: str, instrument: str) -> UUID:
    """The id of the status of a State for an instrument."""
    return uuid5(NAMESPACE_URL, f"entraide:treaty-status:{state}:{instrument}")


def record(known: TreatyStatus, state: str, *, party: bool, as_of: date, now: datetime) -> TreatyStatusRecorded:
    """Replace a State's known status. Raise Conflict if that is of a later day, Invalid for a day in the future."""
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
