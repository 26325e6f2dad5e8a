"""The request body that records a treaty status."""

from datetime import date

from msgspec import Struct

from contracts import reference
from contracts.codes import InstrumentCode
from contracts.values import State
from services.matching.fields import check_known


class RecordTreatyStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The status of a State for an instrument (`/v1/reference/instruments`), per the depositary on the day `as_of`."""

    state: State
    instrument: InstrumentCode
    party: bool
    as_of: date

    def check(self) -> None:
        """Raise Invalid for an unknown code."""
        check_known("state", [self.state], reference.countries())
        check_known("instrument", [self.instrument], reference.instruments())
