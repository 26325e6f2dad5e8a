"""The command of a form of its own page: a record beside a delivery, entered or revised."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from chassis.ids import new_id
from services.console.client import Problem
from services.console.fields import Field, FormError, errors_of, read
from services.console.moves.pages import KEY, REVISION, STALE
from services.console.page import Page


class Sent(Struct, frozen=True, kw_only=True):
    """The record after the command; or what is wrong with it, for the form again."""

    record: Any = None
    errors: Sequence[FormError] = ()
    status: int = 200
    stale: bool = False


async def send(
    page: Page, method: str, path: str, fields: Sequence[Field], given: Mapping[str, Any] | None = None
) -> Sent:
    """What was typed, with what the page gives, in the revision of the form if it has one."""
    typed = read(fields, page.typed)
    if typed.errors:
        return Sent(errors=typed.errors, status=400)
    revision = page.value(REVISION)
    try:
        answer = await page.api.send(
            method,
            path,
            {**typed.body, **(given or {})},
            key=page.value(KEY) or str(new_id()),
            revision=int(revision) if revision.isdigit() else None,
        )
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        errors = errors_of(fields, problem.errors, problem.title) or (FormError("", problem.title, True),)
        return Sent(errors=errors, status=problem.status, stale=problem.status == STALE)
    return Sent(record=answer.body)
