"""The routes of the list of work, and of the assignees of requests."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.commands import change
from chassis.http.downloads import Download
from chassis.http.pages import Pagination
from chassis.ids import new_id
from chassis.sheets.cells import CSV_TYPE, XLSX_TYPE
from chassis.sheets.tables import table_download
from chassis.sheets.templates import TableFormat
from contracts.refusals import Invalid, Mismatch
from contracts.values import Caller, Language
from services.requests.clock.model import Step
from services.requests.policy import Action
from services.requests.request.values import Priority, Status
from services.requests.request.views import read
from services.requests.work import actions, store
from services.requests.work.model import Order, WaitingFor, WorkExpansion
from services.requests.work.query import ASSIGNEE, FILTER_MAX, WORDS_MAX, WORDS_MIN, Search, WorkQuery
from services.requests.work.store import WorkCounts, WorkItem
from services.requests.work.views import table_of

Codes = Annotated[list[str] | None, QueryParameter(max_items=FILTER_MAX)]
TABLE_ROWS_MAX = 5_000
EXPANDED_MAX = 50
"""Maximum number of expanded requests, each of which is read separately."""


class WorkPage(Struct, frozen=True, kw_only=True):
    """A page of work, in the order asked for; `cursor` leads to the next page."""

    work: list[WorkItem]
    cursor: str | None


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coordinator in charge, by their person id; null for none."""

    assignee: UUID | None
    comment: Annotated[str, Meta(max_length=2000)] = ""


class HandOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coordinator to whom all requests in progress are handed over; `giver` is by default the caller."""

    assignee: UUID
    giver: UUID | None = None


class HandedOver(Struct, frozen=True, kw_only=True):
    """The requests in progress that the new assignee is in charge of now: at most 500."""

    assignee: UUID
    requests: list[UUID]


def search_of(
    caller: CurrentCaller,
    waiting_for: FromQuery[WaitingFor] = WaitingFor.ME,
    step: Annotated[list[Step] | None, QueryParameter(max_items=FILTER_MAX)] = None,
    status: Annotated[list[Status] | None, QueryParameter(max_items=FILTER_MAX)] = None,
    of_state: Annotated[list[str] | None, QueryParameter(name="state", max_items=FILTER_MAX)] = None,
    region: Annotated[list[str] | None, QueryParameter(max_items=FILTER_MAX)] = None,
    kind: Codes = None,
    topic: Codes = None,
    article: Codes = None,
    paragraph: Codes = None,
    priority: Annotated[list[Priority] | None, QueryParameter(max_items=FILTER_MAX)] = None,
    written_in: Annotated[list[Language] | None, QueryParameter(max_items=FILTER_MAX)] = None,
    assignee: Annotated[str | None, QueryParameter(pattern=ASSIGNEE, max_length=36)] = None,
    overdue: FromQuery[bool | None] = None,
    paused: FromQuery[bool] = False,
    in_remit: FromQuery[bool] = False,
    q: Annotated[str | None, QueryParameter(min_length=WORDS_MIN, max_length=WORDS_MAX)] = None,
) -> Search:
    """Return the filters of a query: repeated parameters are alternatives, different parameters all have to hold."""
    query = WorkQuery(
        waiting_for=waiting_for,
        step=tuple(step or ()),
        status=tuple(status or ()),
        state=tuple(of_state or ()),
        region=tuple(region or ()),
        kind=tuple(kind or ()),
        topic=tuple(topic or ()),
        article=tuple(article or ()),
        paragraph=tuple(paragraph or ()),
        priority=tuple(priority or ()),
        written_in=tuple(written_in or ()),
        assignee=assignee,
        overdue=overdue,
        paused=paused,
        in_remit=in_remit,
        q=q,
    )
    return query.search(caller)


Asked = NamedDependency[Search]
FILTERS = {"asked": Provide(search_of, sync_to_thread=False)}


@get("/v1/work", opt=requires(Action.LIST_WORK), summary="The work list of the caller", dependencies=FILTERS)
async def list_work(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    asked: Asked,
    sort: FromQuery[Order] = Order.DUE,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
    expand: FromQuery[WorkExpansion | None] = None,
) -> Response[WorkPage]:
    """Each item is a running clock: by default what the caller's organization has to do next, the most urgent first.

    A repeated parameter gives alternatives (`status=open&status=in_delivery`). `q` searches references, and the words
    of titles that the caller may read. `expand=request` adds the request's revision and moves, so that it can be moved
    without being read first; with it, `limit` is at most 50.
    """
    if expand is not None and limit > EXPANDED_MAX:
        raise Invalid("invalid-field", field="limit", expected=f"limit_with_expand {EXPANDED_MAX}")
    planned_once = store.is_planned_once(asked, sort)
    async with db.transaction(by=caller, planned_once=planned_once, snapshot=expand is not None) as tx:
        wanted = await store.filter_of(tx, caller, asked)
        found = await store.page(tx, caller, wanted, sort, after=cursor, limit=limit + 1, now=now)
        if expand is not None:
            found = [*await store.with_requests(tx, caller, found[:limit]), *found[limit:]]
    return paging.page(WorkPage, found, limit)


@get(
    "/v1/work.csv",
    opt=requires(Action.LIST_WORK),
    dependencies=FILTERS,
    media_type=CSV_TYPE,
    summary="The work list of the caller, as CSV",
)
async def work_as_csv(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    asked: Asked,
    sort: FromQuery[Order] = Order.DUE,
    language: FromQuery[Language] = Language.EN,
) -> Download:
    """Answers with the list in one file of at most 5,000 rows.

    The format is RFC 4180 in UTF-8 with a byte order mark. A text that begins like a formula gets an apostrophe before
    it.
    """
    return await _table(db, caller, asked, sort, language, TableFormat.CSV, now)


@get(
    "/v1/work.xlsx",
    opt=requires(Action.LIST_WORK),
    dependencies=FILTERS,
    media_type=XLSX_TYPE,
    summary="The work list of the caller, as a spreadsheet",
)
async def work_as_spreadsheet(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    asked: Asked,
    sort: FromQuery[Order] = Order.DUE,
    language: FromQuery[Language] = Language.EN,
) -> Download:
    """Answers with the list in one file of at most 5,000 rows. Times are in UTC, everything else is text."""
    return await _table(db, caller, asked, sort, language, TableFormat.XLSX, now)


async def _table(
    db: Database, caller: Caller, asked: Search, sort: Order, language: Language, of: TableFormat, now: datetime
) -> Download:
    async with db.transaction(by=caller) as tx:
        wanted = await store.filter_of(tx, caller, asked)
        found = await store.table(tx, caller, wanted, sort, limit=TABLE_ROWS_MAX + 1, now=now)
    if len(found) > TABLE_ROWS_MAX:
        raise Mismatch("work-table-too-long", rows_max=TABLE_ROWS_MAX, narrow_by=["state", "step", "status"])
    return await table_download(table_of(found, language), of, created_at=now)


@get("/v1/work/counts", opt=requires(Action.LIST_WORK), summary="Counts of the work list", dependencies=FILTERS)
async def count_work(db: Db, caller: CurrentCaller, now: Now, asked: Asked) -> WorkCounts:
    """Takes the same filters as the list."""
    async with db.transaction(by=caller) as tx:
        return await store.counts(tx, caller, await store.filter_of(tx, caller, asked), now=now)


@change("/v1/requests/{request_id:uuid}/assign", Action.ASSIGN, "Assign a request to a coordinator", read=read)
async def assign_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Assignment]) -> None:
    """Reminders of the request's clocks then go to this person only; overdue steps also go to the remit's head."""
    await actions.assign(tx, ctx, request_id, data.assignee, data.comment)


async def _handed_over(tx: Tx, ctx: Context, key: UUID, data: JSONBody[HandOver]) -> HandedOver:
    found = await store.assigned_to(tx, data.assignee, actions.HAND_OVER_MAX)
    return HandedOver(assignee=data.assignee, requests=list(found))


@change(
    "/v1/work/hand-over",
    Action.HAND_OVER,
    "Hand over the requests of a coordinator",
    read=_handed_over,
    key=new_id,
    if_match=False,
)
async def hand_over(tx: Tx, ctx: Context, key: UUID, data: JSONBody[HandOver]) -> None:
    """Assigns all requests in progress of the giver to another coordinator, for an absence; at most 500 in one call."""
    await actions.hand_over(tx, ctx, data.giver or ctx.caller.person_id, data.assignee)


ROUTES = [list_work, work_as_csv, work_as_spreadsheet, count_work, assign_request, hand_over]
