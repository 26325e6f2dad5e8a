"""Packages: a match, a unit of UNODC and a donor's money, agreed together."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from services.console.moves.pages import routes_of
from services.console.packages import proposing
from services.console.packages.moves import PACKAGE
from services.console.page import CurrentPage

LIST_LENGTH = 25
PARTIES = ("state", "provider", "unit", "donor")
STATUSES = ("presented", "confirmed", "declined", "withdrawn", "ended")


@get("/{language:str}/packages")
async def list_packages(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in ("status", "request", "match") if page.asked(name)}
    found = await page.api.get("/v1/packages", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render("packages/list.html", found=found, query=query, statuses=STATUSES)


@get("/{language:str}/packages/{package_id:str}")
async def show_package(page: CurrentPage, package_id: FromPath[str]) -> Response[bytes]:
    """Show a package: its parts, and which parties have agreed."""
    session = page.signed_in
    package = await page.api.get(f"/v1/packages/{package_id}")
    return page.render(
        "packages/show.html",
        package=package,
        parties=parties(package),
        moves=PACKAGE.open_to(package, session.role),
        mine="agree" in package["moves"]
        or any(package[party] == session.organization for party in package["waiting_for"]),
    )


def parties(package: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the four parties of a package: the organization of each, when it agreed, and whether it declined."""
    return [
        {
            "party": party,
            "organization": package[party],
            "agreed_at": package[f"{party}_agreed_at"],
            "declined": package["declined_by"] == party,
        }
        for party in PARTIES
    ]


ROUTES = (list_packages, show_package, *proposing.ROUTES, *routes_of(PACKAGE))
