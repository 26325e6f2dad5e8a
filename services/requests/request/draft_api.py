"""The routes by which a State writes a draft or a returned request: check, revise, and change its lines one by one.

Each change is made in the revision of `If-Match`, and answers with the request.
"""

from collections.abc import Callable
from uuid import UUID

from litestar import post
from litestar.params import FromPath, JSONBody
from msgspec import Struct
from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change
from chassis.http.merge_patch import patched
from contracts.refusals import FieldError, Invalid, Missing
from contracts.requests import LINES_MAX
from services.requests import policy
from services.requests.commands import LineOrder, LinePatch, NewLine, RequestBody, RequestPatch, body_of, check_codes
from services.requests.policy import Action
from services.requests.request import actions, similar_store, store
from services.requests.request.completeness import in_order, missing_fields
from services.requests.request.similar_store import CirculatingRequest
from services.requests.request.specificity import Advice, advise
from services.requests.request.views import read

LINES = "/v1/requests/{request_id:uuid}/lines"
LINE = f"{LINES}/{{line_id:uuid}}"


class RequestCheck(Struct, frozen=True, kw_only=True):
    """The fields that a draft needs to be submitted, advice on its lines, and similar requests.

    `similar` are requests of the State itself; `circulating` are requests of other States of its regional group, as far
    as their consents show them to the State.
    """

    missing: list[FieldError]
    advice: list[Advice]
    similar: list[UUID]
    circulating: list[CirculatingRequest]


@post(
    "/v1/requests/check",
    opt=requires(Action.CHECK),
    status_code=200,
    summary="Check a draft: what is missing, and similar requests",
)
async def check_request(data: JSONBody[RequestBody], db: Db, caller: CurrentCaller) -> RequestCheck:
    """The draft's texts are neither stored nor logged."""
    policy.decide(caller, Action.CHECK).required()
    content, texts, _ = data.content([line.line_id for line in data.lines if line.line_id])
    lines = in_order(content.lines, content.incomplete)
    async with db.transaction(by=caller) as tx:
        similar = await similar_store.similar(tx, caller, lines)
        circulating = await similar_store.circulating(tx, caller, lines)
    return RequestCheck(
        missing=missing_fields(lines, texts.title),
        advice=advise(list(zip(lines, texts.lines, strict=True))),
        similar=similar,
        circulating=circulating,
    )


@change(
    "/v1/requests/{request_id:uuid}", Action.REVISE, "Revise a draft or a returned request", read=read, method="PATCH"
)
async def revise_request(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[RequestPatch]) -> None:
    """The body is a JSON merge patch: absent fields are kept, null resets a field to its default."""
    await _revised(tx, ctx, request_id, lambda body: patched(body, data))


@change(LINES, Action.REVISE, "Add a line to a draft", read=read)
async def add_line(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[NewLine]) -> None:
    """Adds the line at the end; a repeated call adds nothing. The line gets a new id: `line_id` must not be given."""

    def added(body: RequestBody) -> RequestBody:
        if data.line_id is not None:
            raise Invalid("line-unknown", field="line_id")
        if len(body.lines) == LINES_MAX:
            raise Invalid("too-many-lines", limit=LINES_MAX)
        check_codes(data)
        return replace(body, lines=(*body.lines, data))

    await _revised(tx, ctx, request_id, added)


@change(LINE, Action.REVISE, "Change a line of a draft", read=read, method="PATCH")
async def change_line(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], line_id: FromPath[UUID], data: JSONBody[LinePatch]
) -> None:
    """The body is a JSON merge patch: absent fields are kept, null resets a field to its default."""

    def changed(body: RequestBody) -> RequestBody:
        number = _number(body, line_id)
        line = patched(body.lines[number], data)
        check_codes(line)
        return replace(body, lines=(*body.lines[:number], line, *body.lines[number + 1 :]))

    await _revised(tx, ctx, request_id, changed)


@change(LINE, Action.REVISE, "Remove a line of a draft", read=read, method="DELETE")
async def remove_line(tx: Tx, ctx: Context, request_id: FromPath[UUID], line_id: FromPath[UUID]) -> None:
    def without(body: RequestBody) -> RequestBody:
        number = _number(body, line_id)
        return replace(body, lines=(*body.lines[:number], *body.lines[number + 1 :]))

    await _revised(tx, ctx, request_id, without)


@change(f"{LINES}/order", Action.REVISE, "Reorder the lines of a draft", read=read, method="PUT")
async def reorder_lines(tx: Tx, ctx: Context, request_id: FromPath[UUID], data: JSONBody[LineOrder]) -> None:
    """The body has to name every line of the request once."""

    def reordered(body: RequestBody) -> RequestBody:
        lines = {line.line_id: line for line in body.lines}
        if sorted(data.line_ids) != sorted(line_id for line_id in lines if line_id):
            raise Invalid("lines-not-the-same", field="line_ids")
        return replace(body, lines=tuple(lines[line_id] for line_id in data.line_ids))

    await _revised(tx, ctx, request_id, reordered)


async def _revised(tx: Tx, ctx: Context, request_id: UUID, change: Callable[[RequestBody], RequestBody]) -> None:
    """Apply a change to the content of a draft or a returned request."""
    request, texts = await actions.to_revise(tx, ctx, request_id)
    body = change(body_of(request, texts))
    content, new, salt = body.content([line.line_id for line in request.all_lines])
    if new == texts and (kept := await store.salt(tx, request_id)):
        # The same texts keep their hash, so that their translations do not become stale.
        content, salt = replace(content, texts_hash=request.texts_hash), kept
    await actions.revise(tx, ctx, request, content, new, salt)


def _number(body: RequestBody, line_id: UUID) -> int:
    for number, line in enumerate(body.lines):
        if line.line_id == line_id:
            return number
    raise Missing("not-found")


ROUTES = [check_request, revise_request, add_line, change_line, remove_line, reorder_lines]
