"""The pages on which an offering is written: a draft, a sequence with save and return, a check of the answers."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec.structs import replace

from chassis import clock
from services.console.client import Answer
from services.console.fields import Typed
from services.console.moves.forms import NOTHING, Sent, command, send, wrong
from services.console.offerings.capacity import as_typed, changed, rows_of
from services.console.offerings.merging import Change, merge, same, shown_values
from services.console.offerings.moves import OFFERING
from services.console.offerings.steps import (
    LANGUAGE,
    STEPS,
    TITLE,
    VALID,
    Step,
    after,
    find,
    labels_in_all_languages,
    options,
)
from services.console.page import CurrentPage, Page

NEW = (TITLE, LANGUAGE, *VALID)
OWN_MAX = 100
BASE = "base"
CHECK, LATER = "check", "later"


@get("/{language:str}/offerings/new")
async def show_new(page: CurrentPage) -> Response[bytes]:
    today = clock.now().date()
    until = date(today.year + 1, 12, 31)
    return await _new(page, {"language": [page.language], "valid.from": [str(today)], "valid.until": [str(until)]})


@post("/{language:str}/offerings/new", status_code=303)
async def create_draft(page: CurrentPage) -> Response[bytes]:
    """Create a draft with what cannot be left for later; the other pages follow."""
    sent = await send(page, "POST", "/v1/offerings", NEW, hidden=False)
    if sent.errors:
        return await _new(page, page.typed, sent)
    return page.redirect(f"/offerings/{sent.record['offering_id']}/edit/{STEPS[0].path}", done="draft_saved")


@post("/{language:str}/offerings/copy", status_code=303)
async def copy_earlier(page: CurrentPage) -> Response[bytes]:
    """Create a draft from an earlier offering, a year later. The field names the offering and its language."""
    offering_id, _, language = page.value("from_offering").partition(" ")
    if not offering_id:
        return page.redirect("/offerings/new")
    body = {"from_offering": offering_id, "language": language}
    sent = await command(page, "POST", "/v1/offerings", body, NEW, hidden=False)
    if sent.errors:
        return await _new(page, page.typed, sent)
    return page.redirect(f"/offerings/{sent.record['offering_id']}/check", done="draft_copied")


@get("/{language:str}/offerings/{offering_id:str}/edit")
async def begin_editing(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    return page.redirect(f"/offerings/{offering_id}/edit/{STEPS[0].path}")


@get("/{language:str}/offerings/{offering_id:str}/edit/{step:str}")
async def show_step(page: CurrentPage, offering_id: FromPath[str], step: FromPath[str]) -> Response[bytes]:
    found = _found(step)
    answer = await page.api.read(f"/v1/offerings/{offering_id}")
    base = found.typed_of(answer.body)
    return _form(page, found, answer, typed=base, base=base)


@post("/{language:str}/offerings/{offering_id:str}/edit/{step:str}", status_code=303)
async def save_step(page: CurrentPage, offering_id: FromPath[str], step: FromPath[str]) -> Response[bytes]:
    """Save the page, and go on or back to the offering; or add or remove a period, which saves nothing."""
    found, act, path = _found(step), page.value("act"), f"/v1/offerings/{offering_id}"
    base = _base(page)
    if act == "add" or act.startswith("remove:"):
        return _form(
            page, found, await page.api.read(path), typed=changed(page.typed, act), base=base, revision=page.revision
        )
    typed: Typed = page.typed
    if found.with_capacity:
        typed = {**typed, **as_typed([one for one in rows_of(typed) if not one.blank])}
    given = found.read(typed)
    sent = wrong(*given.errors)
    if not given.errors:
        if same(found.groups, base, typed):
            return _next(page, offering_id, found, act)
        sent = await command(page, "PATCH", path, given.body, found.named, hidden=False)
        if not sent.errors:
            return _next(page, offering_id, found, act)
    answer = await page.api.read(path)
    if not sent.stale:
        return _form(page, found, answer, sent, typed=typed, base=base, revision=page.revision)
    now = found.typed_of(answer.body)
    merged, changes = merge(found.groups, base, now, typed)
    return _form(page, found, answer, replace(sent, errors=()), typed=merged, base=now, changes=changes)


def _next(page: Page, offering_id: str, step: Step, act: str) -> Response[bytes]:
    if act == LATER:
        return page.redirect(f"/offerings/{offering_id}", done="saved")
    following = after(step)
    if page.asked("return") == CHECK or following is None:
        return page.redirect(f"/offerings/{offering_id}/check")
    return page.redirect(f"/offerings/{offering_id}/edit/{following.path}")


@get("/{language:str}/offerings/{offering_id:str}/check")
async def check_answers(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    """Show all answers, each with a link to change it, and the submission."""
    session = page.signed_in
    answer = await page.api.read(f"/v1/offerings/{offering_id}")
    offering = answer.body
    open_moves = {one.name: one for one in OFFERING.open_to(offering, session.role)}
    return page.render(
        "offerings/check.html",
        offering=offering,
        revision=answer.revision or offering["revision"],
        steps=STEPS,
        submit=open_moves.get("submit"),
        may_revise="revise" in open_moves,
        lists=options(page.language),
    )


async def _new(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    if session.role != "provider_officer":
        raise NotFoundException
    own = await page.api.get("/v1/offerings", provider=session.organization, limit=OWN_MAX)
    return page.render(
        "offerings/new.html",
        fields=NEW,
        typed=typed,
        earlier=own["offerings"],
        given=options(page.language),
        **sent.shown,
    )


def _form(
    page: Page,
    step: Step,
    answer: Answer,
    sent: Sent = NOTHING,
    *,
    typed: Typed,
    base: Typed,
    changes: Sequence[Change] = (),
    revision: int | None = None,
) -> Response[bytes]:
    offering: Mapping[str, Any] = answer.body
    lists = options(page.language)
    return page.render(
        "offerings/step.html",
        step=step,
        steps=STEPS,
        number=STEPS.index(step) + 1,
        offering=offering,
        is_open="revise" in offering["moves"],
        was_approved=offering["status"] in ("available", "fully_reserved", "suspended"),
        typed=typed,
        rows=rows_of(typed),
        base=json.dumps(base, ensure_ascii=False, separators=(",", ":")),
        revision=revision or answer.revision or offering["revision"],
        changes=[_shown(change, lists) for change in changes],
        given=lists,
        labels_in_all_languages=labels_in_all_languages,
        back_to_check=page.asked("return") == CHECK,
        **sent.shown,
    )


def _shown(change: Change, lists: Mapping[str, Any]) -> Mapping[str, Any]:
    known = lists.get(change.field.options, ()) if isinstance(change.field.options, str) else ()
    labels = {one.value: one.label for one in known}
    return {
        "label": change.field.label,
        "before": shown_values(change, change.before, labels),
        "now": shown_values(change, change.now, labels),
        "kept": change.kept,
    }


def _found(path: str) -> Step:
    found = find(path)
    if found is None:
        raise NotFoundException
    return found


def _base(page: Page) -> dict[str, list[str]]:
    """Return what the form showed at first, as the form itself states it: it is used only to show and to merge."""
    try:
        found = json.loads(page.value(BASE) or "{}")
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): [str(one) for one in values] for name, values in found.items() if isinstance(values, list)}


ROUTES = (show_new, create_draft, copy_earlier, begin_editing, show_step, save_step, check_answers)
