"""Routes of practices. Each opens one transaction; a repeated command gets the recorded answer."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts import reference
from contracts.codes import unknown_code
from contracts.conversion import from_attributes
from contracts.practices import PracticeKind
from contracts.values import Code, Language, State
from services.sherloc.bodies import check_reason
from services.sherloc.commands import Comment, Reason
from services.sherloc.policy import Action
from services.sherloc.practices import actions, store
from services.sherloc.practices.commands import PracticeUse, RecordPractice, RevisePractice
from services.sherloc.practices.model import Description, PracticeStatus, PracticeTexts
from services.sherloc.practices.search import wanted_stems
from services.sherloc.practices.store import Filter
from services.sherloc.practices.views import PracticeView, practice_view, views_of

PRACTICE = "/v1/practices/{practice_id:uuid}"


class PracticePage(Struct, frozen=True, kw_only=True):
    """Practices, newest first; `cursor` leads to the next page."""

    practices: list[PracticeView]
    cursor: str | None


@get("/v1/practices", opt=requires(Action.LIST_PRACTICES), summary="Practices, challenges and tools")
async def list_practices(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_kind: Annotated[PracticeKind | None, QueryParameter(name="kind")] = None,
    article: Annotated[str | None, query_parameter(Code)] = None,
    topic: Annotated[str | None, query_parameter(Code)] = None,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    language: FromQuery[Language | None] = None,
    status: FromQuery[PracticeStatus | None] = None,
    q: Annotated[str | None, QueryParameter(max_length=200)] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[PracticePage]:
    """Lists the catalogue and one's own practices. `topic` also finds narrower topics.

    `q` is in any of the six languages. It finds the stems of words of a text in its language, and of the names of its
    topics and articles in all six languages.
    """
    _check("article", article, reference.articles(), "articles")
    _check("topic", topic, reference.topics(), "topics")
    _check("state", of_state, reference.countries(), "countries")
    wanted = Filter(
        kind=of_kind,
        status=status,
        article=article,
        topics=reference.with_narrower([topic]) if topic else None,
        state=of_state,
        language=language,
        stems=wanted_stems(q) if q and q.strip() else None,
    )
    async with db.transaction(by=caller) as tx:
        found = await store.page(tx, caller, wanted, before=cursor, limit=limit + 1)
        views = await views_of(tx, found, caller)
    return paging.page(PracticePage, views, limit)


@create(
    "/v1/practices",
    Action.RECORD_PRACTICE,
    "Record a practice, a challenge or a tool",
    read=practice_view,
    location=lambda view: f"/v1/practices/{view.practice_id}",
)
async def record_practice(tx: Tx, ctx: Context, practice_id: UUID, data: JSONBody[RecordPractice]) -> None:
    """Requires the role `focal_point`, `official` or `provider_officer`. Only the author sees a draft."""
    data.check()
    await actions.record_practice(tx, ctx, practice_id, *_said(data), delivery_id=data.delivery_id)


@show(PRACTICE, Action.SHOW_PRACTICE, "One practice")
async def show_practice(tx: Tx, ctx: Context, practice_id: FromPath[UUID]) -> PracticeView:
    """Shows a practice, with its texts in the language of its author and the number of its uses."""
    return await practice_view(tx, ctx, practice_id)


@change(f"{PRACTICE}/revise", Action.REVISE_PRACTICE, "Revise a practice", read=practice_view)
async def revise_practice(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[RevisePractice]) -> None:
    """Requires the author, before the submission or after a return."""
    data.check()
    await actions.revise_practice(tx, ctx, practice_id, *_said(data))


@change(f"{PRACTICE}/submit", Action.SUBMIT_PRACTICE, "Submit a practice for the catalogue", read=practice_view)
async def submit_practice(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the author, and an article or a topic."""
    await actions.move(
        tx, ctx, practice_id, Action.SUBMIT_PRACTICE, lambda one: one.submit(now=ctx.now), comment=data.comment
    )


@change(f"{PRACTICE}/return", Action.RETURN_PRACTICE, "Return a practice to its author", read=practice_view)
async def return_practice(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[Reason]) -> None:
    """Requires the role `coordinator` and a coded reason."""
    reason = check_reason("return_practice", data.reason)
    await actions.move(
        tx,
        ctx,
        practice_id,
        Action.RETURN_PRACTICE,
        lambda one: one.send_back(reason, now=ctx.now),
        comment=data.comment,
    )


@change(f"{PRACTICE}/catalogue", Action.CATALOGUE_PRACTICE, "Add a practice to the catalogue", read=practice_view)
async def catalogue_practice(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the role `coordinator`. From then on every appointment can read and find the practice."""
    await actions.move(
        tx, ctx, practice_id, Action.CATALOGUE_PRACTICE, lambda one: one.catalogue(now=ctx.now), comment=data.comment
    )


@change(f"{PRACTICE}/withdraw", Action.WITHDRAW_PRACTICE, "Withdraw a practice", read=practice_view)
async def withdraw_practice(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[Comment]) -> None:
    """Requires the author. The texts and comments are deleted, and the practice leaves the catalogue."""
    await actions.move(
        tx, ctx, practice_id, Action.WITHDRAW_PRACTICE, lambda one: one.withdraw(now=ctx.now), comment=data.comment
    )


@change(f"{PRACTICE}/add-use", Action.ADD_USE, "Record that a delivery used a practice", read=practice_view)
async def add_use(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[PracticeUse]) -> None:
    """Requires a side of the completed delivery, or the role coordinator. Others see the number of uses only."""
    await actions.add_use(tx, ctx, practice_id, data.delivery_id)


@change(f"{PRACTICE}/remove-use", Action.REMOVE_USE, "Remove the use by a delivery", read=practice_view)
async def remove_use(tx: Tx, ctx: Context, practice_id: FromPath[UUID], data: JSONBody[PracticeUse]) -> None:
    """Requires a side of the completed delivery, or the role coordinator. Corrects a mistaken entry."""
    await actions.remove_use(tx, ctx, practice_id, data.delivery_id)


def _said(body: RevisePractice) -> tuple[Description, PracticeTexts]:
    return from_attributes(Description, body), from_attributes(PracticeTexts, body)


def _check(name: str, code: str | None, known: Mapping[str, object], code_list: str) -> None:
    if code is not None and code not in known:
        raise unknown_code(name, code, known, code_list=code_list)


ROUTES = [
    list_practices,
    record_practice,
    show_practice,
    revise_practice,
    submit_practice,
    return_practice,
    catalogue_practice,
    withdraw_practice,
    add_use,
    remove_use,
]
