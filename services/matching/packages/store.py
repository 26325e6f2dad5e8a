"""Rows of packages. Every read for a caller names the caller; `may_see` in the WHERE is the policy in SQL."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.matching.lines import consent_store
from services.matching.packages.model import IN_FORCE, Package, PackageStatus

LIST_MAX = 100


async def get(tx: Tx, package_id: UUID, caller: Caller) -> Package:
    """Return the package if this caller may see it. Raise Missing or Unavailable."""
    found = await page(tx, caller, package_id=package_id)
    if not found:
        raise Missing("not-found")
    return found[0]


async def page(
    tx: Tx,
    caller: Caller,
    *,
    package_id: UUID | None = None,
    request_id: UUID | None = None,
    match_id: UUID | None = None,
    status: PackageStatus | None = None,
    before: UUID | None = None,
    limit: int = 1,
) -> list[Package]:
    """List the packages that this caller may see, newest first, from before `before`. Raise Unavailable."""
    await consent_store.check_consents_current_for(tx, caller)
    rows = await tx.fetch(
        """
        SELECT *, $2 IN ('provider_officer', 'donor_officer') AND disclosed(request_id, $1) AS disclosed
        FROM package
        WHERE sees_package(request_id, state, unit, provider, donor, confirmed_at, $1, $2)
          AND ($3::uuid IS NULL OR package_id = $3)
          AND ($4::uuid IS NULL OR request_id = $4) AND ($5::uuid IS NULL OR match_id = $5)
          AND ($6::text IS NULL OR status = $6) AND ($7::uuid IS NULL OR package_id < $7)
        ORDER BY package_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        package_id,
        request_id,
        match_id,
        status,
        before,
        limit,
    )
    return [_package(row) for row in rows]


async def get_as_service(tx: Tx, package_id: UUID) -> Package | None:
    """Return the package for the service itself, locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM package WHERE package_id = $1 FOR UPDATE", package_id)
    return _package(row) if row else None


async def in_force_of(tx: Tx, match_ids: Sequence[UUID]) -> list[Package]:
    """List the packages in force of these matches for the service itself, locked until the transaction ends."""
    rows = await tx.fetch(
        "SELECT * FROM package WHERE match_id = ANY ($1::uuid[]) AND status = ANY ($2::text[]) FOR UPDATE",
        list(match_ids),
        list(IN_FORCE),
    )
    return [_package(row) for row in rows]


async def presented_of_request(tx: Tx, request_id: UUID) -> list[UUID]:
    """List the ids of the presented packages of a request for the service itself."""
    rows = await tx.fetch("SELECT package_id FROM package WHERE request_id = $1 AND status = 'presented'", request_id)
    return [row["package_id"] for row in rows]


async def asked_usd_minor(tx: Tx, pledge_id: UUID) -> int:
    """Return the total that the packages in force ask of a pledge, in US cents."""
    return int(
        await tx.fetchval(
            "SELECT coalesce(sum(usd_minor), 0) FROM package WHERE pledge_id = $1 AND status = ANY ($2::text[])",
            pledge_id,
            list(IN_FORCE),
        )
    )


async def lock_pledge(tx: Tx, pledge_id: UUID) -> None:
    """Prevent other transactions from presenting a package with this pledge until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('package of ' || $1::text, 0))", str(pledge_id))


_SAVE = Write(
    parts={
        "package_saved": """
            INSERT INTO package (package_id, match_id, request_id, line_id, state, provider, unit, unit_role, donor,
                pledge_id, fund, minor, currency, usd_minor, status, revision, presented_at, state_agreed_at,
                provider_agreed_at, unit_agreed_at, donor_agreed_at, confirmed_at, ended_at, declined_by, reason)
            SELECT package_id, match_id, request_id, line_id, state, provider, unit, unit_role, donor,
                pledge_id, fund, minor, currency, usd_minor, status, revision, presented_at, state_agreed_at,
                provider_agreed_at, unit_agreed_at, donor_agreed_at, confirmed_at, ended_at, declined_by, reason
            FROM json_populate_recordset(NULL::package, $1::text::json)
            ON CONFLICT (package_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                state_agreed_at = excluded.state_agreed_at, provider_agreed_at = excluded.provider_agreed_at,
                unit_agreed_at = excluded.unit_agreed_at, donor_agreed_at = excluded.donor_agreed_at,
                confirmed_at = excluded.confirmed_at, ended_at = excluded.ended_at,
                declined_by = excluded.declined_by, reason = excluded.reason
        """
    }
)


async def save(tx: Tx, packages: Sequence[Package]) -> None:
    """Write packages in one statement."""
    await tx.queue(_SAVE, msgspec.json.encode(packages).decode())


def _package(row: Record) -> Package:
    return msgspec.convert(dict(row), Package)
