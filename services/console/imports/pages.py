"""Import of offerings, requests or contributions from a spreadsheet: its template, a trial, then the chosen rows.

The console keeps no file: the page of the trial carries it, or asks for it again if it is large.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from msgspec.structs import replace

from chassis.ids import new_id
from services.console.client import Answer, Problem
from services.console.downloads import as_download
from services.console.fields import FormError
from services.console.forms import SentFile
from services.console.imports.rows import outcome, plain
from services.console.moves.forms import NOTHING, Sent, wrong
from services.console.moves.forms import outcome as answered
from services.console.page import CurrentPage, Page
from services.console.translations import LANGUAGES, N_

HELD_BYTES_MAX = 128 * 1024
"""Maximum size of a file that a page carries, to keep pages small. A larger one is chosen again for the import."""
FORMATS = ("xlsx", "csv")
CHECK = "check"
NO_FILE = N_("Choose a file")
NO_ROWS = N_("Enter row numbers, for example 2-5,9")


class Table(Struct, frozen=True):
    """A noun whose records are imported."""

    path: str
    title: str
    explains: str
    roles: frozenset[str]
    records: str = ""
    """Path of its records in the API, if it is not that of its pages."""

    @property
    def api(self) -> str:
        return f"/v1{self.records or self.path}/import"


TABLES = (
    Table(
        "/offerings",
        N_("Import offerings from a spreadsheet"),
        N_("A row is a period of an offering; rows with the same mark in the first column are one offering."),
        frozenset({"provider_officer"}),
    ),
    Table(
        "/requests",
        N_("Import requests from a spreadsheet"),
        N_("A row is a line of a request; rows with the same mark in the first column are one request."),
        frozenset({"focal_point", "official", "coordinator"}),
    ),
    Table(
        "/sherloc/contributions",
        N_("Import contributions from a spreadsheet"),
        N_("A row is a contribution of your State to SHERLOC."),
        frozenset({"focal_point", "official"}),
        "/contributions",
    ),
)


def routes_of(table: Table) -> Sequence[HTTPRouteHandler]:
    """Return the routes of one noun: `/{language}{noun}/import`, and its template."""

    @get(f"/{{language:str}}{table.path}/import", name=f"import of{table.path}")
    async def show_import(page: CurrentPage) -> Response[bytes]:
        return _page(page, table)

    @get(f"/{{language:str}}{table.path}/import/template", name=f"template of{table.path}")
    async def download_template(page: CurrentPage) -> Response[bytes]:
        _check_role(page, table)
        language = page.asked("language", page.language)
        format_ = page.asked("format", FORMATS[0])
        if language not in LANGUAGES or format_ not in FORMATS:
            raise NotFoundException
        answer = await page.api.download(f"{table.api}/template", language=language, format=format_)
        return as_download(answer, f"{table.path.rpartition('/')[2]}.{format_}")

    @post(f"/{{language:str}}{table.path}/import", status_code=303, name=f"send import of{table.path}")
    async def send_import(page: CurrentPage) -> Response[bytes]:
        """Try the file, or import the rows that were chosen. Either shows the outcome of each row."""
        _check_role(page, table)
        file = _file(page)
        if file is None:
            return _page(page, table, wrong(FormError("file", NO_FILE)))
        if page.value("act") == CHECK:
            tried = await answered(_try(page, table, file))
            if tried.problem is not None:
                return _page(page, table, replace(tried, errors=_of_the_file(tried.problem, tried.errors)))
            return _tried(page, table, file, tried.record)
        rows = plain(page.value("rows"))
        sent = wrong(FormError("rows", NO_ROWS))
        if rows is not None:
            sent = await answered(_send(page, table, file, f"rows={rows or 'all'}", page.key))
        if sent.errors:
            sent = replace(sent, errors=[replace(one, field="rows") for one in sent.errors])
            return _tried(page, table, file, (await _try(page, table, file)).body, sent)
        return page.render("imports/done.html", table=table, imported=sent.record, outcome=outcome(sent.record))

    return (show_import, download_template, send_import)


async def _try(page: Page, table: Table, file: SentFile) -> Answer:
    return await _send(page, table, file, "dry_run=true", str(new_id()))


async def _send(page: Page, table: Table, file: SentFile, query: str, key: str) -> Answer:
    path = f"{table.api}?{query}&submit={'true' if page.value('submit') else 'false'}"
    return await page.api.upload(path, file.content, name=file.name, media_type=file.media_type, key=key)


def _page(page: Page, table: Table, sent: Sent = NOTHING) -> Response[bytes]:
    _check_role(page, table)
    return page.render("imports/import.html", table=table, formats=FORMATS, **sent.shown)


def _tried(page: Page, table: Table, file: SentFile, tried: dict[str, object], sent: Sent = NOTHING) -> Response[bytes]:
    """Show what the import would do, and the choice of rows. The page carries the file unless it is large."""
    of_it = outcome(tried)
    held = b64encode(file.content).decode() if len(file.content) <= HELD_BYTES_MAX else ""
    return page.render(
        "imports/tried.html",
        table=table,
        imported=tried,
        outcome=of_it,
        held=held,
        file_name=file.name,
        rows=page.value("rows") or of_it.accepted,
        submit=bool(page.value("submit")),
        **sent.shown,
    )


def _file(page: Page) -> SentFile | None:
    """Return the file that was chosen, else the one that the page carried; None without either."""
    chosen = page.files.get("file")
    if isinstance(chosen, SentFile):
        return chosen
    try:
        content = b64decode(page.value("held"), validate=True)
    except (binascii.Error, ValueError):
        return None
    return SentFile(page.value("file_name") or "table", "application/octet-stream", content) if content else None


def _of_the_file(problem: Problem, errors: Sequence[FormError]) -> tuple[FormError, ...]:
    """Return the errors of a file that could not be tried, first that of the file as a whole."""
    return (FormError("file", problem.title, True), *(one for one in errors if one.message != problem.title))


def _check_role(page: Page, table: Table) -> None:
    if page.signed_in.role not in table.roles:
        raise NotFoundException


ROUTES = tuple(route for table in TABLES for route in routes_of(table))
