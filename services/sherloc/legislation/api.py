"""Routes of the register of legislation. Each opens one transaction; a repeated command gets the recorded answer."""

from datetime import UTC, datetime, time
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, StreamFactory, requires
from chassis.http.commands import change, create, show
from chassis.http.event_streams import EVENT_STREAM, EventStream, LastEventId
from chassis.http.pages import Pagination, Part
from chassis.http.queries import query_parameter
from chassis.journal.event_feed import FeedItem
from contracts import reference
from contracts.codes import unknown_code
from contracts.legislation import LegislationStatus
from contracts.values import Code, State
from services.sherloc.bodies import check_reason
from services.sherloc.commands import Comment, PublishLegislation, Reason, RecordLegislation, ReviseLegislation, stated
from services.sherloc.legislation import actions, register_store, store
from services.sherloc.legislation.cells import Cell, cell_of
from services.sherloc.legislation.freshness import StateFreshness, freshness_of, months_before
from services.sherloc.legislation.model import (
    Legislation,
    RegisterStatus,
    legislation_id_of,
)
from services.sherloc.legislation.store import Filter
from services.sherloc.legislation.views import (
    LegislationVersions,
    LegislationView,
    legislation_view,
    versions_of,
    view_without_record,
    views_of,
)
from services.sherloc.policy import Action

LEGISLATION = "/v1/legislation/{legislation_id:uuid}"
MONTHS = 12
MONTHS_MAX = 600


class LegislationPage(Struct, frozen=True, kw_only=True):
    """Cells of the register, by State and article; `cursor` leads to the next page."""

    legislation: list[LegislationView]
    cursor: str | None


class RegisterFreshness(Struct, frozen=True, kw_only=True):
    """The register of each State as this caller sees it, with the records not verified for so many `months`."""

    months: int
    states: list[StateFreshness]
    cursor: str | None = None


@get("/v1/legislation", opt=requires(Action.LIST_LEGISLATION), summary="The register of legislation")
async def list_legislation(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    paging: Pagination,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    instrument: Annotated[str | None, query_parameter(Code)] = None,
    article: Annotated[str | None, query_parameter(Code)] = None,
    status: FromQuery[RegisterStatus | None] = None,
    older_than_months: Annotated[int | None, QueryParameter(ge=1, le=MONTHS_MAX)] = None,
    cursor: Annotated[str | None, QueryParameter(max_length=40)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 100,
) -> Response[LegislationPage]:
    """Lists each State known to be party to an instrument, with each article of it.

    The status is `not_known` unless the caller sees a record. `older_than_months` limits the list to records that were
    not verified for so many months, or never.
    """
    _check("state", of_state, reference.countries(), "countries")
    _check("instrument", instrument, reference.instruments(), "instruments")
    _check("article", article, reference.articles(), "articles")
    before = cell_of(cursor) if cursor else None
    recorded = LegislationStatus(status) if status and status is not RegisterStatus.NOT_KNOWN else None
    wanted = Filter(
        state=of_state,
        instrument=instrument,
        article=article,
        status=recorded,
        verified_before=_day_before(now, older_than_months) if older_than_months else None,
    )
    found: list[Legislation | Cell]
    async with db.transaction(by=caller, snapshot=True) as tx:
        if recorded or (older_than_months and status is None):
            found = [*await store.page(tx, caller, wanted, before=before, limit=limit + 1)]
        elif status is None:
            found = await register_store.everything(tx, caller, wanted, before=before, limit=limit + 1)
        else:
            # A cell that is `not_known` was never verified, so that `older_than_months` excludes none.
            found = await register_store.cells_without_record(tx, caller, wanted, before=before, limit=limit + 1)
        shown = {
            one.legislation_id: one
            for one in await views_of(tx, [each for each in found if isinstance(each, Legislation)], caller)
        }
    views = [view_without_record(one) if isinstance(one, Cell) else shown[one.legislation_id] for one in found]
    return paging.page(LegislationPage, views, limit, at=lambda view: f"{view.state}.{view.article}")


@get("/v1/legislation/freshness", opt=requires(Action.SHOW_FRESHNESS), summary="When the register was last verified")
async def show_freshness(
    db: Db,
    caller: CurrentCaller,
    now: Now,
    part: Part,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    months: Annotated[int, QueryParameter(ge=1, le=MONTHS_MAX)] = MONTHS,
) -> RegisterFreshness:
    """Shows for each State the number of articles by status, and of records not verified for so many months."""
    _check("state", of_state, reference.countries(), "countries")
    async with db.transaction(by=caller) as tx:
        tallies = await store.tallies(tx, caller, state=of_state, verified_before=_day_before(now, months))
    return part.of(RegisterFreshness(months=months, states=freshness_of(tallies, state=of_state)))


@create(
    "/v1/legislation",
    Action.RECORD_LEGISLATION,
    "Add a record to the register of legislation",
    read=legislation_view,
    key=lambda data: legislation_id_of(data.state, data.article),
    location=lambda view: f"/v1/legislation/{view.legislation_id}",
)
async def record_legislation(tx: Tx, ctx: Context, legislation_id: UUID, data: JSONBody[RecordLegislation]) -> None:
    """Requires the role `focal_point` or `official` of the State.

    Only the State and UNODC see an unpublished record.
    """
    data.check()
    await actions.record_legislation(
        tx, ctx, legislation_id, data.state, data.article, *stated(data), comment=data.comment
    )


@show(LEGISLATION, Action.SHOW_LEGISLATION, "One record of the register")
async def show_legislation(tx: Tx, ctx: Context, legislation_id: FromPath[UUID]) -> LegislationView:
    """Shows the current version of a record. `/versions` lists its versions."""
    return await legislation_view(tx, ctx, legislation_id)


@get(f"{LEGISLATION}/versions", opt=requires(Action.SHOW_LEGISLATION), summary="The versions of a record")
async def list_versions(
    db: Db, caller: CurrentCaller, legislation_id: FromPath[UUID], part: Part
) -> LegislationVersions:
    """Lists each change of the record with its texts, newest first."""
    async with db.transaction(by=caller, snapshot=True) as tx:
        return part.of(await versions_of(tx, await store.get(tx, legislation_id, caller)))


@change(f"{LEGISLATION}/revise", Action.REVISE_LEGISLATION, "Revise a record", read=legislation_view)
async def revise_legislation(
    tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[ReviseLegislation]
) -> None:
    """Requires the role `focal_point` or `official` of the State. Others see the record again once it is published."""
    await actions.revise_legislation(tx, ctx, legislation_id, *stated(data), comment=data.comment)


@change(f"{LEGISLATION}/submit", Action.SUBMIT_LEGISLATION, "Submit a record for SHERLOC", read=legislation_view)
async def submit_legislation(tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point` or `official` of the State.

    The record needs a title, the day in force, and a gazette or address of the law.
    """
    await actions.submit_legislation(tx, ctx, legislation_id, comment=data.comment)


@change(
    f"{LEGISLATION}/confirm-unchanged",
    Action.CONFIRM_UNCHANGED,
    "Confirm that a record is unchanged",
    read=legislation_view,
)
async def confirm_unchanged(tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `focal_point` or `official` of the State. A published record becomes verified."""
    await actions.move(
        tx,
        ctx,
        legislation_id,
        Action.CONFIRM_UNCHANGED,
        lambda one: one.confirm_unchanged(ctx.caller.role, now=ctx.now),
        comment=data.comment,
    )


@change(f"{LEGISLATION}/review", Action.REVIEW_LEGISLATION, "Begin the review of a record", read=legislation_view)
async def review_legislation(tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `coordinator` and a submitted record."""
    await actions.move(
        tx,
        ctx,
        legislation_id,
        Action.REVIEW_LEGISLATION,
        lambda one: one.begin_review(now=ctx.now),
        comment=data.comment,
    )


@change(f"{LEGISLATION}/return", Action.RETURN_LEGISLATION, "Return a record to the State", read=legislation_view)
async def return_legislation(tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `coordinator` and a coded reason. The State may revise and submit the record again."""
    reason = check_reason("return_legislation", data.reason)
    await actions.move(
        tx,
        ctx,
        legislation_id,
        Action.RETURN_LEGISLATION,
        lambda one: one.send_back(reason, now=ctx.now),
        comment=data.comment,
    )


@change(f"{LEGISLATION}/publish", Action.PUBLISH_LEGISLATION, "Publish a record on SHERLOC", read=legislation_view)
async def publish_legislation(
    tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[PublishLegislation]
) -> None:
    """Requires the role `coordinator` and the page of SHERLOC. From then on every appointment sees the record."""
    await actions.publish_legislation(tx, ctx, legislation_id, portal_address=data.portal_address, comment=data.comment)


@change(f"{LEGISLATION}/verify", Action.VERIFY_LEGISLATION, "Verify a record", read=legislation_view)
async def verify_legislation(tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `coordinator`. The record is the law in force."""
    await actions.move(
        tx,
        ctx,
        legislation_id,
        Action.VERIFY_LEGISLATION,
        lambda one: one.verify(ctx.caller.role, now=ctx.now),
        comment=data.comment,
    )


@change(f"{LEGISLATION}/mark-outdated", Action.MARK_OUTDATED, "Mark a record as outdated", read=legislation_view)
async def mark_outdated(tx: Tx, ctx: Context, legislation_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `coordinator`. The law is known to have changed."""
    await actions.move(
        tx, ctx, legislation_id, Action.MARK_OUTDATED, lambda one: one.mark_outdated(now=ctx.now), comment=data.comment
    )


@get(
    "/v1/events/sherloc",
    opt=requires(Action.FOLLOW),
    media_type=EVENT_STREAM,
    summary="Stream events of SHERLOC's desk",
)
async def follow_sherloc(stream: StreamFactory, last_event_id: LastEventId = None) -> EventStream[FeedItem]:
    """Streams events of records that the caller may see. Only authors and UNODC receive those before publication."""
    return stream(last_event_id)


def _day_before(now: datetime, months: int) -> datetime:
    return datetime.combine(months_before(now.date(), months), time(), tzinfo=UTC)


def _check(name: str, code: str | None, known: Any, code_list: str) -> None:
    if code is not None and code not in known:
        raise unknown_code(name, code, known, code_list=code_list)


ROUTES = [
    follow_sherloc,
    list_legislation,
    show_freshness,
    record_legislation,
    show_legislation,
    list_versions,
    revise_legislation,
    submit_legislation,
    confirm_unchanged,
    review_legislation,
    return_legislation,
    publish_legislation,
    verify_legislation,
    mark_outdated,
]
