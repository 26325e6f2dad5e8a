"""A form on a page of its own: a record entered or revised, and the command that it sends."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from litestar import Response
from msgspec import Struct
from msgspec.structs import replace

from chassis.ids import new_id
from services.console.client import Problem
from services.console.fields import Field, FormError, Option, Typed, errors_of, read
from services.console.moves.pages import KEY, REVISION, STALE
from services.console.page import Page
from services.console.translations import N_

Group = tuple[str, tuple[Field, ...]]
"""Fields under a heading; those under an empty one have none."""


class Sent(Struct, frozen=True, kw_only=True):
    """The record after the command; or what is wrong with it, for the form again."""

    record: Any = None
    errors: Sequence[FormError] = ()
    status: int = 200
    stale: bool = False


NOTHING = Sent()
"""Of a form that is opened."""


class Form(Struct, frozen=True, kw_only=True):
    """A form. `record` is what it is about, shown by the template `head`; `back` is the path of the page before it."""

    heading: str
    back: str
    groups: Sequence[Group]
    record: Mapping[str, Any] | None = None
    head: str = ""
    explains: str = ""
    button: str = N_("Save")
    revision: int | None = None
    """Of what is revised; None for what is entered."""
    given: Mapping[str, Sequence[Option]] = {}
    typed: Typed = {}
    """What it shows at first, where fields have no values of their own."""
    is_open: bool = True


def show(page: Page, form: Form, sent: Sent) -> Response[bytes]:
    """The form, with what was typed and what is wrong with it; without optional lists that have nothing to choose."""
    groups = [(name, [one for one in group if one.required or _has_options(one, form)]) for name, group in form.groups]
    return page.render(
        "moves/form.html",
        status=sent.status,
        form=form,
        groups=groups,
        record=form.record,
        fields=[field for _, group in groups for field in group],
        given=form.given,
        typed=page.typed or form.typed or None,
        errors=sent.errors,
        stale=sent.stale,
    )


def _has_options(field: Field, form: Form) -> bool:
    return not isinstance(field.options, str) or bool(form.given.get(field.options, True))


async def send(
    page: Page,
    method: str,
    path: str,
    fields: Sequence[Field],
    *,
    body_of: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> Sent:
    """Send what was typed, in the revision of the form if it has one; `body_of` makes the command's body of it."""
    typed = read(fields, page.typed)
    if typed.errors:
        return Sent(errors=typed.errors, status=400)
    return await command(page, method, path, body_of(typed.body), fields)


async def command(page: Page, method: str, path: str, body: Any, fields: Sequence[Field] = ()) -> Sent:
    """Send a body, in the revision of the form if it has one."""
    revision = page.value(REVISION)
    try:
        answer = await page.api.send(
            method,
            path,
            body,
            key=page.value(KEY) or str(new_id()),
            revision=int(revision) if revision.isdigit() else None,
        )
    except Problem as problem:
        if problem.status in (401, 404):
            raise
        found = errors_of(fields, problem.errors, problem.title) or (FormError("", problem.title, True),)
        names = {one.name for one in fields}
        # Of a list that the form asks for in rows, the API does not name the row.
        errors = [one if one.field in names else replace(one, field="") for one in found]
        return Sent(errors=errors, status=problem.status, stale=problem.status == STALE)
    return Sent(record=answer.body)


def filled(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields, with their first values out of a record."""
    return tuple(replace(one, value=values.get(one.name)) for one in fields)


def rows(row: Callable[[int], tuple[Field, ...]], count: int, typed: Typed) -> Sequence[tuple[Field, ...]]:
    """Rows of the same fields. What a row requires, it requires once something is typed into it."""
    found = [row(number) for number in range(1, count + 1)]
    begun = [any("".join(typed.get(one.name, ())).strip() for one in fields) for fields in found]
    return [
        fields if needed else tuple(replace(one, required=False) for one in fields)
        for fields, needed in zip(found, begun, strict=True)
    ]
