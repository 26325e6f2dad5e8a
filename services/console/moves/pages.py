"""The form of a move, and the command that it sends."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec.structs import replace

from services.console.client import Answer
from services.console.fields import FormError, Option
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.model import Move, Noun, first_days
from services.console.page import CurrentPage, Page
from services.console.sign_in.recent_sign_in import require_recent_sign_in

Options = Callable[[Page, Mapping[str, Any], Move], Mapping[str, Sequence[Option]]]
Completed = Callable[[Page, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


async def _as_read(_page: Page, record: Mapping[str, Any]) -> Mapping[str, Any]:
    return record


def routes_of(
    noun: Noun, *, options: Options = lambda _page, _record, _move: {}, completed: Completed = _as_read
) -> Sequence[HTTPRouteHandler]:
    """Return the routes of a noun's moves: `GET` and `POST /{language}{noun}/{id}/do/{move}`.

    `options` returns those of fields whose list depends on the record, `completed` the record as its template shows it.
    """

    async def record_of(page: Page, record_id: str) -> Answer:
        answer = await page.api.read(f"{noun.api}/{record_id}")
        return replace(answer, body=await completed(page, answer.body))

    @get(f"/{{language:str}}{noun.path}/{{record_id:str}}/do/{{move:str}}", name=f"form of{noun.path}")
    async def show_form(page: CurrentPage, record_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
        found = await _found(noun, page, move)
        answer = await record_of(page, record_id)
        return _form(page, noun, found, record_id, answer, options)

    @post(f"/{{language:str}}{noun.path}/{{record_id:str}}/do/{{move:str}}", status_code=303, name=f"send{noun.path}")
    async def send_form(page: CurrentPage, record_id: FromPath[str], move: FromPath[str]) -> Response[bytes]:
        found = await _found(noun, page, move)
        sent = await send(page, found.method, f"{noun.api}/{record_id}/{found.path}", found.fields)
        if sent.errors:
            sent = replace(sent, errors=_placed(noun, record_id, sent.errors))
            return _form(page, noun, found, record_id, await record_of(page, record_id), options, sent)
        return page.redirect(f"{noun.path}/{record_id}", done=found.done)

    return (show_form, send_form)


def _placed(noun: Noun, record_id: str, errors: Sequence[FormError]) -> tuple[FormError, ...]:
    """Return the errors; those of fields on other pages with a link there."""
    return tuple(
        replace(one, label=of[0], href=f"{noun.path}/{record_id}{of[1]}") if (of := noun.places.get(one.field)) else one
        for one in errors
    )


async def _found(noun: Noun, page: Page, path: str) -> Move:
    found = noun.find(path, page.signed_in.role)
    if found is None:
        raise NotFoundException
    if found.asks_sign_in:
        await require_recent_sign_in(page)
    return found


def _form(
    page: Page,
    noun: Noun,
    move: Move,
    record_id: str,
    answer: Answer,
    options: Options,
    sent: Sent = NOTHING,
) -> Response[bytes]:
    record = answer.body
    return page.render(
        "moves/move.html",
        noun=noun,
        move=replace(move, begins=first_days(record).get(move.name, "")),
        record=record,
        record_id=record_id,
        revision=answer.revision or record.get("revision"),
        is_open=move.name in (record.get("moves") or ()),
        typed=page.typed or None,
        given=options(page, record, move),
        **sent.shown,
    )
