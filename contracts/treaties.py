"""Facts of States' treaty status, owned by matching."""

from datetime import date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.values import Code, State


class TreatyStatusRecorded(Fact, frozen=True, kw_only=True, tag="matching.treaty_status.recorded.v1"):
    """A coordinator recorded whether a State is party to an instrument, as published by the depositary on a day."""

    treaty_status_id: UUID
    state: State
    instrument: Code
    party: bool
    as_of: date
    recorded_at: datetime


FACTS: tuple[type[Fact], ...] = (TreatyStatusRecorded,)
