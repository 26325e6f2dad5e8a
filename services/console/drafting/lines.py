"""The lines of a request: one page each, with advice beside it; their order."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Struct

from services.console.client import ApiUnavailable, Problem
from services.console.drafting.codes import codes_of, find_codes
from services.console.drafting.draft import (
    Values,
    find_line,
    line_of,
    preview_body,
    read_line,
    text_of,
    without_empty,
)
from services.console.drafting.fields import LINE, MEASURES_MAX
from services.console.drafting.saving import (
    Form,
    closed,
    form_of,
    form_typed,
    may_edit,
    read_request,
    request_path,
    save,
)
from services.console.fields import whole_number
from services.console.moves.forms import outcome, wrong
from services.console.page import CurrentPage, Page

NEW = "new"
OFFERINGS_MAX = 5
SECONDS_MAX = 4.0
PATH = "/{language:str}/requests/{request_id:str}/edit/lines/{line_id:str}"


class Beside(Struct, frozen=True, kw_only=True):
    """Content shown beside a line: what it does not say yet, likely offerings, requests of others, topics found."""

    advice: Mapping[str, Any] | None = None
    offerings: Sequence[Mapping[str, Any]] | None = None
    """Likely offerings, or None while the line says too little to look for any."""
    circulating: Sequence[Mapping[str, Any]] = ()
    topics: Sequence[str] = ()


async def line_context(page: Page, request: Mapping[str, Any], values: Values) -> Beside:
    """Return what is shown beside a line, from two calls, without what the API does not answer now."""
    check = {"language": request["language"], "lines": [without_empty(values)]}
    preview, text = preview_body(request, values), text_of(request, values)
    checked, found = await asyncio.gather(
        _asked(page, "/v1/requests/check", check),
        _asked(page, "/v1/matches/preview", preview)
        if preview
        else _asked(page, "/v1/matches/topics", {"text": text} if text else None),
    )
    topics = [one if isinstance(one, str) else one["topic"] for one in (found or {}).get("topics", ())]
    return Beside(
        advice=checked["advice"][0] if checked else None,
        offerings=(found or {}).get("offerings", [])[:OFFERINGS_MAX] if preview else None,
        circulating=checked["circulating"] if checked else (),
        topics=topics,
    )


async def _asked(page: Page, path: str, body: Any) -> Any:
    """Return an answer that the page can do without, or None if it is refused or takes more than SECONDS_MAX."""
    if body is None:
        return None
    try:
        async with asyncio.timeout(SECONDS_MAX):
            return (await page.api.send("POST", path, body)).body
    except (TimeoutError, ApiUnavailable):
        return None
    except Problem as problem:
        if problem.status == 401:
            raise
        return None


@get(PATH)
async def show_line(page: CurrentPage, request_id: FromPath[str], line_id: FromPath[str]) -> Response[bytes]:
    answer = await read_request(page, request_id)
    if not may_edit(answer.body):
        return closed(page, answer.body)
    found = find_line(answer.body, line_id)
    if found is None and line_id != NEW:
        raise NotFoundException
    form = form_of(page, answer, line_of(found or {}))
    return await _line(page, answer.body, line_id, form)


@post(PATH, status_code=303)
async def save_line(page: CurrentPage, request_id: FromPath[str], line_id: FromPath[str]) -> Response[bytes]:
    """Save a line, or show the form again with what was searched for."""
    given, action = read_line(page.typed), page.value("action")
    if action in ("find", "measure"):
        return await _again(page, request_id, line_id, form_typed(page))
    if given.errors:
        return await _again(page, request_id, line_id, form_typed(page, wrong(*given.errors)))
    base = f"/requests/{request_id}/edit"
    if line_id == NEW:
        added = await _add(page, request_id, given.body)
        if isinstance(added, Form):
            return await _again(page, request_id, line_id, added)
        line_id, done = added["lines"][-1]["line_id"], "saved"
    else:

        def theirs(request: Mapping[str, Any]) -> Values | None:
            found = find_line(request, line_id)
            return None if found is None else line_of(found)

        path = f"{request_path(request_id)}/lines/{line_id}"
        saved = await save(page, request_id, path, given.body, theirs, LINE)
        if isinstance(saved, Form):
            return await _again(page, request_id, NEW if saved.removed else line_id, saved)
        done = saved.done
    if action == "stay":
        return page.redirect(f"{base}/lines/{line_id}", done=done)
    return page.redirect(f"{base}/lines/new" if action == "next" else base, done=done)


async def _add(page: Page, request_id: str, values: Values) -> dict[str, Any] | Form:
    """Add a line at the end. If another official saved something meanwhile, try once more with the new revision."""
    path, revision = f"{request_path(request_id)}/lines", page.revision
    for last in (False, True):
        sending = page.api.send("POST", path, without_empty(values), key=page.key, revision=revision)
        sent = await outcome(sending, LINE, hidden=False)
        if not sent.errors:
            return dict(sent.record)
        if not sent.stale or last:
            return form_typed(page, sent)
        revision = (await read_request(page, request_id)).revision
    raise AssertionError("unreachable")


async def _again(page: Page, request_id: str, line_id: str, form: Form) -> Response[bytes]:
    answer = await read_request(page, request_id)
    return await _line(page, answer.body, line_id, form)


async def _line(page: Page, request: Mapping[str, Any], line_id: str, form: Form) -> Response[bytes]:
    given = read_line(form.typed)
    shown = await line_context(page, request, given.body)
    asked = page.value("find") if page.value("action") == "find" else ""
    codes = codes_of(form.typed, page.language, found=await find_codes(page, asked), asked=asked, noticed=shown.topics)
    number = next((n for n, one in enumerate(request["lines"], 1) if one["line_id"] == line_id), None)
    return page.render(
        "drafting/line.html",
        status=form.status,
        request=request,
        line_id=line_id,
        number=number or len(request["lines"]) + 1,
        form=form,
        fields=LINE,
        measures=_measures_shown(page, form),
        measures_open=bool(given.body["measures"])
        or page.value("action") == "measure"
        or any(one.field.startswith("measures.") for one in form.errors),
        beside=shown,
        codes=codes,
    )


def _measures_shown(page: Page, form: Form) -> int:
    """Return for how many measures there are fields: up to the last one filled in, and one more if asked for."""
    used = [
        whole_number(name.split(".")[1]) or 0
        for name, values in form.typed.items()
        if name.startswith("measures.") and not name.endswith(".source") and any(values)
    ]
    more = 1 if page.value("action") == "measure" else 0
    return min(max(used, default=-1) + 1 + more or 1, MEASURES_MAX)


@post("/{language:str}/requests/{request_id:str}/edit/advice", status_code=200)
async def show_advice(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show what belongs beside a line, for the line as it is typed, as a part of its page."""
    request = (await read_request(page, request_id)).body
    shown = await line_context(page, request, read_line(page.typed).body)
    return page.render("drafting/beside.html", beside=shown, request=request)


@post("/{language:str}/requests/{request_id:str}/edit/lines/{line_id:str}/{how:str}", status_code=303)
async def change_lines(
    page: CurrentPage, request_id: FromPath[str], line_id: FromPath[str], how: FromPath[str]
) -> Response[bytes]:
    """Move a line up or down, or remove it."""
    path, base = request_path(request_id), f"/requests/{request_id}/edit"
    answer = await read_request(page, request_id)
    order = [one["line_id"] for one in answer.body["lines"]]
    if line_id not in order or how not in ("up", "down", "remove"):
        return page.redirect(base)
    if how == "remove":
        await page.api.send("DELETE", f"{path}/lines/{line_id}", revision=answer.revision)
        return page.redirect(base, done="removed")
    at = order.index(line_id)
    to = max(0, at - 1) if how == "up" else min(len(order) - 1, at + 1)
    order.insert(to, order.pop(at))
    await page.api.send("PUT", f"{path}/lines/order", {"line_ids": order}, revision=answer.revision)
    return page.redirect(base)


ROUTES = (show_line, save_line, show_advice, change_lines)
