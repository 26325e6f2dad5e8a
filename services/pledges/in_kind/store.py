"""Rows of contributions in kind. Every read names its caller; `may_see` in the WHERE clause is the policy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.facts import Event, Fact, fact_type
from contracts.in_kind import InKindContributionAcknowledged
from contracts.pledges import Valuation
from contracts.refusals import Missing
from contracts.rewording import InKindContributionReworded
from contracts.values import Caller
from services.pledges.in_kind import model
from services.pledges.in_kind.model import InKindContribution, InKindStatus, evolve
from services.pledges.ledger import history_store

_READ = """
    SELECT in_kind_contribution.*, coalesce((SELECT description FROM in_kind_contribution_text t
        WHERE t.in_kind_contribution_id = in_kind_contribution.in_kind_contribution_id), '') AS description
    FROM in_kind_contribution"""


async def get(tx: Tx, in_kind_contribution_id: UUID, caller: Caller, *, lock: bool = False) -> InKindContribution:
    """Return the contribution. Raises Missing if this caller may not see it.

    `lock` locks the row until the transaction ends.
    """
    return (await with_description(tx, in_kind_contribution_id, caller, lock=lock))[0]


async def with_description(
    tx: Tx, in_kind_contribution_id: UUID, caller: Caller, *, lock: bool = False
) -> tuple[InKindContribution, str]:
    """Like `get`, and include the donor's description."""
    row = await tx.fetchrow(
        _READ
        + " WHERE in_kind_contribution_id = $1 AND reads_of_donor(in_kind_contribution.donor, $2, $3)"
        + (" FOR UPDATE OF in_kind_contribution" if lock else ""),
        in_kind_contribution_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _contribution(row), row["description"]


async def locked(tx: Tx, in_kind_contribution_id: UUID) -> InKindContribution | None:
    """Lock and return the contribution, as the service; None if there is none."""
    row = await tx.fetchrow(
        "SELECT * FROM in_kind_contribution WHERE in_kind_contribution_id = $1 FOR UPDATE", in_kind_contribution_id
    )
    return _contribution(row) if row else None


async def contributions(
    tx: Tx, caller: Caller, *, fund: str | None, status: InKindStatus | None, before: UUID | None, limit: int
) -> list[tuple[InKindContribution, str]]:
    """List the contributions this caller may see, with their descriptions, newest first, after `before`."""
    rows = await tx.fetch(
        _READ
        + """
        WHERE reads_of_donor(in_kind_contribution.donor, $1, $2) AND ($3::text IS NULL OR fund = $3)
          AND ($4::text IS NULL OR status = $4) AND ($5::uuid IS NULL OR in_kind_contribution_id < $5)
        ORDER BY in_kind_contribution_id DESC LIMIT $6
        """,
        caller.organization,
        caller.role,
        fund,
        status,
        before,
        limit,
    )
    return [(_contribution(row), row["description"]) for row in rows]


async def as_of(
    tx: Tx, in_kind_contribution_ids: Sequence[UUID], *, until: datetime
) -> Mapping[UUID, InKindContribution]:
    """Return the contributions as of `until`, rebuilt from the facts recorded by then, as the service."""
    return await history_store.rebuild(tx, in_kind_contribution_ids, evolve, until=until)


_WORTH = """
    SELECT fund, sum(usd_minor) AS usd_minor FROM in_kind_contribution
    WHERE fund = ANY ($1::text[]) AND status = 'acknowledged' GROUP BY fund
"""
# Reads the last fact recorded by then that changes more than texts.
_WORTH_BY = """
    SELECT fund, sum(usd_minor) AS usd_minor FROM in_kind_contribution
    WHERE fund = ANY ($1::text[]) AND $3 = (
        SELECT type FROM journal
        WHERE aggregate_id = in_kind_contribution_id AND recorded_at <= $2 AND type <> $4
        ORDER BY version DESC LIMIT 1)
    GROUP BY fund
"""
_ACKNOWLEDGED, _REWORDED = fact_type(InKindContributionAcknowledged), fact_type(InKindContributionReworded)


async def worth(tx: Tx, funds: Sequence[str], *, as_of: datetime | None) -> Mapping[str, int]:
    """Return the worth of the acknowledged contributions of all donors, by fund, in US cents.

    Current values come from the rows, values as of a moment from the facts.
    """
    if as_of is None:
        rows = await tx.fetch(_WORTH, funds)
    else:
        rows = await tx.fetch(_WORTH_BY, funds, as_of, _ACKNOWLEDGED, _REWORDED)
    return {row["fund"]: int(row["usd_minor"]) for row in rows}


async def save(tx: Tx, contribution: InKindContribution) -> None:
    values: dict[str, Any] = msgspec.structs.asdict(contribution)
    valuation: Valuation = values.pop("valuation")
    await tx.execute(
        """
        INSERT INTO in_kind_contribution (in_kind_contribution_id, donor, fund, form, status, revision, minor, currency,
            usd_minor, rate, rate_source, rate_date, provided_on, texts_hash, declared_at, acknowledged_at, ended_at,
            reason)
        SELECT in_kind_contribution_id, donor, fund, form, status, revision, minor, currency,
            usd_minor, rate, rate_source, rate_date, provided_on, texts_hash, declared_at, acknowledged_at, ended_at,
            reason
        FROM json_populate_record(NULL::in_kind_contribution, $1::text::json)
        ON CONFLICT (in_kind_contribution_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
            texts_hash = excluded.texts_hash,
            acknowledged_at = excluded.acknowledged_at, ended_at = excluded.ended_at, reason = excluded.reason
        """,
        msgspec.json.encode(values | msgspec.structs.asdict(valuation)).decode(),
    )


async def save_description(tx: Tx, in_kind_contribution_id: UUID, description: str, salt: bytes) -> None:
    await tx.execute(
        """
        INSERT INTO in_kind_contribution_text (in_kind_contribution_id, salt, description) VALUES ($1, $2, $3)
        ON CONFLICT (in_kind_contribution_id) DO UPDATE SET salt = excluded.salt, description = excluded.description
        """,
        in_kind_contribution_id,
        salt,
        description,
    )


def _contribution(row: Record) -> InKindContribution:
    values = dict(row)
    values["valuation"] = {key: values[key] for key in ("usd_minor", "rate", "rate_source", "rate_date")}
    return msgspec.convert(values, InKindContribution)


async def fold(tx: Tx, event: Event, fact: Fact) -> None:
    """Apply a fact of a contribution in kind to its row."""
    await save(tx, model.evolve(await locked(tx, event.aggregate_id), fact))
