"""Rows of States' recorded treaty status, readable by all."""

from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.treaties import TreatyStatusRecorded
from services.matching.treaties.model import TreatyStatus, statuses_of


async def statuses(tx: Tx, state: str) -> tuple[TreatyStatus, ...]:
    """Return a State's statuses, one for each instrument."""
    recorded = await tx.fetchval("SELECT recorded_treaties($1)", state)
    return statuses_of(state, msgspec.json.decode(recorded, type=tuple[TreatyStatus, ...]))


async def revision(tx: Tx, treaty_status_id: UUID) -> int:
    """Return the number of times the status has been recorded; the row is locked until the transaction ends."""
    found = await tx.fetchval(
        "SELECT revision FROM treaty_status WHERE treaty_status_id = $1 FOR UPDATE", treaty_status_id
    )
    return found or 0


async def save(tx: Tx, fact: TreatyStatusRecorded) -> None:
    """Replace the recorded status."""
    await tx.execute(
        """
        INSERT INTO treaty_status (treaty_status_id, state, instrument, party, as_of, revision, recorded_at)
        VALUES ($1, $2, $3, $4, $5, 1, $6)
        ON CONFLICT (treaty_status_id) DO UPDATE SET party = excluded.party, as_of = excluded.as_of,
            revision = treaty_status.revision + 1, recorded_at = excluded.recorded_at
        """,
        fact.treaty_status_id,
        fact.state,
        fact.instrument,
        fact.party,
        fact.as_of,
        fact.recorded_at,
    )
