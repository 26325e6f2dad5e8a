"""Funds: what each needs, what it received and spent, and what is missing, by year and work package."""

import asyncio
from typing import Any

from litestar import Response, get
from litestar.params import FromPath
from markupsafe import Markup

from services.console.charts.bars import stacked
from services.console.downloads import as_download, csv_file
from services.console.funds import figures, revising
from services.console.funds.figures import Picture
from services.console.page import ABSENT, CurrentPage, Page

FUNDS_MAX = 100


@get("/{language:str}/funds")
async def list_funds(page: CurrentPage) -> Response[bytes]:
    funds = (await page.api.get("/v1/funds", limit=FUNDS_MAX))["funds"]
    return page.render(
        "funds/list.html",
        funds=funds,
        columns=figures.COLUMNS,
        picture=_drawn(page, figures.of_funds(funds, page.language)),
    )


@get("/{language:str}/funds.csv")
async def funds_as_csv(page: CurrentPage) -> Response[bytes]:
    funds = (await page.api.get("/v1/funds", limit=FUNDS_MAX))["funds"]
    return csv_file("funds.csv", figures.table_of_funds(funds, page.language))


@get("/{language:str}/funds/{code:str}")
async def show_fund(page: CurrentPage, code: FromPath[str]) -> Response[bytes]:
    """Show a fund: its years, and the work packages of one of them."""
    session = page.signed_in
    fund, years = await asyncio.gather(page.api.get(f"/v1/funds/{code}"), _years(page, code))
    year = figures.shown_year(years, page.asked("year"))
    of_packages = None
    if year and year["work_packages"]:
        of_packages = figures.of_packages(year, page.language)
    elif fund["work_packages"] and not years:
        of_packages = figures.of_packages_now(fund, page.language)
    return page.render(
        "funds/show.html",
        fund=fund,
        terms=figures.terms_of(fund),
        moves=revising.FUND.moves if session.role == revising.ROLE else (),
        years=years,
        year=year,
        columns=figures.COLUMNS,
        of_years=_drawn(page, figures.of_years(years, page.language) if years else None),
        of_packages=_drawn(page, of_packages),
    )


async def _years(page: Page, code: str) -> list[dict[str, Any]]:
    """Return the fund by year. Empty on the day it was opened: who does not keep the books sees figures of midnight."""
    found = await page.optional(f"/v1/funds/{code}/years", unseen=ABSENT)
    return list(found["years"]) if found else []


def _drawn(page: Page, picture: Picture | None) -> tuple[Picture, Markup] | None:
    if picture is None:
        return None
    return picture, stacked(picture.bars, picture.legend, page.language)


@get("/{language:str}/funds/{code:str}/years.csv")
async def fund_as_csv(page: CurrentPage, code: FromPath[str]) -> Response[bytes]:
    years = await _years(page, code)
    return csv_file(f"{code}.csv", figures.table_of_years(code, years, page.language))


@get("/{language:str}/funds/{code:str}/iati.xml")
async def fund_as_iati(page: CurrentPage, code: FromPath[str]) -> Response[bytes]:
    return as_download(await page.api.download(f"/v1/funds/{code}/iati.xml"))


ROUTES = (list_funds, funds_as_csv, show_fund, fund_as_csv, fund_as_iati, *revising.ROUTES)
