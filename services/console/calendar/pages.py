"""The holidays of the United Nations in a year, which time limits in working days leave out."""

import re
from datetime import date

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.client import Problem
from services.console.fields import NO_DATE, Field, FormError, form_errors
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
        return await _show(page, year, errors=(FormError("holidays", NO_DATE),), status=400)
    try:
        await page.api.send(
            "PUT",
            f"/v1/calendar/{year}",
            {"holidays": holidays},
            revision=page.revision,
        )
    except Problem as problem:
        errors = form_errors(problem, (HOLIDAYS,))
        return await _show(page, year, errors=errors, status=problem.status)
    return page.redirect(f"/calendar/{year}", done="saved")


def days_of(text: str) -> list[str]:
    """Return the days that were typed, sorted and each once. Raises ValueError if one is not a date."""
    return sorted({date.fromisoformat(one).isoformat() for one in re.split(r"[\s,;]+", text) if one})


async def _show(page: Page, year: int, *, errors: tuple[FormError, ...] = (), status: int = 200) -> Response[bytes]:
    session = page.signed_in
    calendar = await page.api.get(f"/v1/calendar/{year}")
    return page.render(
        "calendar/show.html",
        status=status,
        calendar=calendar,
        field_of_holidays=HOLIDAYS,
        typed=page.typed or {"holidays": ["\n".join(calendar["holidays"])]},
        errors=errors,
        may_set=session.role == "coordinator",
    )


ROUTES = (show_calendar, set_holidays)
