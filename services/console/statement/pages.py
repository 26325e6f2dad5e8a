"""The statement of a donor: its figures, and the same as PDF."""

from litestar import Response, get

from services.console.downloads import as_download
from services.console.page import ABSENT, CurrentPage, Page

PARAMETERS = ("from", "until", "fund")


@get("/{language:str}/statement")
async def show_statement(page: CurrentPage) -> Response[bytes]:
    """Show what the donor pledged, owes and paid, and its share of what the money was used for."""
    donor, query = _donor(page), _query(page)
    statement = await page.optional(f"/v1/statements/{donor}/data", unseen=ABSENT, **query) if donor else None
    return page.render("statement/show.html", statement=statement, donor=donor, query=query)


@get("/{language:str}/statement.pdf")
async def statement_as_pdf(page: CurrentPage) -> Response[bytes]:
    query = {**_query(page), "language": page.language}
    return as_download(await page.api.download(f"/v1/statements/{_donor(page)}", **query))


def _donor(page: Page) -> str:
    """Return the own organization of a donor's officer; for others the donor that they ask for, by its code."""
    session = page.signed_in
    asked = page.asked("donor").strip().upper()
    return session.organization if session.role == "donor_officer" else asked if asked.isalnum() else ""


def _query(page: Page) -> dict[str, str]:
    return {name: page.asked(name) for name in PARAMETERS if page.asked(name)}


ROUTES = (show_statement, statement_as_pdf)
