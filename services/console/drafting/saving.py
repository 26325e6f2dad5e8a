"""Saving a page of a draft: only what was changed is sent, and nothing of what another official saved is lost."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Response
from msgspec import Struct, structs

from services.console.client import Answer, ApiUnavailable
from services.console.drafting.draft import Values, changed, merge, typed_of, value_digests, with_all_fields
from services.console.fields import Field, FormError, Typed
from services.console.moves.forms import NOTHING, STALE, Sent, command, outcome
from services.console.page import Page
from services.console.translations import N_

OPENED, REVISION = "opened", "revision"
NO_ANSWER = N_("The service does not answer at the moment. What you typed is still here: send it again in a moment.")


class Form(Struct, frozen=True, kw_only=True):
    """The form on a page of a draft."""

    typed: Typed
    opened: str
    revision: int | None
    errors: Sequence[FormError] = ()
    conflicts: Mapping[str, Any] = {}
    """Values that another official saved in fields that were changed here too."""
    removed: bool = False
    status: int = 200


class Saved(Struct, frozen=True):
    """A successful save. `merged`: another official saved something meanwhile, and both changes are kept."""

    merged: bool = False

    @property
    def done(self) -> str:
        return "merged" if self.merged else "saved"


def request_path(request_id: str) -> str:
    return f"/v1/requests/{request_id}"


async def read_request(page: Page, request_id: str) -> Answer:
    answer = await page.api.read(request_path(request_id))
    return structs.replace(answer, body=with_all_fields(answer.body))


def may_edit(request: Mapping[str, Any]) -> bool:
    return "revise" in request["moves"]


def closed(page: Page, request: Mapping[str, Any]) -> Response[bytes]:
    """Show the page of a draft that cannot be changed, or not by this person."""
    return page.render("drafting/closed.html", status=409, request=request)


def form_of(page: Page, answer: Answer, values: Values) -> Form:
    """Return the form of stored values, or of what was typed before a session ended."""
    opened = page.value(OPENED) or value_digests(values)
    revision = page.revision or answer.revision
    return Form(typed=page.typed or typed_of(values), opened=opened, revision=revision)


def form_typed(page: Page, sent: Sent = NOTHING) -> Form:
    """Return the form as it was posted, with the errors in it."""
    opened, revision = page.value(OPENED), page.revision
    return Form(typed=page.typed, opened=opened, revision=revision, errors=sent.errors, status=sent.status)


async def save(
    page: Page,
    request_id: str,
    path: str,
    mine: Values,
    theirs_in: Callable[[Mapping[str, Any]], Values | None],
    fields: Sequence[Field],
) -> Saved | Form:
    """Send what was changed. Return the form if it has to be shown again.

    `theirs_in` returns the values of this page in a request as it is stored, None if they were removed. If another
    official saved something meanwhile, what each changed alone is kept; what both changed is shown.
    """
    opened = page.value(OPENED)
    own = changed(opened, mine)
    if not own:
        return Saved()
    try:
        sent = await command(page, "PATCH", path, own, fields, hidden=False)
    except ApiUnavailable:
        return form_typed(page, Sent(errors=(FormError("", NO_ANSWER),), status=503))
    if not sent.errors:
        return Saved()
    if sent.status not in (STALE, 404):
        return form_typed(page, sent)
    now = await read_request(page, request_id)
    theirs = theirs_in(now.body)
    if theirs is None:
        return Form(typed=page.typed, opened="", revision=now.revision, removed=True, status=409)
    merged = merge(opened, mine, theirs)
    if not merged.conflicts and may_edit(now.body):
        sent = await outcome(page.api.send("PATCH", path, own, revision=now.revision), fields, hidden=False)
        return form_typed(page, sent) if sent.errors else Saved(merged=True)
    return Form(
        typed=typed_of(merged.values),
        opened=value_digests(theirs),
        revision=now.revision,
        conflicts={name: theirs[name] for name in merged.conflicts},
        status=STALE,
    )
