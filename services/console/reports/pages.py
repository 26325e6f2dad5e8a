"""Pages of yearly reports. A text is edited in one language at a time, beside its source."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from chassis import clock
from services.console.downloads import as_download
from services.console.fields import Field, Typed
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.reports.moves import AS_OF, REPORT
from services.console.reports.pictures import BY_SEX, MEASURES, MONEY, by_paragraph, by_year
from services.console.translations import LANGUAGES, N_

LIST_LENGTH = 25
TEXT_MAX = 8000
INTRODUCTION = "introduction"
WRITERS = ("coordinator", "focal_point")
FORMATS = ("pdf", "docx")
YEAR = Field(name="year", label=N_("Year"), kind="number")
NEW = (YEAR, AS_OF)
TEXT = Field(name="text", label=N_("Text"), kind="words", required=False, max_length=TEXT_MAX, rows=12)


@get("/{language:str}/reports")
async def list_reports(page: CurrentPage) -> Response[bytes]:
    return await _list(page, {})


@post("/{language:str}/reports", status_code=303)
async def draft_report(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/reports", NEW)
    if sent.errors:
        return await _list(page, page.typed, sent)
    return page.redirect(f"/reports/{sent.record['report_id']}", done="saved")


@get("/{language:str}/reports/{report_id:str}")
async def show_report(page: CurrentPage, report_id: FromPath[str]) -> Response[bytes]:
    """Show a report's figures, charts and texts; each text in the reader's language, else in that of its source."""
    session = page.signed_in
    report = await page.api.get(f"/v1/reports/{report_id}")
    figures = report["figures"]
    return page.render(
        "reports/show.html",
        report=report,
        moves=REPORT.open_to(report, session.role),
        pictures=[one for one in (by_paragraph(figures, page.language), by_year(figures, page.language)) if one.drawn],
        measures=MEASURES,
        money=MONEY,
        sexes_of=BY_SEX,
        blocks=[INTRODUCTION, *(one["paragraph"] for one in figures["paragraphs"])],
        numbers={one["paragraph"]: one["numbers"] for one in figures["paragraphs"]},
        texts=_by_block(report),
        writes="revise_report" in report["moves"],
    )


@get("/{language:str}/reports/{report_id:str}/{format:str}")
async def download_report(page: CurrentPage, report_id: FromPath[str], format: FromPath[str]) -> Response[bytes]:
    if format not in FORMATS:
        raise NotFoundException
    return as_download(await page.api.download(f"/v1/reports/{report_id}/{format}", language=page.language))


@get("/{language:str}/reports/{report_id:str}/texts/{block:str}/{code:str}")
async def edit_text(
    page: CurrentPage, report_id: FromPath[str], block: FromPath[str], code: FromPath[str]
) -> Response[bytes]:
    return await _text(page, report_id, block, code)


@post("/{language:str}/reports/{report_id:str}/texts/{block:str}/{code:str}", status_code=303)
async def save_text(
    page: CurrentPage, report_id: FromPath[str], block: FromPath[str], code: FromPath[str]
) -> Response[bytes]:
    """Save the text in this language, or remove it if it is empty."""
    path, method = f"/v1/reports/{report_id}/texts/{block}/{code}", "PUT" if page.value("text").strip() else "DELETE"
    sent = await send(page, method, path, (TEXT,), body_of=lambda typed: typed or None)
    if sent.errors:
        return await _text(page, report_id, block, code, sent)
    return page.redirect(f"/reports/{report_id}", done="saved")


def _by_block(report: Mapping[str, Any]) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """Return the texts by block and language; the source of each block is the first."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for one in report["texts"]:
        found.setdefault(one["block"], {})[one["language"]] = one
    return found


async def _list(page: Page, typed: Typed, sent: Sent = NOTHING) -> Response[bytes]:
    session, today = page.signed_in, clock.now().date()
    found = await page.api.get("/v1/reports", cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "reports/list.html",
        found=found["reports"],
        cursor=found["cursor"],
        fields=NEW,
        typed=typed or {"year": [str(today.year)], "as_of": [today.isoformat()]},
        writes=session.role in WRITERS,
        **sent.shown,
    )


async def _text(page: Page, report_id: str, block: str, code: str, sent: Sent = NOTHING) -> Response[bytes]:
    answer = await page.api.read(f"/v1/reports/{report_id}")
    report = answer.body
    paragraphs = [one["paragraph"] for one in report["figures"]["paragraphs"]]
    if code not in LANGUAGES or block not in (INTRODUCTION, *paragraphs) or "revise_report" not in report["moves"]:
        raise NotFoundException
    texts = _by_block(report).get(block, {})
    held = texts.get(code)
    source = next((one for one in texts.values() if one["language"] == one["source_language"]), None)
    return page.render(
        "reports/text.html",
        report=report,
        block=block,
        code=code,
        source=source if source is not None and source["language"] != code else None,
        held=held,
        revision=report["revision"],
        fields=(TEXT,),
        typed=page.typed or ({"text": [held["text"]]} if held else None),
        **sent.shown,
    )


ROUTES = (list_reports, draft_report, show_report, edit_text, save_text, *routes_of(REPORT), download_report)
