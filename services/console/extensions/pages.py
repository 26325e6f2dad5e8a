"""Extensions of the portal: their list, the page of each with its votes and progress, and their forms."""

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.deliveries.action_point_pages import text_languages
from services.console.extensions.moves import EXTENSION, NOTE, REVISE
from services.console.extensions.words import EXTENSION_STATUS
from services.console.fields import WORDS_MAX, Field
from services.console.labels import WORK_PACKAGE
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.translations import N_

LIST_LENGTH = 25
PROPOSED_BY = "coordinator"
LANGUAGE = Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages")
FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="scope", label=N_("What SHERLOC is to be able to do"), kind="words", max_length=10_000, rows=8),
    LANGUAGE,
    Field(name="cost", label=N_("Cost"), kind="money"),
    Field(
        name="work_package",
        label=N_("Work package of the fund that pays for it"),
        kind="choice",
        options=tuple(WORK_PACKAGE.items()),
    ),
)
NOTE_FIELDS = (
    Field(name="text", label=N_("How far it is"), kind="words", max_length=WORDS_MAX),
    LANGUAGE,
)
READ_BY_ALL = N_("Everybody who signs in here reads it.")
NEW = "/{language:str}/extensions/new"
ONE = "/{language:str}/extensions/{extension_id:str}"


@get("/{language:str}/extensions")
async def list_extensions(page: CurrentPage) -> Response[bytes]:
    """Newest first."""
    query = {"status": page.asked("status")} if page.asked("status") else {}
    found = await page.api.get("/v1/extensions", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "extensions/list.html",
        found=found,
        query=query,
        statuses=list(EXTENSION_STATUS),
        proposes=page.signed_in.role == PROPOSED_BY,
    )


@get(NEW)
async def new_extension(page: CurrentPage) -> Response[bytes]:
    return _new(page, NOTHING)


@post(NEW, status_code=303)
async def propose_extension(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/extensions", FIELDS)
    if sent.record is None:
        return _new(page, sent)
    return page.redirect(f"/extensions/{sent.record['extension_id']}", done="saved")


@get(ONE)
async def show_extension(page: CurrentPage, extension_id: FromPath[str]) -> Response[bytes]:
    """With the States that voted for it, and the notes on its progress."""
    extension = await page.api.get(f"/v1/extensions/{extension_id}")
    moves = EXTENSION.open_to(extension, page.signed_in.role)
    return page.render("extensions/show.html", record=extension, moves=moves)


@get(f"{ONE}{REVISE}")
async def show_revision(page: CurrentPage, extension_id: FromPath[str]) -> Response[bytes]:
    """The form, with what was stated last."""
    return await _again(page, extension_id, NOTHING)


@post(f"{ONE}{REVISE}", status_code=303)
async def revise_extension(page: CurrentPage, extension_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/extensions/{extension_id}/revise", FIELDS)
    if sent.record is None:
        return await _again(page, extension_id, sent)
    return page.redirect(f"/extensions/{extension_id}", done="saved")


@get(f"{ONE}{NOTE}")
async def new_note(page: CurrentPage, extension_id: FromPath[str]) -> Response[bytes]:
    return await _note(page, extension_id, NOTHING)


@post(f"{ONE}{NOTE}", status_code=303)
async def note_progress(page: CurrentPage, extension_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/extensions/{extension_id}/note", NOTE_FIELDS)
    if sent.record is None:
        return await _note(page, extension_id, sent)
    return page.redirect(f"/extensions/{extension_id}", done="saved")


def _new(page: Page, sent: Sent) -> Response[bytes]:
    form = Form(
        heading=N_("Propose an extension of SHERLOC"),
        back="/extensions",
        groups=(("", filled(FIELDS, {"language": page.language, "work_package": "development"})),),
        explains=READ_BY_ALL,
        given=text_languages(),
        is_open=page.signed_in.role == PROPOSED_BY,
    )
    return show(page, form, sent)


async def _again(page: Page, extension_id: str, sent: Sent) -> Response[bytes]:
    extension = await page.api.get(f"/v1/extensions/{extension_id}")
    form = Form(
        heading=N_("Revise the extension"),
        back=f"/extensions/{extension_id}",
        groups=(("", filled(FIELDS, extension)),),
        record=extension,
        head="extensions/head.html",
        explains=N_("Votes and pledges for it remain."),
        revision=extension["revision"],
        given=text_languages(),
        is_open="revise_extension" in extension["moves"],
    )
    return show(page, form, sent)


async def _note(page: Page, extension_id: str, sent: Sent) -> Response[bytes]:
    extension = await page.api.get(f"/v1/extensions/{extension_id}")
    form = Form(
        heading=N_("Note progress"),
        back=f"/extensions/{extension_id}",
        groups=(("", filled(NOTE_FIELDS, {"language": page.language})),),
        record=extension,
        head="extensions/head.html",
        explains=READ_BY_ALL,
        revision=extension["revision"],
        given=text_languages(),
        is_open="note_progress" in extension["moves"],
    )
    return show(page, form, sent)


ROUTES = (
    list_extensions,
    new_extension,
    propose_extension,
    show_extension,
    show_revision,
    revise_extension,
    new_note,
    note_progress,
    *routes_of(EXTENSION),
)
