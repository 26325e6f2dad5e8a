"""Figures for people who have signed in: movement of requests, balance of the pillars, all that `reports` counts."""

import asyncio
from collections.abc import Mapping

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.client import Problem
from services.console.downloads import as_download, csv_file
from services.console.fields import FormError
from services.console.figures import counted_figures
from services.console.figures.pictures import flow, pillars
from services.console.page import CurrentPage, Page
from services.console.public.figures import Picture

OVERSEEING = frozenset({"coordinator", "auditor", "finance_officer"})
"""Roles that read exact numbers, of all States or of one."""

COUNTS_FOR = OVERSEEING | {"focal_point", "official"}
"""Roles that read more than the published figures."""

PARAMETERS = ("by", "as_of", "state")
FILES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "table.csv": ("table", {"format": "csv"}),
    "table.xlsx": ("table", {"format": "xlsx"}),
    "chart.svg": ("chart", {}),
}
"""Maps the name of a file to the path and parameters of the API."""

INVALID = 400


async def _pictures(page: Page) -> list[Picture]:
    requests, offerings = await asyncio.gather(
        page.api.get("/v1/requests/counts"), page.api.get("/v1/offerings/counts")
    )
    moved = [flow(requests["months"], page.language)] if requests["months"] else []
    return [*moved, pillars(requests, offerings, page.language)]


@get("/{language:str}/figures")
async def list_figures(page: CurrentPage) -> Response[bytes]:
    """List all figures of the reader, and show two pictures."""
    role = page.signed_in.role
    desk = role in COUNTS_FOR - {"finance_officer"}
    listed = counted_figures.listed(page.language, money=role in OVERSEEING, desk=desk)
    groups = listed if role in COUNTS_FOR else []
    return page.render("figures/list.html", pictures=await _pictures(page), groups=groups)


@get("/{language:str}/figures/{name:str}")
async def show_figure(page: CurrentPage, name: FromPath[str]) -> Response[bytes]:
    """Show a figure by a code, as of a day. Under the name of a picture with `.csv`, return its table."""
    if name.endswith(".csv"):
        for one in await _pictures(page):
            if name == f"{one.name}.csv":
                return csv_file(name, [one.headers, *one.rows])
        raise NotFoundException
    query = query_of_figure(page)
    errors: tuple[FormError, ...] = ()
    path = f"/v1/figures/{name}"
    try:
        found = await page.api.get(path, **query)
    except Problem as problem:
        if problem.status != INVALID or not query:
            raise
        errors = refused(problem)
        found = await page.api.get(path)
    return page.render(
        "figures/show.html",
        status=INVALID if errors else 200,
        found=found,
        query={} if errors else query,
        errors=errors,
        chooses_state=page.signed_in.role in OVERSEEING,
        **template_values(found, page.language),
    )


@get("/{language:str}/figures/{name:str}/{file:str}")
async def download_figure(page: CurrentPage, name: FromPath[str], file: FromPath[str]) -> Response[bytes]:
    path, query = file_of(file)
    return as_download(
        await page.api.download(f"/v1/figures/{name}/{path}", **query, **query_of_figure(page), language=page.language)
    )


def query_of_figure(page: Page) -> dict[str, str]:
    return {name: page.asked(name) for name in PARAMETERS if page.asked(name)}


def refused(problem: Problem) -> tuple[FormError, ...]:
    """Return the errors in the parameters of the address."""
    titles = [str(one.get("title") or problem.title) for one in problem.errors] or [problem.title]
    return tuple(FormError("", title, said=True) for title in titles)


def file_of(name: str) -> tuple[str, Mapping[str, str]]:
    """Return the path and parameters of the API for a file. Raises NotFoundException for an unknown name."""
    if name not in FILES:
        raise NotFoundException
    return FILES[name]


def template_values(found: counted_figures.Answer, language: str) -> dict[str, object]:
    """Return what the template needs beside the answer of the API."""
    return {
        "heading": counted_figures.heading_of(found, language),
        "codes": counted_figures.codes_of(found, language),
        "picture": counted_figures.picture_of(found, language),
        "notes": counted_figures.notes_of(found),
        "sources": counted_figures.SOURCES,
        "files": list(FILES),
    }


ROUTES = (list_figures, show_figure, download_figure)
