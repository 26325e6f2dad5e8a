"""The routes of the list of work, and of who is in charge of a request."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, Pagination, requires
from chassis.http.commands import change
from chassis.ids import new_id
from contracts import reference
from contracts.codes import unknown_code
from contracts.refusals import Invalid
from contracts.values import END, Caller
from services.requests.clock.model import Step
from services.requests.policy import Action
from services.requests.request.values import Priority, Status
from services.requests.request.views import read
from services.requests.work import actions, store
from services.requests.work.model import Order, WaitingFor, WorkFilter
from services.requests.work.store import WorkCounts, WorkItem

FILTER_MAX = 20
Codes = Annotated[list[str] | None, QueryParameter(max_items=FILTER_MAX)]


class WorkPage(Struct, frozen=True, kw_only=True):
    """What waits, in the order asked for; `cursor` leads to the next page."""

    work: list[WorkItem]
    cursor: str | None


class Assignment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The coordinator in charge, by their person id; null for none."""

    assignee: UUID | None
    comment: Annotated[str, Meta(max_length=2000)] = ""


class HandOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To whom all requests in progress are handed over, and from whom: the caller, if not given."""

    assignee: UUID
    giver: UUID | None = None


class HandedOver(Struct, frozen=True, kw_only=True):
    """The requests in progress that the new assignee is in charge of now: at most 500."""

    assignee: UUID
    requests: list[UUID]


class Search(Struct, frozen=True, kw_only=True):
    """The filters of a list of work, and the words to search for."""

    filter: WorkFilter
    words: str | None
    in_remit: bool


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
    assignee: Annotated[str | None, QueryParameter(pattern=rf"^(me|none|[0-9a-f-]{{36}}){END}", max_length=36)] = None,
    overdue: FromQuery[bool | None] = None,
    paused: FromQuery[bool] = False,
    in_remit: FromQuery[bool] = False,
    q: Annotated[str | None, QueryParameter(min_length=2, max_length=100)] = None,
) -> Search:
    """The filters of a query: repeated parameters are alternatives, different ones all have to hold."""
    for name, codes, known in (
        ("state", of_state, reference.countries()),
        ("kind", kind, reference.kinds()),
        ("topic", topic, reference.topics()),
        ("article", article, reference.articles()),
        ("paragraph", paragraph, reference.paragraphs()),
    ):
        for code in codes or ():
            if code not in known:
                raise unknown_code(name, code, known)
    return Search(
        filter=WorkFilter(
            waiting_for=waiting_for,
            steps=tuple(step or ()),
            statuses=tuple(status or ()),
            states=_states(of_state or [], region or []),
            kinds=tuple(kind or ()),
            topics=tuple(topic or ()),
            articles=tuple(article or ()),
            paragraphs=tuple(paragraph or ()),
            priorities=tuple(priority or ()),
            assignee=_person(assignee, caller),
            unassigned=assignee == "none",
            overdue=overdue,
            paused=paused,
        ),
        words=q,
        in_remit=in_remit,
    )


def _states(states: list[str], regions: list[str]) -> tuple[str, ...]:
    """These States, and those of these regional groups."""
    if not regions:
        return tuple(states)
    members: dict[str, list[str]] = {}
    for code in reference.countries():
        if (of := reference.region_of(code)) is not None:
            members.setdefault(of, []).append(code)
    for region in regions:
        if region not in members:
            raise unknown_code("region", region, members)
    of_regions = {code for region in regions for code in members[region]}
    return tuple(sorted(of_regions & set(states) if states else of_regions))


def _person(assignee: str | None, caller: Caller) -> UUID | None:
    if assignee in {None, "none"}:
        return None
    if assignee == "me":
        return caller.person_id
    try:
        return UUID(assignee)
    except ValueError:
        raise Invalid("invalid-request", parameters=["assignee"]) from None


Asked = NamedDependency[Search]
FILTERS = {"asked": Provide(search_of, sync_to_thread=False)}


async def _searched(tx: Tx, caller: Caller, asked: Search) -> WorkFilter:
    found = asked.filter
    if asked.in_remit:
        regions, topics = await store.remit(tx, caller)
        found = replace(found, remit_states=_states([], list(regions)) if regions else None, remit_topics=topics)
    if asked.words is not None:
        found = replace(found, requests=await store.search(tx, caller, asked.words))
    return found


@get("/v1/work", opt=requires(Action.LIST_WORK), summary="What waits for the caller", dependencies=FILTERS)
async def list_work(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    now: Now,
    asked: Asked,
    sort: FromQuery[Order] = Order.DUE,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[WorkPage]:
    """Each item is a clock that runs: what the caller's organization has to do next, the most urgent first.

    A repeated parameter gives alternatives (`status=open&status=in_delivery`). `q` searches references, and the words
    of titles that the caller may read.
    """
    async with db.transaction(by=caller) as tx:
        wanted = await _searched(tx, caller, asked)
        found = await store.page(tx, caller, wanted, sort, after=cursor, limit=limit + 1, now=now)
    return paging.page(WorkPage, found, limit)


@get("/v1/work/counts", opt=requires(Action.LIST_WORK), summary="How much work waits", dependencies=FILTERS)
async def count_work(db: Db, caller: CurrentCaller, now: Now, asked: Asked) -> WorkCounts:
    """With the same filters as the list."""
    async with db.transaction(by=caller) as tx:
        return await store.counts(tx, caller, await _searched(tx, caller, asked), now=now)


@change("/v1/requests/{request_id:uuid}/assign", Action.ASSIGN, "Put a coordinator in charge", read=read)
async def assign_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[Assignment]) -> None:
    """The reminders of its clocks then go to this person only; what is overdue, to every coordinator."""
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
    """For an absence: all requests in progress that the giver is in charge of are assigned to another coordinator."""
    await actions.hand_over(tx, ctx, data.giver or ctx.caller.person_id, data.assignee)


ROUTES = [list_work, count_work, assign_request, hand_over]
