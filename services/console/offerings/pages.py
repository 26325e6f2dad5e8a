"""Offerings: the list with one's own first, and the page of each."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from contracts.formats import number
from services.console.charts.capacity import capacity_picture, rows_of
from services.console.downloads import as_download
from services.console.moves.pages import routes_of
from services.console.offerings import form_pages, text_pages
from services.console.offerings.capacity import Total, total
from services.console.offerings.moves import OFFERING
from services.console.offerings.steps import options
from services.console.page import CurrentPage
from services.console.statuses import OFFERING_STATUS
from services.console.translations import translations

LIST_LENGTH = 25
OWN_MAX = 100
MATCHES_MAX = 50
CONTACT_ROLES = ("provider_officer", "coordinator")


@get("/{language:str}/offerings")
async def list_offerings(page: CurrentPage) -> Response[bytes]:
    """List the own organization's offerings, then those of others; each by the same filters."""
    session = page.signed_in
    query = {name: page.asked(name) for name in ("kind", "status", "provider", "delivery_language")}
    filters = {name: value for name, value in query.items() if value}
    first = session.role == "provider_officer" and not page.asked("cursor") and not query["provider"]
    own: Mapping[str, Any] = {"offerings": []}
    listing = page.api.get("/v1/offerings", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    if first:
        mine = {**query, "provider": session.organization}
        found, own = await asyncio.gather(listing, page.api.get("/v1/offerings", **mine, limit=OWN_MAX))
    else:
        found = await listing
    apart = session.role == "provider_officer" and not query["provider"]
    others = [one for one in found["offerings"] if not apart or one["provider"] != session.organization]
    return page.render(
        "offerings/list.html",
        own=own["offerings"],
        others=others,
        cursor=found["cursor"],
        filters=filters,
        lists=options(page.language),
        statuses=list(OFFERING_STATUS),
        total=total,
    )


@get("/{language:str}/offerings/{offering_id:str}")
async def show_offering(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    """Show an offering: its content, conditions, periods, matches, and contact point."""
    session = page.signed_in
    path = f"/v1/offerings/{offering_id}"
    offering, matches, contact = await asyncio.gather(
        page.api.get(path),
        page.part("/v1/matches", offering=offering_id, limit=MATCHES_MAX, expand="request"),
        page.part(f"{path}/contact") if session.role in CONTACT_ROLES else _nothing(),
    )
    of_it = total(offering["capacity"])
    finding = capacity_finding(of_it, page.language)
    return page.render(
        "offerings/show.html",
        offering=offering,
        moves=OFFERING.open_to(offering, session.role),
        own=offering["provider"] == session.organization and session.role == "provider_officer",
        matches=matches["matches"] if matches else [],
        contact=contact,
        lists=options(page.language),
        finding=finding,
        picture=capacity_picture(offering["capacity"], page.language) if offering["capacity"] else "",
        rows=rows_of(offering["capacity"], page.language),
    )


def capacity_finding(found: Total, language: str) -> str:
    """Return the finding of the capacity picture as a sentence."""
    catalogue = translations(language)
    given = {"num": number(found.units, language)}
    if found.taken is None or found.free is None:
        return (
            catalogue.ngettext("%(num)s delivery is possible", "%(num)s deliveries are possible", found.units) % given
        )
    given["free"] = number(found.free, language)
    if found.units and not found.free:
        return catalogue.ngettext("The only delivery is taken", "All %(num)s deliveries are taken", found.units) % given
    return (
        catalogue.ngettext(
            "%(free)s of %(num)s delivery is free", "%(free)s of %(num)s deliveries are free", found.units
        )
        % given
    )


@get("/{language:str}/offerings/{offering_id:str}/calendar.ics")
async def download_calendar(page: CurrentPage, offering_id: FromPath[str]) -> Response[bytes]:
    """Return the periods and confirmed deliveries as iCalendar. Calendar programs cannot sign in here; a person can."""
    return as_download(await page.api.download(f"/v1/offerings/{offering_id}/calendar.ics"), "offering.ics")


async def _nothing() -> None:
    return None


ROUTES: Sequence[Any] = (
    list_offerings,
    show_offering,
    download_calendar,
    *form_pages.ROUTES,
    *text_pages.ROUTES,
    *routes_of(OFFERING),
)
