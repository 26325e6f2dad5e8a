"""How requests move through their states, and the balance of the pillars, of what the reader may see."""

import asyncio

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.downloads import csv_file
from services.console.figures.pictures import flow, pillars
from services.console.page import CurrentPage, Page
from services.console.public.figures import Picture


async def _pictures(page: Page) -> list[Picture]:
    requests, offerings = await asyncio.gather(
        page.api.get("/v1/requests/counts"), page.api.get("/v1/offerings/counts")
    )
    moved = [flow(requests["months"], page.language)] if requests["months"] else []
    return [*moved, pillars(requests, offerings, page.language)]


@get("/{language:str}/figures")
async def show_figures(page: CurrentPage) -> Response[bytes]:
    return page.render("figures/show.html", pictures=await _pictures(page))


@get("/{language:str}/figures/{name:str}")
async def download_figure(page: CurrentPage, name: FromPath[str]) -> Response[bytes]:
    """The table of a figure as CSV."""
    for one in await _pictures(page):
        if name == f"{one.name}.csv":
            return csv_file(name, [one.headers, *one.rows])
    raise NotFoundException


ROUTES = (show_figures, download_figure)
