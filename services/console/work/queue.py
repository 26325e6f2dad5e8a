"""The queue of clocks: for each step, how many are late, in time and paused."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from msgspec import Struct

from contracts.formats import number
from services.console.charts.bars import Bar, Part, legend, stacked
from services.console.downloads import csv_file
from services.console.labels import STEP
from services.console.page import CurrentPage, Page
from services.console.translations import N_, translations
from services.console.work.pages import query_of

PARTS = (N_("Late"), N_("In time"), N_("Paused"))
COLOURS = ("bar-late", "bar-1", "bar-rest")


class Waiting(Struct, frozen=True):
    """Numbers of clocks in a step."""

    step: str
    late: int
    in_time: int
    paused: int

    @property
    def parts(self) -> tuple[int, int, int]:
        return self.late, self.in_time, self.paused

    @property
    def all(self) -> int:
        return sum(self.parts)


def waiting_of(late: Mapping[str, int], running: Mapping[str, int], whole: Mapping[str, int]) -> list[Waiting]:
    """Return the steps with clocks, from the numbers that are late, that run, and that run or are paused."""
    found = (
        Waiting(
            step,
            late.get(step, 0),
            running.get(step, 0) - late.get(step, 0),
            max(whole.get(step, 0) - running.get(step, 0), 0),
        )
        for step in STEP
    )
    return [one for one in found if one.all]


async def _waiting(page: Page) -> list[Waiting]:
    query = dict(query_of(page).filters.parameters)
    for name in ("overdue", "paused"):
        query.pop(name, None)
    late, running, whole = await asyncio.gather(
        page.api.get("/v1/work/counts", **{**query, "overdue": True}),
        page.api.get("/v1/work/counts", **query),
        page.api.get("/v1/work/counts", **{**query, "paused": True}),
    )
    return waiting_of(late["by_step"], running["by_step"], whole["by_step"])


def _words(page: Page, waiting: Sequence[Waiting]) -> dict[str, Any]:
    gettext, ngettext = translations(page.language).gettext, translations(page.language).ngettext
    late = sum(one.late for one in waiting)
    finding = (
        ngettext("%(num)s clock is late.", "%(num)s clocks are late.", late) % {"num": number(late, page.language)}
        if late
        else gettext("Nothing is late.")
    )
    parts = legend([gettext(one) for one in PARTS], colours=COLOURS)
    bars = [
        Bar(
            gettext(STEP[one.step]),
            tuple(Part(value, number(value, page.language)) for value in one.parts),
            number(one.all, page.language),
        )
        for one in waiting
    ]
    return {
        "finding": finding,
        "svg": stacked(bars, parts, page.language),
        "headers": [gettext("To do"), *(one.label for one in parts)],
        "rows": [[bar.label, *(part.shown for part in bar.parts)] for bar in bars],
    }


@get("/{language:str}/work/queue")
async def show_queue(page: CurrentPage) -> Response[bytes]:
    waiting = await _waiting(page)
    return page.render("work/queue.html", query=query_of(page), waiting=waiting, **_words(page, waiting))


@get("/{language:str}/work/queue.csv")
async def download_queue(page: CurrentPage) -> Response[bytes]:
    waiting = await _waiting(page)
    words = _words(page, waiting)
    return csv_file(
        "queue.csv",
        [words["headers"], *([row[0], *one.parts] for row, one in zip(words["rows"], waiting, strict=True))],
    )


ROUTES = (show_queue, download_queue)
