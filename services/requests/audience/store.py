"""The readers of a request, aggregated from the audit rows."""

from datetime import datetime
from uuid import UUID

import msgspec

from chassis.audit.log import log_read
from chassis.db.database import Tx
from contracts.values import Caller, Role
from services.requests import policy
from services.requests.request.model import Request

READ = "requests.request.read"
READERS_MAX = 500


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A person who read or changed the request, with the first and last time and the number of times.

    Reads of the same version within ten minutes are counted once.
    """

    organization: str
    role: Role
    person_id: UUID
    first_at: datetime
    last_at: datetime
    times: int


async def log_access(tx: Tx, request: Request, caller: Caller) -> None:
    """Record in the audit that a person outside the State read its request."""
    if not policy.files_for_its_state(caller, request):
        await log_read(tx, READ, "request", request.request_id, request.revision)


async def readers(tx: Tx, request: Request) -> list[Reader]:
    """Return everybody who read or changed the request, except the State's own filers, the most recent first."""
    rows = await tx.fetch(
        """
        SELECT organization, role, person_id, min(recorded_at) AS first_at, max(recorded_at) AS last_at,
            count(*) AS times
        FROM audit
        WHERE aggregate_id = $1 AND person_id IS NOT NULL
            AND NOT (organization = $2 AND role IN ('focal_point', 'official'))
        GROUP BY organization, role, person_id ORDER BY last_at DESC, person_id LIMIT $3
        """,
        request.request_id,
        request.state,
        READERS_MAX,
    )
    return [msgspec.convert(dict(row), Reader) for row in rows]
