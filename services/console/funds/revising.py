"""Forms in which finance officers state a fund's need in a year, and its gender equality marker."""

from collections.abc import Mapping
from typing import Any

from services.console.fields import Field
from services.console.labels import GENDER_MARKER, WORK_PACKAGE
from services.console.moves.model import Move, Noun, reason
from services.console.moves.pages import routes_of
from services.console.page import Page
from services.console.translations import N_

PACKAGE = Field(
    name="work_package",
    label=N_("Work package"),
    kind="choice",
    required=False,
    options=tuple(WORK_PACKAGE.items()),
    hint=N_("Only for a fund of SHERLOC."),
)
FUND = Noun(
    path="/funds",
    api="/v1/funds",
    record="funds/head.html",
    moves=(
        Move(
            name="revise_requirement",
            path="requirements",
            label=N_("Revise what the fund needs"),
            fields=(
                Field(name="year", label=N_("Year"), kind="number"),
                PACKAGE,
                Field(name="money", label=N_("Amount in US dollars"), kind="money"),
                reason("revise_requirement"),
            ),
            explains=N_("An amount of 0 means that nothing is needed in this year."),
            done="saved",
        ),
        Move(
            name="state_gender_marker",
            path="gender-marker",
            label=N_("State the gender equality marker"),
            fields=(
                Field(
                    name="gender_marker",
                    label=N_("Gender equality marker"),
                    kind="choice",
                    required=False,
                    options=tuple(GENDER_MARKER.items()),
                    hint=N_("Choose nothing to remove the marker."),
                    whole=True,
                    empty=None,
                ),
                PACKAGE,
            ),
            explains=N_("How far the fund is for the equality of women and men. Its IATI file says it."),
            done="saved",
        ),
    ),
)
ROLE = "finance_officer"


async def _with_moves(page: Page, fund: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fund with its moves: the API lists none, so the role decides who may use them."""
    return {**fund, "moves": [one.name for one in FUND.moves] if page.signed_in.role == ROLE else ()}


ROUTES = routes_of(FUND, completed=_with_moves)
