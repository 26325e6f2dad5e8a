"""Forms in which finance officers state a fund's need in a year, and its gender equality marker."""

from typing import Any

from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from services.console.client import Answer, Problem
from services.console.fields import Field, FormError, form_errors, read
from services.console.labels import GENDER_MARKER, WORK_PACKAGE
from services.console.moves.forms import STALE
from services.console.moves.model import Move, Noun, reason
from services.console.page import CurrentPage, Page
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


@get("/{language:str}/funds/{code:str}/do/{move:str}")
async def show_form(page: CurrentPage, code: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    found = _found(page, move)
    return _form(page, found, code, await page.api.read(f"{FUND.api}/{code}"))


@post("/{language:str}/funds/{code:str}/do/{move:str}", status_code=303)
async def send(page: CurrentPage, code: FromPath[str], move: FromPath[str]) -> Response[bytes]:
    found = _found(page, move)
    path = f"{FUND.api}/{code}"
    sent = read(found.fields, page.typed)
    if sent.errors:
        return _form(page, found, code, await page.api.read(path), errors=sent.errors, status=400)
    try:
        await page.api.send(
            "POST",
            f"{path}/{found.path}",
            sent.body,
            key=page.key,
            revision=page.revision,
        )
    except Problem as problem:
        errors = form_errors(problem, found.fields)
        return _form(page, found, code, await page.api.read(path), errors=errors, status=problem.status)
    return page.redirect(f"/funds/{code}", done=found.done)


def _found(page: Page, path: str) -> Move:
    found = FUND.find(path, page.signed_in.role)
    if found is None:
        raise NotFoundException
    return found


def _form(
    page: Page, move: Move, code: str, answer: Answer, *, errors: tuple[FormError, ...] = (), status: int = 200
) -> Response[bytes]:
    """Show the form of a move. The API lists no moves of a fund, so the role decides who may use it."""
    fund: dict[str, Any] = answer.body
    return page.render(
        "moves/move.html",
        status=status,
        noun=FUND,
        move=move,
        record=fund,
        record_id=code,
        revision=fund["revision"],
        is_open=page.signed_in.role == ROLE,
        typed=page.typed or None,
        errors=errors,
        stale=status == STALE,
        given={},
    )


ROUTES = (show_form, send)
