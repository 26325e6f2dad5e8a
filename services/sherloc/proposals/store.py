"""Queries on proposals. Each read for a caller is filtered by `may_see`, the policy in SQL."""

from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.sherloc.proposals.model import LegislationProposal, LegislationProposalStatus

LIST_MAX = 200


async def get(tx: Tx, legislation_proposal_id: UUID, caller: Caller) -> LegislationProposal:
    """Return the proposal. Raises Missing unless this caller may see it."""
    row = await tx.fetchrow(
        """
        SELECT * FROM legislation_proposal
        WHERE legislation_proposal_id = $1 AND is_party_to(state, $2, $3)
        """,
        legislation_proposal_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return proposal_of(row)


async def page(
    tx: Tx,
    caller: Caller,
    *,
    state: str | None,
    status: LegislationProposalStatus | None,
    before: UUID | None,
    limit: int,
) -> list[LegislationProposal]:
    """List the proposals that this caller may see, newest first."""
    rows = await tx.fetch(
        """
        SELECT * FROM legislation_proposal
        WHERE is_party_to(state, $1, $2) AND ($3::text IS NULL OR state = $3)
          AND ($4::text IS NULL OR status = $4) AND ($5::uuid IS NULL OR legislation_proposal_id < $5)
        ORDER BY legislation_proposal_id DESC LIMIT $6
        """,
        caller.organization,
        caller.role,
        state,
        status,
        before,
        limit,
    )
    return [proposal_of(row) for row in rows]


async def get_as_service(tx: Tx, legislation_proposal_id: UUID) -> LegislationProposal | None:
    """Return the proposal for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT * FROM legislation_proposal WHERE legislation_proposal_id = $1 FOR UPDATE", legislation_proposal_id
    )
    return proposal_of(row) if row else None


_SAVE = Write(
    parts={
        "legislation_proposal_saved": """
            INSERT INTO legislation_proposal
            SELECT * FROM json_populate_record(NULL::legislation_proposal, $1::text::json)
            ON CONFLICT (legislation_proposal_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                legislation_id = excluded.legislation_id, accepted_at = excluded.accepted_at,
                reason = excluded.reason, dropped_at = excluded.dropped_at
        """
    }
)


async def save(tx: Tx, proposal: LegislationProposal) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(proposal).decode())


def proposal_of(row: Record) -> LegislationProposal:
    """Convert a row of `legislation_proposal` into a proposal."""
    return msgspec.convert(dict(row), LegislationProposal)
