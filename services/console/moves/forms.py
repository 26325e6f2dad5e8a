"""Forms on pages of their own, which enter or revise a record, and the commands that they send."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct
from msgspec.structs import replace

from services.console.client import Answer, Problem
from services.console.fields import Field, FormError, Option, Typed, form_errors, read
from services.console.forms import SentFile
from services.console.moves.model import Noun
from services.console.page import CurrentPage, Page
from services.console.translations import LANGUAGES, N_, OWN_NAMES

STALE = 412

Group = tuple[str, tuple[Field, ...]]
"""A heading and the fields under it. An empty heading is not shown."""


class Sent(Struct, frozen=True, kw_only=True):
    """The record after the command, or the errors with which the form is shown again."""

    record: Any = None
    errors: Sequence[FormError] = ()
    status: int = 200
    stale: bool = False
    problem: Problem | None = None
    """The refusal that the errors are of, for a page that says more of it."""

    @property
    def shown(self) -> dict[str, Any]:
        """What the page of the form is rendered with."""
        return {"status": self.status, "errors": self.errors, "stale": self.stale}


NOTHING = Sent()
"""The result for a form that is opened: nothing was sent."""


def wrong(*errors: FormError) -> Sent:
    """Return the result for what was typed with errors: nothing was sent."""
    return Sent(errors=errors, status=400)


class Form(Struct, frozen=True, kw_only=True):
    """A form. `record` is its subject, shown by the template `head`; `back` is the path of the page before it."""

    heading: str
    back: str
    groups: Sequence[Group]
    record: Mapping[str, Any] | None = None
    head: str = ""
    noun: Noun | None = None
    explains: str = ""
    button: str = N_("Save")
    revision: int | None = None
    """Revision of the record that is revised; None for a new record."""
    given: Mapping[str, Sequence[Option]] = {}
    typed: Typed = {}
    """Values shown at first, where fields have no values of their own."""
    is_open: bool = True


def unplaced(errors: Sequence[FormError], names: Collection[str] = ()) -> Sequence[FormError]:
    """Return the errors; those of other fields without a name: the API does not name the row of a list in rows."""
    return [one if one.field in names else replace(one, field="") for one in errors]


def show(page: Page, form: Form, sent: Sent) -> Response[bytes]:
    """Show the form, with what was typed and the errors; without optional lists that have nothing to choose."""
    groups = [(name, [one for one in group if one.required or _has_options(one, form)]) for name, group in form.groups]
    names = {one.name for _, group in form.groups for one in group}
    return page.render(
        "moves/form.html",
        form=form,
        groups=groups,
        record=form.record,
        fields=[field for _, group in groups for field in group],
        given=form.given,
        typed=page.typed or form.typed or None,
        **sent.shown | {"errors": unplaced(sent.errors, names)},
    )


def _has_options(field: Field, form: Form) -> bool:
    return not isinstance(field.options, str) or bool(form.given.get(field.options, True))


async def send(
    page: Page,
    method: str,
    path: str,
    fields: Sequence[Field],
    *,
    body_of: Callable[[dict[str, Any]], dict[str, Any] | None] = dict,
    hidden: bool = True,
) -> Sent:
    """Send what was typed, in the revision of the form if it has one. `body_of` makes the command's body of it.

    `hidden` is False if what is not found may be what the form names, which is then an error of the form.
    """
    typed = read(fields, page.typed)
    if typed.errors:
        return wrong(*typed.errors)
    return await command(page, method, path, body_of(typed.body), fields, hidden=hidden)


async def command(
    page: Page, method: str, path: str, body: Any = None, fields: Sequence[Field] = (), *, hidden: bool = True
) -> Sent:
    """Send a body, in the revision of the form if it has one. Only a POST has a key: the API reads no other's."""
    key = page.key if method == "POST" else None
    return await outcome(page.api.send(method, path, body, key=key, revision=page.revision), fields, hidden=hidden)


async def upload(page: Page, path: str, file: SentFile, *, hidden: bool = True) -> Sent:
    """Send a file, in the revision of the form if it has one."""
    sending = page.api.upload(
        path, file.content, name=file.name, media_type=file.media_type, key=page.key, revision=page.revision
    )
    return await outcome(sending, hidden=hidden)


async def outcome(answer: Awaitable[Answer], fields: Sequence[Field] = (), *, hidden: bool = True) -> Sent:
    """Wait for the answer of the API. Raises a Problem that is no error of the form, as `form_errors` does."""
    try:
        return Sent(record=(await answer).body)
    except Problem as problem:
        errors = form_errors(problem, fields, hidden=hidden)
        return Sent(errors=errors, status=problem.status, stale=problem.status == STALE, problem=problem)


def filled(fields: Sequence[Field], values: Mapping[str, Any]) -> tuple[Field, ...]:
    """Return the fields, with their first values from a record."""
    return tuple(replace(one, value=values.get(one.name)) for one in fields)


def rows(row: Callable[[int], tuple[Field, ...]], count: int, typed: Typed) -> Sequence[tuple[Field, ...]]:
    """Return rows of the same fields. Required fields of a row are required once something is typed into it."""
    found = [row(number) for number in range(1, count + 1)]
    begun = [any("".join(typed.get(one.name, ())).strip() for one in fields) for fields in found]
    return [
        fields if needed else tuple(replace(one, required=False) for one in fields)
        for fields, needed in zip(found, begun, strict=True)
    ]


Given = Callable[[Page], Awaitable[Mapping[str, Sequence[Option]]]]


def text_languages() -> Mapping[str, Sequence[Option]]:
    """Return the options for the languages that people write in, by their own names."""
    return {"text_languages": [Option(one, OWN_NAMES[one]) for one in LANGUAGES]}


def in_own_language(page: Page) -> Mapping[str, Any]:
    """Return the first values of a form whose texts are in the reader's language."""
    return {"language": page.language}


def entry_routes(
    noun: Noun,
    key: str,
    fields: Sequence[Field],
    *,
    heading: str,
    roles: Collection[str],
    explains: str = "",
    first: Callable[[Page], Mapping[str, Any]] = in_own_language,
    given: Given | None = None,
    done: str = "saved",
) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the form in which these roles enter a record: `GET` and `POST /{language}{noun}/new`.

    `key` is the field with the id of the record, `first` returns the first values of the fields, of which an address
    may give choices; `given` returns the options of lists that the API has.
    """
    choices = [one.name for one in fields if one.kind == "choice"]

    async def form(page: Page, sent: Sent) -> Response[bytes]:
        values = {**first(page), **{name: page.asked(name) for name in choices if page.asked(name)}}
        asked = Form(
            heading=heading,
            back=noun.path,
            groups=(("", filled(fields, values)),),
            explains=explains,
            given={**text_languages(), **(await given(page) if given else {})},
            is_open=page.signed_in.role in roles,
        )
        return show(page, asked, sent)

    @get(f"/{{language:str}}{noun.path}/new", name=f"new{noun.path}")
    async def show_form(page: CurrentPage) -> Response[bytes]:
        return await form(page, NOTHING)

    @post(f"/{{language:str}}{noun.path}/new", status_code=303, name=f"enter{noun.path}")
    async def enter(page: CurrentPage) -> Response[bytes]:
        sent = await send(page, "POST", noun.api, fields)
        if sent.record is None:
            return await form(page, sent)
        return page.redirect(f"{noun.path}/{sent.record[key]}", done=done)

    return (show_form, enter)


async def show_move(
    page: Page,
    noun: Noun,
    name: str,
    record_id: str,
    fields: Sequence[Field],
    sent: Sent,
    *,
    explains: str = "",
    first: Callable[[Page], Mapping[str, Any]] | None = None,
    adds: bool = False,
) -> Response[bytes]:
    """Show the form of a move on a page of its own, with what the record says or with the `first` values.

    It is sent in the record's revision, unless it `adds` another record to it.
    """
    record = await page.api.get(f"{noun.api}/{record_id}")
    form = Form(
        heading=noun.named(name).label,
        back=f"{noun.path}/{record_id}",
        groups=(("", filled(fields, record if first is None else first(page))),),
        record=record,
        head=noun.record,
        noun=noun,
        explains=explains,
        revision=None if adds else record["revision"],
        given=text_languages(),
        is_open=name in record["moves"],
    )
    return show(page, form, sent)


def form_routes(
    noun: Noun,
    name: str,
    fields: Sequence[Field],
    *,
    explains: str = "",
    first: Callable[[Page], Mapping[str, Any]] | None = None,
    adds: bool = False,
) -> Sequence[HTTPRouteHandler]:
    """Return the routes of a move that has a page of its own: `GET` and `POST /{language}{noun}/{id}{elsewhere}`."""
    move = noun.named(name)
    address = f"/{{language:str}}{noun.path}/{{record_id:str}}{move.elsewhere}"
    to = f"/{move.path}" if move.path else ""

    async def form(page: Page, record_id: str, sent: Sent) -> Response[bytes]:
        return await show_move(page, noun, name, record_id, fields, sent, explains=explains, first=first, adds=adds)

    @get(address, name=f"{name} form of{noun.path}")
    async def show_form(page: CurrentPage, record_id: FromPath[str]) -> Response[bytes]:
        return await form(page, record_id, NOTHING)

    @post(address, status_code=303, name=f"{name} send{noun.path}")
    async def send_form(page: CurrentPage, record_id: FromPath[str]) -> Response[bytes]:
        sent = await send(page, move.method, f"{noun.api}/{record_id}{to}", fields)
        if sent.record is None:
            return await form(page, record_id, sent)
        return page.redirect(f"{noun.path}/{record_id}", done="saved")

    return (show_form, send_form)
