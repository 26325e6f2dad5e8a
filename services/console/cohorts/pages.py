"""Cohorts: needs of several States that one delivery could serve, and the form that proposes it to them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post

from contracts.reference.refusal_words import words_of
from services.console.client import Problem
from services.console.fields import Field, FormError, form_errors, read
from services.console.labels import CONSTRAINT
from services.console.moves.forms import command
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.rendering import organization
from services.console.translations import N_, translated

LIST_LENGTH = 20
FIELDS = (
    Field(
        name="departure",
        label=N_("Reason for passing over better matches"),
        hint=N_("Only if a State has a better match than this one."),
        kind="choice",
        required=False,
        options="reasons:present",
    ),
    Field(
        name="comment",
        label=N_("Comment"),
        hint=N_("Every State and the provider read it."),
        kind="words",
        required=False,
        max_length=COMMENT.max_length,
    ),
)
OBSTACLE = {
    **CONSTRAINT,
    "topics": N_("Topics"),
    "same_state": N_("Another need of the same State"),
    "own_state": N_("The State is itself the provider"),
    "addressee": N_("Providers that the request is addressed to"),
    "excluded_provider": N_("Provider that the State excludes"),
    "excluded_state": N_("State that the provider excludes"),
    "capacity": N_("No delivery left"),
}
LINE = re.compile(r"lines\[(\d+)\]")
FEWEST = 2
TOO_FEW = N_("Tick two States or more")
REASON_MISSING = "departure-reason-missing"
NO_REASON = N_("Choose a reason: at least one State has a better match than this one")


@get("/{language:str}/cohorts")
async def list_cohorts(page: CurrentPage) -> Response[bytes]:
    """List the cohorts that one delivery could serve, and the joint deliveries that were proposed."""
    found, proposed = await page.api.get_all(
        f"/v1/matches/cohorts?limit={LIST_LENGTH}", f"/v1/joint-deliveries?limit={LIST_LENGTH}"
    )
    return page.render("cohorts/list.html", found=found, proposed=proposed["joint_deliveries"])


@get("/{language:str}/cohorts/propose")
async def show_proposal(page: CurrentPage) -> Response[bytes]:
    return await _form(page, page.asked("offering"), page.asked_all("line"))


@post("/{language:str}/cohorts/propose", status_code=303)
async def propose(page: CurrentPage) -> Response[bytes]:
    """Present the offering to the State of each ticked line, and to its provider."""
    offering, lines = page.value("offering"), list(page.typed.get("line", ()))
    typed = read(FIELDS, page.typed)
    errors = typed.errors if len(lines) >= FEWEST else (FormError("lines", TOO_FEW), *typed.errors)
    if not errors:
        body = {**typed.body, "offering_id": offering, "lines": lines}
        sent = await command(page, "POST", "/v1/joint-deliveries", body)
        if sent.problem is None:
            return page.redirect("/cohorts", done="delivery_proposed")
        errors = refused(sent.problem, page.language)
    return await _form(page, offering, page.typed.get("shown", lines), errors)


def refused(problem: Problem, language: str) -> tuple[FormError, ...]:
    """Return the errors that the form shows for a refusal: each line's reasons with its State, then fields."""
    states = problem.details.get("states")
    if states is None:
        return form_errors(problem, FIELDS)
    reasons: dict[str, dict[str, None]] = {}
    for one in problem.errors:
        if place := LINE.fullmatch(one["field"]):
            why = one.get("expected")
            said = translated(language, OBSTACLE[why]) if why in OBSTACLE else words_of(one["problem"], language)
            reasons.setdefault(organization(language, states[int(place[1])]), {})[said] = None
    missing = any(one["problem"] == REASON_MISSING for one in problem.errors)
    colon, semicolon = translated(language, N_(": ")), translated(language, N_("; "))
    return (
        *((FormError("departure", NO_REASON),) if missing else ()),
        *((FormError("", problem.title, said=True),) if reasons else ()),
        *(FormError("", (state and state + colon) + semicolon.join(why), said=True) for state, why in reasons.items()),
    )


async def _form(page: Page, offering: str, lines: Sequence[str], errors: Sequence[FormError] = ()) -> Response[bytes]:
    found = await page.api.get("/v1/matches/cohorts")
    return page.render(
        "cohorts/propose.html",
        status=400 if errors else 200,
        cohort=cohort_of(found["cohorts"], offering, lines),
        ticked=page.typed.get("line", lines) if page.typed else lines,
        fields=FIELDS,
        typed=page.typed or None,
        errors=errors,
    )


def cohort_of(cohorts: Sequence[Mapping[str, Any]], offering: str, lines: Sequence[str]) -> Mapping[str, Any] | None:
    """Return the cohort of an offering and lines, or None if there is no such cohort any more."""
    return next(
        (
            one
            for one in cohorts
            if one["offering_id"] == offering and {member["line_id"] for member in one["members"]} == set(lines)
        ),
        None,
    )


ROUTES = (list_cohorts, show_proposal, propose)
