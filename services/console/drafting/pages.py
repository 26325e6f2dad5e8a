"""The pages on which a request is written: its beginning, the list of its parts, its first page, who may see it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import structs

from services.console.drafting import attachments, codes, lines, submission
from services.console.drafting.draft import about_of, readers_of, request_body, without_empty
from services.console.drafting.fields import ABOUT, READERS, of_draft
from services.console.drafting.organizations import found_organizations
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
from services.console.fields import NONE_CHOSEN, FormError, Read, read, whole_number
from services.console.moves.forms import Sent, command, send, wrong
from services.console.page import CurrentPage, Page

OWN_MAX = 100


@get("/{language:str}/requests/new")
async def begin(page: CurrentPage) -> Response[bytes]:
    """Show the first page of a new request."""
    if page.typed:
        return _begin(page, form_typed(page))
    return _begin(page, Form(typed={"language": [page.language]}, opened="", revision=None))


@post("/{language:str}/requests/new", status_code=303)
async def create(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/requests", of_draft(ABOUT), body_of=without_empty, hidden=False)
    if sent.errors:
        return _begin(page, form_typed(page, sent))
    return page.redirect(f"/requests/{sent.record['request_id']}/edit", done="drafted")


def _begin(page: Page, form: Form) -> Response[bytes]:
    return page.render("drafting/begin.html", status=form.status, form=form, fields=ABOUT)


@get("/{language:str}/requests/new/from-request")
async def choose_earlier(page: CurrentPage) -> Response[bytes]:
    """Show earlier requests of the State, to begin with a copy of one."""
    return await _earlier(page, ())


@post("/{language:str}/requests/new/from-request", status_code=303)
async def copy_earlier(page: CurrentPage) -> Response[bytes]:
    language, _, request_id = page.value("request").partition(" ")
    if not request_id:
        return await _earlier(page, (FormError("request", NONE_CHOSEN),))
    body = {"language": language, "from_request": request_id}
    sent = await command(page, "POST", "/v1/requests", body, hidden=False)
    if sent.errors:
        return await _earlier(page, sent.errors)
    return page.redirect(f"/requests/{sent.record['request_id']}/edit", done="copied")


async def _earlier(page: Page, errors: Sequence[FormError]) -> Response[bytes]:
    session = page.signed_in
    found = await page.api.get("/v1/requests", state=session.organization, limit=OWN_MAX)
    return page.render(
        "drafting/from_request.html", status=400 if errors else 200, requests=found["requests"], errors=errors
    )


@get("/{language:str}/requests/new/from-observations")
async def choose_observations(page: CurrentPage) -> Response[bytes]:
    """Show the State's observations of the review, to begin with a line for each article."""
    return await _observations(page, ())


@post("/{language:str}/requests/new/from-observations", status_code=303)
async def copy_observations(page: CurrentPage) -> Response[bytes]:
    chosen = [one.partition(" ") for one in page.typed.get("observation", ())]
    if not chosen:
        return await _observations(page, (FormError("observation", NONE_CHOSEN),))
    body = {"language": chosen[0][0], "from_observations": [one[2] for one in chosen]}
    sent = await command(page, "POST", "/v1/requests", body, hidden=False)
    if sent.errors:
        return await _observations(page, sent.errors)
    return page.redirect(f"/requests/{sent.record['request_id']}/edit", done="copied")


async def _observations(page: Page, errors: Sequence[FormError]) -> Response[bytes]:
    found = await page.api.get("/v1/observations", limit=OWN_MAX)
    return page.render(
        "drafting/from_observations.html",
        status=400 if errors else 200,
        observations=found["observations"],
        chosen=page.typed.get("observation", ()),
        errors=errors,
    )


@get("/{language:str}/requests/{request_id:str}/edit")
async def show_parts(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show the parts of a draft, what each still lacks, and requests like it."""
    session = page.signed_in
    answer = await read_request(page, request_id)
    request = answer.body
    if not may_edit(request):
        return closed(page, request)
    checked, own = await asyncio.gather(
        page.api.send("POST", "/v1/requests/check", request_body(request)),
        page.api.get("/v1/requests", state=session.organization, limit=OWN_MAX),
    )
    titles = {one["request_id"]: one for one in own["requests"]}
    similar = [titles[one] for one in checked.body["similar"] if one in titles and one != request_id]
    return page.render(
        "drafting/parts.html",
        request=request,
        revision=answer.revision,
        advice={one["position"]: one for one in checked.body["advice"]},
        lacking=lines_lacking(checked.body["missing"]),
        lacks_title=any(one["field"] == "title" for one in checked.body["missing"]),
        missing=checked.body["missing"],
        similar=similar,
        circulating=checked.body["circulating"],
    )


def lines_lacking(missing: Sequence[Mapping[str, Any]]) -> Mapping[int, Sequence[str]]:
    """Return the missing fields by the position of their line, which counts from 1."""
    found: dict[int, list[str]] = {}
    for one in missing:
        place, _, name = str(one["field"]).partition("].")
        if place.startswith("lines[") and (line := whole_number(place[6:])) is not None:
            found.setdefault(line + 1, []).append(name)
    return found


@get("/{language:str}/requests/{request_id:str}/edit/need")
async def show_about(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show the form of language, title and need."""
    answer = await read_request(page, request_id)
    if not may_edit(answer.body):
        return closed(page, answer.body)
    return _about(page, request_id, form_of(page, answer, about_of(answer.body)))


@post("/{language:str}/requests/{request_id:str}/edit/need", status_code=303)
async def save_about(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    given = read(of_draft(ABOUT), page.typed)
    if given.errors:
        return _about(page, request_id, form_typed(page, wrong(*given.errors)))
    saved = await save(page, request_id, request_path(request_id), given.body, about_of, ABOUT)
    if isinstance(saved, Form):
        return _about(page, request_id, saved)
    return page.redirect(f"/requests/{request_id}/edit", done=saved.done)


def _about(page: Page, request_id: str, form: Form) -> Response[bytes]:
    return page.render("drafting/need.html", status=form.status, request_id=request_id, form=form, fields=ABOUT)


@get("/{language:str}/requests/{request_id:str}/edit/readers")
async def show_readers(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Show who is asked, who may see the request, and who would see it with what is saved."""
    answer, audience = await asyncio.gather(read_request(page, request_id), submission.foreseen(page, request_id))
    if not may_edit(answer.body):
        return closed(page, answer.body)
    return _readers(page, request_id, form_of(page, answer, readers_of(answer.body)), audience)


@post("/{language:str}/requests/{request_id:str}/edit/readers", status_code=303)
async def save_readers(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    given = read_readers(page)
    if given.errors or page.value("action") == "find":
        errors = given.errors if page.value("action") != "find" else ()
        return _readers(page, request_id, form_typed(page, Sent(errors=errors)), None)
    saved = await save(page, request_id, request_path(request_id), given.body, readers_of, READERS)
    if isinstance(saved, Form):
        return _readers(page, request_id, saved, None)
    if page.value("action") == "stay":
        return page.redirect(f"/requests/{request_id}/edit/readers", done=saved.done)
    return page.redirect(f"/requests/{request_id}/edit", done=saved.done)


def read_readers(page: Page) -> Read:
    """Read the values that were typed; named States count only if States are asked."""
    given = read(READERS, page.typed)
    body = dict(given.body)
    addressee = dict(body.get("addressee") or {})
    if addressee.get("to") != "states":
        addressee["states"] = []
    return structs.replace(given, body={**body, "addressee": addressee})


def _readers(page: Page, request_id: str, form: Form, audience: submission.ForeseenReaders | None) -> Response[bytes]:
    asked = page.value("find")
    return page.render(
        "drafting/readers.html",
        status=form.status,
        request_id=request_id,
        form=form,
        fields=READERS,
        audience=audience,
        asked=asked,
        found=found_organizations(asked, page.language),
    )


ROUTES = (
    begin,
    create,
    choose_earlier,
    copy_earlier,
    choose_observations,
    copy_observations,
    show_parts,
    show_about,
    save_about,
    show_readers,
    save_readers,
    *lines.ROUTES,
    *codes.ROUTES,
    *attachments.ROUTES,
    *submission.ROUTES,
)
