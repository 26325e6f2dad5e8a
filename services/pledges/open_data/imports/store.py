"""Rows of imports and of their flows, as reported. Every read names its caller."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.pledges import ImportRecorded
from contracts.refusals import Conflict, Missing
from contracts.values import Caller
from services.pledges.open_data.imports.model import FlowImport, RejectedRow, ReportedFlow, ValidatedRows


async def add(tx: Tx, fact: ImportRecorded) -> None:
    await tx.execute(
        """
        INSERT INTO flow_import (import_id, format, file_hash, rows, accepted, rejected, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        fact.import_id,
        fact.format,
        fact.file_hash,
        fact.rows,
        fact.accepted,
        fact.rejected,
        fact.recorded_at,
    )


async def imported_before(tx: Tx, source_ids: Sequence[str]) -> frozenset[str]:
    """Return the ids among these that were imported before."""
    rows = await tx.fetch("SELECT source_id FROM imported_flow WHERE source_id = ANY ($1::text[])", source_ids)
    return frozenset(row["source_id"] for row in rows)


async def save_rows(tx: Tx, import_id: UUID, validated: ValidatedRows) -> None:
    """Insert the rows of an import.

    Raises Conflict if another import has added one of the accepted rows meanwhile.
    """
    written = await tx.fetchval(
        """
        WITH written AS (
            INSERT INTO imported_flow (import_id, line, source_id, reference, date, status, flow_type, method, donor,
                destination, usd_minor, minor, currency, rate, rate_source, rate_date, usage_from, usage_until,
                description)
            SELECT $1, line, source_id, reference, date, status, flow_type, method, donor,
                destination, usd_minor, minor, currency, rate, rate_source, rate_date, usage_from, usage_until,
                description
            FROM json_populate_recordset(NULL::imported_flow, $2::text::json)
            -- In one order, whichever the file has: two that bring the same would wait for each other.
            ORDER BY source_id
            ON CONFLICT (source_id) DO NOTHING RETURNING 1
        ) SELECT count(*) FROM written
        """,
        import_id,
        msgspec.json.encode(validated.accepted).decode(),
    )
    if written != len(validated.accepted):
        raise Conflict("import-overtaken")
    await tx.execute(
        """
        INSERT INTO rejected_row (import_id, line, source_id, slug, "column")
        SELECT $1, line, source_id, slug, "column" FROM json_populate_recordset(NULL::rejected_row, $2::text::json)
        """,
        import_id,
        msgspec.json.encode(validated.rejected).decode(),
    )


async def get(tx: Tx, import_id: UUID, caller: Caller) -> FlowImport:
    """Return the import. Raises Missing if this caller may not see it."""
    row = await tx.fetchrow(
        "SELECT * FROM flow_import WHERE import_id = $1 AND reads_all($2, $3)",
        import_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), FlowImport)


async def imports(tx: Tx, caller: Caller, *, before: UUID | None, limit: int) -> list[FlowImport]:
    """List the imports this caller may see, newest first, after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM flow_import WHERE reads_all($1, $2) AND ($3::uuid IS NULL OR import_id < $3)
        ORDER BY import_id DESC LIMIT $4
        """,
        caller.organization,
        caller.role,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), FlowImport) for row in rows]


async def rejected(tx: Tx, import_id: UUID) -> tuple[RejectedRow, ...]:
    """List the rejected rows of an import, by line. Check first that the caller may see the import."""
    rows = await tx.fetch(
        'SELECT line, source_id, slug, "column" FROM rejected_row WHERE import_id = $1 ORDER BY line', import_id
    )
    return tuple(msgspec.convert(dict(row), RejectedRow) for row in rows)


_FLOW = """
    SELECT line, source_id, reference, date, f.status, flow_type, method, f.donor, destination, f.usd_minor, f.minor,
        f.currency, f.rate, f.rate_source, f.rate_date, usage_from, usage_until, description, pledge_id
    FROM imported_flow f
    LEFT JOIN pledge ON pledge.import_id = f.import_id AND pledge.import_line = f.line"""


async def accepted(tx: Tx, import_id: UUID, *, after: int, limit: int) -> list[ReportedFlow]:
    """List the accepted rows of an import, after the line `after`. Check first that the caller may see the import."""
    rows = await tx.fetch(
        _FLOW + " WHERE f.import_id = $1 AND line > $2 ORDER BY line LIMIT $3", import_id, after, limit
    )
    return [_reported(dict(row)) for row in rows]


async def locked_flow(tx: Tx, import_id: UUID, line: int) -> ReportedFlow:
    """Lock a flow until the transaction ends, and return it. Raises Missing if there is none."""
    # Read by a second statement, which sees what was committed while the first one waited for the lock.
    await tx.execute("SELECT FROM imported_flow WHERE import_id = $1 AND line = $2 FOR UPDATE", import_id, line)
    row = await tx.fetchrow(_FLOW + " WHERE f.import_id = $1 AND line = $2", import_id, line)
    if row is None:
        raise Missing("not-found")
    return _reported(dict(row))


def _reported(row: Mapping[str, object]) -> ReportedFlow:
    return msgspec.convert(row, ReportedFlow)


async def fold(tx: Tx, _event: Event, fact: ImportRecorded) -> None:
    """Apply the fact of an import to its row."""
    await add(tx, fact)
