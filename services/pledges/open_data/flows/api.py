"""Routes of flows: as a list, as CSV and as a spreadsheet."""

import asyncio
import hashlib
import io
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from asyncpg import Record
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, QueryParameter
from msgspec import Struct

from chassis.concurrency import Places
from chassis.db.database import Database
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.downloads import Download
from chassis.http.pages import Pagination
from contracts.refusals import Invalid, Mismatch
from contracts.values import Caller
from services.pledges.dependencies import Owned
from services.pledges.funds.actions import require_fund
from services.pledges.ledger.as_of import AsOf, moment_of, wait_until_final
from services.pledges.open_data.flows import store as flow_store
from services.pledges.open_data.flows.model import Boundary, Flow, FlowStatus, FlowType
from services.pledges.open_data.flows.store import Filters, PostingRef
from services.pledges.open_data.flows.views import csv_of, xlsx_of
from services.pledges.pledge import store
from services.pledges.policy import Action

TABLE_ROWS_MAX = 50_000
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FLOW_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9]{1,4})\Z")

Id = Annotated[str | None, QueryParameter(max_length=41)]


class FlowPage(Struct, frozen=True, kw_only=True):
    """Flows, newest entry first; `cursor` leads to the next page."""

    flows: list[Flow]
    cursor: str | None


class Boundaries(StrEnum):
    INCOMING = "incoming"
    INTERNAL = "internal"
    OUTGOING = "outgoing"
    ALL = "all"


def filters_of(
    fund: Annotated[str | None, QueryParameter(max_length=32)] = None,
    year: Annotated[int | None, QueryParameter(ge=1900, le=2200)] = None,
    donor: Annotated[str | None, QueryParameter(max_length=32)] = None,
    status: FromQuery[FlowStatus | None] = None,
    boundary: FromQuery[Boundaries | None] = None,
    flow_type: FromQuery[FlowType | None] = None,
    parent: Id = None,
    as_of: AsOf = None,
) -> Filters:
    """Build the filters of a request.

    The boundary is incoming by default, so that a sum by status counts no money twice. With a flow type or a parent,
    the default is all boundaries.
    """
    if boundary is None:
        boundary = Boundaries.INCOMING if flow_type is None and parent is None else Boundaries.ALL
    return Filters(
        fund=fund,
        year=year,
        donor=donor,
        status=status,
        boundary=None if boundary is Boundaries.ALL else Boundary(boundary),
        flow_type=flow_type,
        parent=_place(parent, field="parent", expected="flow_id"),
        as_of=moment_of(as_of) if as_of is not None else None,
    )


Filtering = NamedDependency[Filters]
FILTERS = {"filters": Provide(filters_of, sync_to_thread=False)}


@get(
    "/v1/flows",
    opt=requires(Action.LIST_FLOWS),
    dependencies=FILTERS,
    summary="Flows of money to funds, within them and out of them, newest first",
)
async def list_flows(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    filters: Filtering,
    cursor: Id = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[FlowPage]:
    """Shows incoming flows by default; with a flow type or a parent, flows of all boundaries.

    A donor sees the flows of its own pledges. Flows of two statuses or two boundaries must not be added up.

    With `as_of`, flows are as recorded by that moment; the result never changes, except notes that were reworded since.
    """
    before = _place(cursor, field="cursor", expected="cursor")
    if filters.as_of is not None:
        await wait_until_final(db, caller, filters.as_of, now=now)
    async with db.transaction(by=caller) as tx:
        await require_fund(tx, filters.fund)
        rows = await flow_store.rows(tx, caller, filters, before=before, limit=limit + 1)
    return paging.page(FlowPage, [flow_store.flow(row) for row in rows], limit)


@get(
    "/v1/flows.csv",
    opt=requires(Action.EXPORT_FLOWS),
    dependencies=FILTERS,
    media_type=CSV,
    summary="Flows, as CSV",
)
async def flows_as_csv(db: Db, own: Owned, caller: CurrentCaller, now: Now, filters: Filtering) -> Download:
    """Returns the same flows as the list, in one file of at most 50,000 rows.

    The format is RFC 4180 in UTF-8; a text that begins like a formula is preceded by an apostrophe. The same `as_of`
    gives the same bytes.
    """
    if filters.as_of is not None:
        await wait_until_final(db, caller, filters.as_of, now=now)
    return await _table(db, own.tables, caller, filters, csv_of, name="flows.csv", media_type=CSV)


@get(
    "/v1/flows.xlsx",
    opt=requires(Action.EXPORT_FLOWS),
    dependencies=FILTERS,
    media_type=XLSX,
    summary="Flows, as a spreadsheet",
)
async def flows_as_spreadsheet(db: Db, own: Owned, caller: CurrentCaller, now: Now, filters: Filtering) -> Download:
    """Returns the same flows as the list, in one file of at most 50,000 rows.

    Amounts are numbers, everything else is text. The same `as_of` gives the same bytes.
    """
    if filters.as_of is not None:
        await wait_until_final(db, caller, filters.as_of, now=now)

    def made(flows: Sequence[Flow]) -> bytes:
        return xlsx_of(flows, created_at=filters.as_of or now)

    return await _table(db, own.tables, caller, filters, made, name="flows.xlsx", media_type=XLSX)


async def _table(
    db: Database,
    tables: Places,
    caller: Caller,
    filters: Filters,
    made: Callable[[Sequence[Flow]], bytes],
    *,
    name: str,
    media_type: str,
) -> Download:
    async with tables.place(caller.organization):
        async with db.transaction(by=caller) as tx:
            await require_fund(tx, filters.fund)
            # Rows are counted first, so that those beyond the limit are not read.
            if await flow_store.count(tx, caller, filters, up_to=TABLE_ROWS_MAX + 1) > TABLE_ROWS_MAX:
                raise Mismatch("table-too-long", rows_max=TABLE_ROWS_MAX, narrow_by=["year", "fund", "status"])
            rows = await flow_store.all_rows(tx, caller, filters, up_to=TABLE_ROWS_MAX)
        content = await asyncio.to_thread(_written, rows, made)
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Download(io.BytesIO(content), name=name, size_bytes=len(content), etag=etag, media_type=media_type)


def _written(rows: Sequence[Record], made: Callable[[Sequence[Flow]], bytes]) -> bytes:
    return made([flow_store.flow(row) for row in rows])


def _place(flow_id: str | None, *, field: str, expected: str) -> PostingRef | None:
    if flow_id is None:
        return None
    found = _FLOW_ID.match(flow_id)
    if found:
        return UUID(found[1]), int(found[2])
    raise Invalid("invalid-field", field=field, expected=expected)


ROUTES = [list_flows, flows_as_csv, flows_as_spreadsheet]
