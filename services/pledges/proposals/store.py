"""Rows of proposals. Every read names its caller; the row-level security of the table is the policy in SQL."""

from typing import Any
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.ledger import ProposalApproved, ProposalMade, ProposalRefused
from contracts.refusals import Conflict, Missing
from services.pledges.proposals import model
from services.pledges.proposals.model import Proposal, ProposalStatus

LOCK = 0x70726F70
"""The first key of proposals for PostgreSQL's advisory locks of two keys."""

_READ = "SELECT * FROM proposal"


async def get(tx: Tx, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """Return the proposal. Raises Missing if this caller may not see it.

    `lock` locks the row until the transaction ends.
    """
    found = await locked(tx, proposal_id) if lock else await _one(tx, _READ + " WHERE proposal_id = $1", proposal_id)
    if found is None:
        raise Missing("not-found")
    return found


async def locked(tx: Tx, proposal_id: UUID) -> Proposal | None:
    return await _one(tx, _READ + " WHERE proposal_id = $1 FOR UPDATE", proposal_id)


async def proposals(tx: Tx, *, status: ProposalStatus | None, before: UUID | None, limit: int) -> list[Proposal]:
    """List the proposals this caller may see, newest first, after `before`."""
    rows = await tx.fetch(
        _READ
        + """
        WHERE ($1::text IS NULL OR status = $1) AND ($2::uuid IS NULL OR proposal_id < $2)
        ORDER BY proposal_id DESC LIMIT $3
        """,
        status,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Proposal) for row in rows]


async def require_none_open(tx: Tx, measure: str, about: UUID | None) -> None:
    """Raise Conflict if the same is proposed already; a unique index enforces this, too."""
    await tx.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", LOCK, f"{measure} {about}")
    if await tx.fetchval(
        """
        SELECT EXISTS (SELECT FROM proposal WHERE status = 'open' AND measure = $1
            AND coalesce(pledge_id, entry_id) IS NOT DISTINCT FROM $2)
        """,
        measure,
        about,
    ):
        raise Conflict("proposed-already")


async def open_in(tx: Tx, year: int) -> int:
    """Return the number of open proposals that take effect in that year or before."""
    return int(
        await tx.fetchval(
            """
            SELECT count(*) FROM proposal WHERE status = 'open' AND measure <> 'reopening'
                AND effective_on < make_date($1::integer + 1, 1, 1)
            """,
            year,
        )
    )


async def save(tx: Tx, proposal: Proposal) -> None:
    await tx.execute(
        """
        INSERT INTO proposal (proposal_id, measure, status, revision, reason, effective_on, proposed_by, proposed_at,
            pledge_id, donor, fund, minor, currency, entry_id, year, conditional_minor, decided_by, decided_at)
        SELECT proposal_id, measure, status, revision, reason, effective_on, proposed_by, proposed_at,
            pledge_id, donor, fund, minor, currency, entry_id, year, conditional_minor, decided_by, decided_at
        FROM json_populate_record(NULL::proposal, $1::text::json)
        ON CONFLICT (proposal_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
            decided_by = excluded.decided_by, decided_at = excluded.decided_at
        """,
        msgspec.json.encode(proposal).decode(),
    )


async def _one(tx: Tx, query: str, *args: Any) -> Proposal | None:
    row = await tx.fetchrow(query, *args)
    return msgspec.convert(dict(row), Proposal) if row else None


async def fold(tx: Tx, event: Event, fact: ProposalMade | ProposalApproved | ProposalRefused) -> None:
    """Apply a fact of a proposal to its row."""
    assert event.actorid is not None, "a person proposes and a person decides"
    await save(tx, model.evolve(await locked(tx, fact.proposal_id), fact, by=event.actorid))
