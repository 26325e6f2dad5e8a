"""Facts for tests of the journal."""

from uuid import UUID

from contracts.requests import RequestRegistered
from tests.builders import NOON

FIRST = UUID("00000000-0000-7000-8000-000000000001")
SECOND = UUID("00000000-0000-7000-8000-000000000002")


def a_fact(request_id: UUID = FIRST, reference: str = "TA-2026-00001") -> RequestRegistered:
    return RequestRegistered(request_id=request_id, state="KEN", reference=reference, registered_at=NOON)
