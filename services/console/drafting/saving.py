"""Saving a page of a draft: only what was changed is sent, and nothing of what another official saved is lost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Response
from msgspec import Struct

from services.console.client import Answer, Problem
from services.console.drafting.draft import Values, changed, merge, opened_with, typed_of
from services.console.fields import Field, FormError, Typed, errors_of
from services.console.moves.pages import STALE
from services.console.page import Page

OPENED, REVISION = "opened", "revision"


class Form(Struct, frozen=True, kw_only=True):
    """What a page of a draft shows in its form."""

    typed: Typed
    opened: str
    revision: int | None
    errors: Sequence[FormError] = ()
    conflicts: Mapping[str, Any] = {}
    """What another official saved in fields that were changed here too."""
    removed: bool = False
    status: int = 200


class Saved(Struct, frozen=True):
    """`merged`: another official saved something meanwhile, and both changes are kept."""

    merged: bool = False

    @property
    def done(self) -> str:
        return "merged" if self.merged else "saved"


def request_path(request_id: str) -> str:
    return f"/v1/requests/{request_id}"


def may_edit(request: Mapping[str, Any]) -> bool:
    return "revise" in request["moves"]


def closed(page: Page, request: Mapping[str, Any]) -> Response[bytes]:
    """The page of a draft that cannot be changed, or not by this person."""
    return page.render("drafting/closed.html", status=409, request=request)


def form_of(page: Page, answer: Answer, values: Values) -> Form:
    """The form of stored values; what was typed before a session ended is shown instead."""
    opened = page.value(OPENED) or opened_with(values)
    revision = int(page.value(REVISION)) if page.value(REVISION).isdigit() else answer.revision
    return Form(typed=page.typed or typed_of(values), opened=opened, revision=revision)


def form_typed(page: Page, errors: Sequence[FormError], *, status: int = 400) -> Form:
    """The form as it was posted, with what is wrong in it."""
    revision = page.value(REVISION)
    return Form(
        typed=page.typed,
        opened=page.value(OPENED),
        revision=int(revision) if revision.isdigit() else None,
        errors=errors,
        status=status,
    )


async def save(
    page: Page,
    request_id: str,
    path: str,
    mine: Values,
    theirs_in: Callable[[Mapping[str, Any]], Values | None],
    fields: Sequence[Field],
) -> Saved | Form:
    """Send what was changed. `theirs_in` are the values of this page in a request as it is stored; None if removed.

    If another official saved something meanwhile, what each changed alone is kept; what both changed is shown.
    """
    opened, revision = page.value(OPENED), page.value(REVISION)
    own = changed(opened, mine)
    if not own:
        return Saved()
    try:
        await page.api.send("PATCH", path, own, revision=int(revision) if revision.isdigit() else None)
        return Saved()
    except Problem as problem:
        if problem.status not in (STALE, 404):
            return refused(page, problem, fields)
    now = await page.api.read(request_path(request_id))
    theirs = theirs_in(now.body)
    if theirs is None:
        return Form(typed=page.typed, opened="", revision=now.revision, removed=True, status=409)
    merged = merge(opened, mine, theirs)
    if not merged.conflicts and may_edit(now.body):
        try:
            await page.api.send("PATCH", path, own, revision=now.revision)
            return Saved(merged=True)
        except Problem as problem:
            return refused(page, problem, fields)
    return Form(
        typed=typed_of(merged.values),
        opened=opened_with(theirs),
        revision=now.revision,
        conflicts={name: theirs[name] for name in merged.conflicts},
        status=STALE,
    )


def refused(page: Page, problem: Problem, fields: Sequence[Field]) -> Form:
    """The form with what the API says against it. Raises Problem where there is nothing to correct."""
    if problem.status == 401:
        raise problem
    errors = errors_of(fields, problem.errors, problem.title) or (FormError("", problem.title, said=True),)
    return form_typed(page, errors, status=problem.status)
