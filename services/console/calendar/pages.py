"""The holidays of the United Nations in a year, which time limits in working days leave out."""

import re
from datetime import date

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import NO_DATE, Field, FormError
from services.console.moves.forms import NOTHING, Sent, command, wrong
from services.console.page import CurrentPage, Page
from services.console.translations import N_

HOLIDAYS = Field(
    name="holidays",
    label=N_("Holidays"),
    kind="words",
    required=False,
    rows=12,
    hint=N_("One a line, as year-month-day, for example 2027-03-31"),
)


@get("/{language:str}/calendar/{year:int}")
async def show_calendar(page: CurrentPage, year: FromPath[int]) -> Response[bytes]:
    return await _show(page, year)


@post("/{language:str}/calendar/{year:int}", status_code=303)
async def set_holidays(page: CurrentPage, year: FromPath[int]) -> Response[bytes]:
    try:
        holidays = days_of(page.value("holidays"))
    except ValueError:
        return await _show(page, year, wrong(FormError("holidays", NO_DATE)))
    sent = await command(page, "PUT", f"/v1/calendar/{year}", {"holidays": holidays}, (HOLIDAYS,))
    if sent.errors:
        return await _show(page, year, sent)
    return page.redirect(f"/calendar/{year}", done="saved")


def days_of(text: str) -> list[str]:
    """Return the days that were typed, sorted and each once. Raises ValueError if one is not a date."""
    return sorted({date.fromisoformat(one).isoformat() for one in re.split(r"[\s,;]+", text) if one})


async def _show(page: Page, year: int, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    calendar = await page.api.get(f"/v1/calendar/{year}")
    return page.render(
        "calendar/show.html",
        calendar=calendar,
        field_of_holidays=HOLIDAYS,
        typed=page.typed or {"holidays": ["\n".join(calendar["holidays"])]},
        may_set=session.role == "coordinator",
        **sent.shown,
    )


ROUTES = (show_calendar, set_holidays)
