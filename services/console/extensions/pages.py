"""Extensions of the portal: their list, the page of each with its votes and progress, and their forms."""

from litestar import Response, get
from litestar.params import FromPath

from services.console.extensions.moves import EXTENSION
from services.console.extensions.words import EXTENSION_STATUS
from services.console.fields import WORDS_MAX, Field
from services.console.labels import WORK_PACKAGE
from services.console.moves.forms import entry_routes, form_routes, in_own_language
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage
from services.console.translations import N_

LIST_LENGTH = 25
PROPOSED_BY = frozenset({"coordinator"})
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
ONE = "/{language:str}/extensions/{extension_id:str}"


@get("/{language:str}/extensions")
async def list_extensions(page: CurrentPage) -> Response[bytes]:
    """List the extensions, newest first."""
    query = {"status": page.asked("status")} if page.asked("status") else {}
    found = await page.api.get("/v1/extensions", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "extensions/list.html",
        found=found,
        query=query,
        statuses=list(EXTENSION_STATUS),
        proposes=page.signed_in.role in PROPOSED_BY,
    )


@get(ONE)
async def show_extension(page: CurrentPage, extension_id: FromPath[str]) -> Response[bytes]:
    """Show an extension, the States that voted for it, and the notes on its progress."""
    extension = await page.api.get(f"/v1/extensions/{extension_id}")
    moves = EXTENSION.open_to(extension, page.signed_in.role)
    return page.render("extensions/show.html", record=extension, moves=moves)


ROUTES = (
    list_extensions,
    show_extension,
    *entry_routes(
        EXTENSION,
        "extension_id",
        FIELDS,
        heading=N_("Propose an extension of SHERLOC"),
        roles=PROPOSED_BY,
        explains=READ_BY_ALL,
        first=lambda page: {"language": page.language, "work_package": "development"},
    ),
    *form_routes(EXTENSION, "revise_extension", FIELDS, explains=N_("Votes and pledges for it remain.")),
    *form_routes(EXTENSION, "note_progress", NOTE_FIELDS, explains=READ_BY_ALL, first=in_own_language),
    *routes_of(EXTENSION),
)
