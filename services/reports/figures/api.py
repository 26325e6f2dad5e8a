"""Routes of figures: as data, as a table and as a chart, for callers and for the public."""

import hashlib
import io
from datetime import date, datetime
from typing import Annotated

from litestar import Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from chassis.charts.amounts import amounts_drawing
from chassis.db.database import Database
from chassis.http.application import PUBLIC, PUBLISHED, CurrentCaller, Db, Now, ReaderLanguage, requires
from chassis.http.downloads import Download
from chassis.http.queries import query_parameter
from chassis.sheets.cells import CSV_TYPE, XLSX_TYPE
from chassis.sheets.tables import Table, table_download
from chassis.sheets.templates import RIGHT_TO_LEFT, TableFormat
from contracts import formats
from contracts.reference.figure_labels import label_of, name_of, word
from contracts.values import Caller, Code, Language, State
from services.reports import policy
from services.reports.dependencies import Dependencies, Owned
from services.reports.figures.model import OF_UNODC, STATUS, Unit
from services.reports.figures.views import FigureView, figure_view, public_view, question
from services.reports.policy import Action

SVG = "image/svg+xml"
FIGURE, PUBLIC_FIGURE = "/v1/figures/{figure:str}", "/v1/public/figures/{figure:str}"

By = Annotated[str, QueryParameter(max_length=32)]
AsOf = FromQuery[date | None]
OfState = Annotated[str | None, query_parameter(State, name="state")]
OfStatus = Annotated[str | None, query_parameter(Code)]


@get(FIGURE, opt=requires(Action.SHOW_FIGURE), summary="A figure by a code, as of a day")
async def show_figure(
    figure: FromPath[str],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    now: Now,
    by: By = STATUS,
    as_of: AsOf = None,
    of_state: OfState = None,
    status: OfStatus = None,
) -> FigureView:
    """UNODC sees the figure of all records or of one `state`; a State sees its own.

    Small numbers of people are suppressed, except for coordinators. `as_of` defaults to today. Only callers who see
    exact numbers may limit it to a `status`; others can count `by` status.
    """
    return await _of_caller(db, own, caller, figure, by, as_of, of_state, status, now)


@get(
    f"{FIGURE}/table",
    opt=requires(Action.SHOW_FIGURE) | {"also": {CSV_TYPE: {}}},
    media_type=XLSX_TYPE,
    summary="A figure as a spreadsheet or CSV",
)
async def figure_as_table(
    figure: FromPath[str],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    now: Now,
    reader_language: ReaderLanguage,
    by: By = STATUS,
    as_of: AsOf = None,
    of_state: OfState = None,
    status: OfStatus = None,
    format: FromQuery[TableFormat] = TableFormat.XLSX,
    language: FromQuery[Language | None] = None,
) -> Download:
    """Contains codes, their labels and their numbers.

    The labels are in `language`, or in the preferred language of `Accept-Language`.
    """
    found = await _of_caller(db, own, caller, figure, by, as_of, of_state, status, now)
    return await _table(found, format, language or reader_language or Language.EN, now)


@get(f"{FIGURE}/chart", opt=requires(Action.SHOW_FIGURE), media_type=SVG, summary="A figure as a chart in SVG")
async def figure_as_chart(
    figure: FromPath[str],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    now: Now,
    reader_language: ReaderLanguage,
    by: By = STATUS,
    as_of: AsOf = None,
    of_state: OfState = None,
    status: OfStatus = None,
    language: FromQuery[Language | None] = None,
) -> Download:
    """Shows a bar for each value; for durations, the bar is the median.

    The labels are in `language`, or in the preferred language of `Accept-Language`.
    """
    found = await _of_caller(db, own, caller, figure, by, as_of, of_state, status, now)
    return _chart(found, language or reader_language or Language.EN)


@get(PUBLIC_FIGURE, opt=PUBLIC, summary="A figure of what its owners published, as of the end of a month")
async def show_public_figure(figure: FromPath[str], db: Db, now: Now, by: By = STATUS) -> Response[FigureView]:
    """Counts requests with an approved public summary and published offerings, in the newest issue of open data.

    A number is listed if records of at least five States or providers are in it, and not all that are counted.
    """
    return Response(await _of_everybody(db, figure, by, now), headers=PUBLISHED)


@get(
    f"{PUBLIC_FIGURE}/table",
    opt=PUBLIC | {"also": {CSV_TYPE: {}}},
    media_type=XLSX_TYPE,
    summary="A public figure as a spreadsheet or CSV",
)
async def public_figure_as_table(
    figure: FromPath[str],
    db: Db,
    now: Now,
    reader_language: ReaderLanguage,
    by: By = STATUS,
    format: FromQuery[TableFormat] = TableFormat.XLSX,
    language: FromQuery[Language | None] = None,
) -> Download:
    """Contains codes, their labels and their numbers.

    The labels are in `language`, or in the preferred language of `Accept-Language`.
    """
    found = await _of_everybody(db, figure, by, now)
    return await _table(found, format, language or reader_language or Language.EN, now)


@get(f"{PUBLIC_FIGURE}/chart", opt=PUBLIC, media_type=SVG, summary="A public figure as a chart in SVG")
async def public_figure_as_chart(
    figure: FromPath[str],
    db: Db,
    now: Now,
    reader_language: ReaderLanguage,
    by: By = STATUS,
    language: FromQuery[Language | None] = None,
) -> Download:
    """Shows a bar for each value; for durations, the bar is the median.

    The labels are in `language`, or in the preferred language of `Accept-Language`.
    """
    found = await _of_everybody(db, figure, by, now)
    return _chart(found, language or reader_language or Language.EN)


# -- shared by the routes ---------------------------------------------------------------------------------------------


async def _of_caller(
    db: Database,
    own: Dependencies,
    caller: Caller,
    figure: str,
    by: str,
    as_of: date | None,
    state: str | None,
    status: str | None,
    now: datetime,
) -> FigureView:
    scope = policy.scope_of(caller, state, figure)
    policy.decide(caller, Action.SHOW_FIGURE, scope).required()
    asked = question(
        figure,
        by,
        as_of,
        scope.state,
        status,
        now,
        exact=policy.reads_exact(caller, figure),
        without=frozenset() if policy.oversees(caller) else OF_UNODC,
    )
    async with db.transaction(by=caller, snapshot=True) as tx:
        return await figure_view(tx, asked, own.reader.cells)


async def _of_everybody(db: Database, figure: str, by: str, now: datetime) -> FigureView:
    # There is no caller; an issue contains public numbers.
    async with db.transaction(by=None, snapshot=True) as tx:
        return await public_view(tx, figure, by, now)


def _title(found: FigureView, language: Language) -> str:
    of = f": {word('column:median_days', language)}" if found.counts is Unit.DAYS else ""
    return f"{name_of(found.figure, found.by, language)}{of} ({formats.day(found.as_of, language)})"


async def _table(found: FigureView, of: TableFormat, language: Language, now: datetime) -> Download:
    """Write a row for each value, and the total. A suppressed number is an empty cell, marked as suppressed."""
    suppressed = word("column:suppressed", language)
    rows = [
        (
            cell.value,
            label_of(found.by, cell.value, language),
            cell.number,
            suppressed if cell.suppressed else None,
            cell.median_days,
        )
        for cell in found.cells
    ]
    hidden = suppressed if found.total is None else None
    rows.append(("total", word("value:total", language), found.total, hidden, None))
    table = Table(
        name=f"{found.figure}-{found.as_of.isoformat()}",
        language=language,
        headings=[
            word(f"column:{name}", language) for name in ("code", "label", "number", "suppressed", "median_days")
        ],
        rows=rows,
    )
    return await table_download(table, of, created_at=now)


def _chart(found: FigureView, language: Language) -> Download:
    suppressed = word("column:suppressed", language)
    timed = found.counts is Unit.DAYS
    numbers = [(cell, cell.median_days if timed else cell.number) for cell in found.cells]
    rows = [
        (
            label_of(found.by, cell.value, language),
            number,
            suppressed if number is None else formats.number(number, language),
        )
        for cell, number in numbers
    ]
    content = amounts_drawing(rows, title=_title(found, language), mirrored=language in RIGHT_TO_LEFT).file()
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    name = f"{found.figure}-{found.by}-{found.as_of.isoformat()}-{language}.svg"
    return Download(
        io.BytesIO(content), name=name, size_bytes=len(content), etag=etag, media_type=SVG, language=language
    )


ROUTES = [
    show_figure,
    figure_as_table,
    figure_as_chart,
    show_public_figure,
    public_figure_as_table,
    public_figure_as_chart,
]
