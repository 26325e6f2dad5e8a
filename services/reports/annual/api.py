"""Routes of yearly reports."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Database, Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import change, create, show
from chassis.http.downloads import disposition
from chassis.http.edge import reader_language
from chassis.http.pages import Pagination
from chassis.http.queries import query_parameter
from contracts.reports import FIRST_YEAR, LAST_YEAR, Year
from contracts.values import Caller, Code, Language, State
from services.reports import policy
from services.reports.annual import actions, store
from services.reports.annual.model import ReportStatus
from services.reports.annual.printed_reader import printed
from services.reports.annual.printing.renderer import MEDIA_TYPES, Format
from services.reports.annual.views import ReportSummary, ReportView, report_view, summary_of
from services.reports.dependencies import Dependencies, Owned
from services.reports.policy import Action

REPORT = "/v1/reports/{report_id:uuid}"
TEXT = f"{REPORT}/texts/{{block:str}}/{{language:str}}"

Words = Annotated[str, Meta(min_length=1, max_length=8000)]


class DraftReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report of a `year`, with the figures as of a day of that year."""

    year: Year
    as_of: date


class RefreshReport(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day as of which the figures are drawn again."""

    as_of: date


class WriteReportText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The text of a block; an empty line begins a new paragraph."""

    text: Words


class NoFields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body without fields."""


class ReportPage(Struct, frozen=True, kw_only=True):
    """Reports, newest first; `cursor` leads to the next page."""

    reports: list[ReportSummary]
    cursor: str | None


@get("/v1/reports", opt=requires(Action.LIST_REPORTS), summary="The yearly reports this caller may see")
async def list_reports(
    db: Db,
    caller: CurrentCaller,
    paging: Pagination,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    conference: FromQuery[bool] = False,
    year: Annotated[int | None, QueryParameter(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
    status: FromQuery[ReportStatus | None] = None,
    cursor: FromQuery[UUID | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.LIST_MAX)] = 50,
) -> Response[ReportPage]:
    """Lists reports to the Conference and of States; `conference` limits the list to the former."""
    policy.decide(caller, Action.LIST_REPORTS).required()
    async with db.transaction(by=caller) as tx:
        found = await store.page(
            tx,
            caller,
            state=of_state,
            conference=conference,
            year=year,
            status=status,
            before=cursor,
            limit=limit + 1,
        )
    return paging.page(ReportPage, found, limit, view=lambda one: summary_of(one, caller))


@create("/v1/reports", Action.DRAFT_REPORT, "Draft a yearly report", read=report_view)
async def draft_report(tx: Tx, ctx: Context, report_id: UUID, data: JSONBody[DraftReport], own: Owned) -> None:
    """Requires the role `coordinator` for the report to the Conference, or `focal_point` for the report of the State.

    Each year can have one draft at a time. It begins with the texts of the previous version.
    """
    await actions.draft(tx, ctx, report_id, data.year, data.as_of, own.reader.cells)


@show(REPORT, Action.SHOW_REPORT, "One yearly report")
async def show_report(tx: Tx, ctx: Context, report_id: FromPath[UUID]) -> ReportView:
    """Includes the figures and texts."""
    return await report_view(tx, ctx, report_id)


@change(TEXT, Action.REVISE_REPORT, "Write a text of a report in one language", read=report_view, method="PUT")
async def write_report_text(
    tx: Tx,
    ctx: Context,
    report_id: FromPath[UUID],
    block: FromPath[Code],
    language: FromPath[Language],
    data: JSONBody[WriteReportText],
) -> None:
    """Writes the text of the `introduction` or of a paragraph of the resolution.

    Texts in other languages do not change; those translated from this one become stale.
    """
    await actions.write(tx, ctx, report_id, block, language, data.text)


@change(TEXT, Action.REVISE_REPORT, "Remove a text of a report in one language", read=report_view, method="DELETE")
async def remove_report_text(
    tx: Tx, ctx: Context, report_id: FromPath[UUID], block: FromPath[Code], language: FromPath[Language]
) -> None:
    """The source text of translations can only be removed after them."""
    await actions.remove(tx, ctx, report_id, block, language)


@change(f"{REPORT}/refresh", Action.REVISE_REPORT, "Refresh the figures of a draft report", read=report_view)
async def refresh_report(
    tx: Tx, ctx: Context, report_id: FromPath[UUID], data: JSONBody[RefreshReport], own: Owned
) -> None:
    """Draws the figures as of a day of the report's year. The texts do not change."""
    await actions.refresh(tx, ctx, report_id, data.as_of, own.reader.cells)


@change(f"{REPORT}/issue", Action.ISSUE_REPORT, "Issue a report", read=report_view)
async def issue_report(tx: Tx, ctx: Context, report_id: FromPath[UUID], data: JSONBody[NoFields]) -> None:
    """The figures and texts then no longer change; the version that was valid is superseded."""
    await actions.issue(tx, ctx, report_id)


@get(
    f"{REPORT}/pdf",
    opt=requires(Action.SHOW_REPORT),
    media_type=MEDIA_TYPES[Format.PDF],
    summary="A yearly report as PDF",
)
async def download_report_pdf(
    report_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    language: FromQuery[Language | None] = None,
) -> Response[bytes]:
    """The PDF is tagged, with charts. An issued report gives the same bytes each time.

    The language is `language`, or the preferred one of `Accept-Language`. A text without a translation is shown in the
    language in which it was written.
    """
    return await _download(report_id, Format.PDF, language or reader_language(request.scope), db, own, caller)


@get(
    f"{REPORT}/docx",
    opt=requires(Action.SHOW_REPORT),
    media_type=MEDIA_TYPES[Format.DOCX],
    summary="A yearly report as a text document",
)
async def download_report_docx(
    report_id: FromPath[UUID],
    request: Request[Any, Any, Any],
    db: Db,
    own: Owned,
    caller: CurrentCaller,
    language: FromQuery[Language | None] = None,
) -> Response[bytes]:
    """An Office Open XML file with the contents of the PDF. An issued report gives the same bytes each time."""
    return await _download(report_id, Format.DOCX, language or reader_language(request.scope), db, own, caller)


async def _download(
    report_id: UUID, format: Format, language: Language, db: Database, own: Dependencies, caller: Caller
) -> Response[bytes]:
    async with db.transaction(by=caller, snapshot=True) as tx:
        found = await printed(tx, caller, report_id)
    made = await own.renderer.report(found, language, format, organization=caller.organization)
    report = found.report
    name = f"report-{report.state or 'conference'}-{report.year}-{report.number}-{language}.{format}"
    headers = {"Content-Disposition": disposition(name), "Content-Language": language.value}
    return Response(made, media_type=MEDIA_TYPES[format], headers=headers)


ROUTES = [
    list_reports,
    draft_report,
    show_report,
    write_report_text,
    remove_report_text,
    refresh_report,
    issue_report,
    download_report_pdf,
    download_report_docx,
]
