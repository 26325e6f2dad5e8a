"""Comparison of the matches of a request side by side, and presentation of several together."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from contracts.reference.refusal_words import words_of
from services.console.client import Problem
from services.console.fields import FormError, form_errors, whole_number
from services.console.matches.moves import DEPARTURE, MATCH
from services.console.matches.reading import ENDED, is_mine, turn
from services.console.moves.forms import NOTHING, Sent, command, wrong
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.translations import N_

SHOWN_MAX = 30
"""Maximum number of matches with explanations that the API lists in one answer."""

NONE_TICKED = N_("Tick at least one match")
FIELDS = (DEPARTURE, COMMENT)


class Ticked:
    """A match that was ticked, in the revision that was shown: `id:revision`."""

    def __init__(self, value: str) -> None:
        self.match_id, _, revision = value.partition(":")
        self.revision = whole_number(revision) or 0


@get("/{language:str}/requests/{request_id:str}/matches")
async def compare_matches(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _compare(page, request_id)


@post("/{language:str}/requests/{request_id:str}/matches/present", status_code=303)
async def present_matches(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Present the matches that are ticked: all or none."""
    ticked = [Ticked(value) for value in page.typed.get("match", ())]
    if not ticked:
        return await _compare(page, request_id, wrong(FormError("", NONE_TICKED)))
    said = {"comment": page.value("comment"), "departure": page.value("departure") or None}
    body = {"matches": [{"match_id": one.match_id, "revision": one.revision, **said} for one in ticked]}
    sent = await command(page, "POST", "/v1/matches/present", body)
    if sent.errors:
        return await _compare(page, request_id, sent, ticked)
    return page.redirect(f"/requests/{request_id}/matches", done="presented")


async def _compare(page: Page, request_id: str, sent: Sent = NOTHING, ticked: Sequence[Ticked] = ()) -> Response[bytes]:
    role = page.signed_in.role
    coordinates = role in ("coordinator", "auditor")
    request = await page.api.get(f"/v1/requests/{request_id}")
    # The sides choose by the reasons, side by side; UNODC compares more matches, by their points.
    expand = ("offering",) if coordinates else ("offering", "explanation")
    found = (await page.api.get("/v1/matches", request=request_id, limit=SHOWN_MAX, expand=expand))["matches"]
    if sent.problem is not None:
        sent = replace(sent, errors=refusals(sent.problem, ticked, {one["match_id"]: one for one in found}, page))
    matches = [{**one, "turn": turn(one), "mine": is_mine(one), "open": MATCH.open_to(one, role)} for one in found]
    return page.render(
        "matches/compare.html",
        request=request,
        lines=[
            {**line, "matches": [one for one in matches if one["line_id"] == line["line_id"]]}
            for line in request["lines"]
        ],
        ended=ENDED,
        criteria=criteria_of,
        explained=not coordinates,
        can_present=any("present" in one["moves"] for one in matches),
        can_nominate=role == "coordinator",
        fields=FIELDS,
        typed=page.typed or None,
        ticked={one.match_id for one in ticked},
        **sent.shown,
    )


def criteria_of(matches: Sequence[Mapping[str, Any]]) -> Sequence[tuple[str, Sequence[Mapping[str, Any] | None]]]:
    """Return the rows of a comparison: each criterion, with its share and reason in each match, or None."""
    names = dict.fromkeys(share["criterion"] for match in matches for share in match["shares"])
    columns = []
    for match in matches:
        says = {one["criterion"]: one["says"] for one in match.get("explanation", ())}
        columns.append({one["criterion"]: {**one, "says": says.get(one["criterion"])} for one in match["shares"]})
    return [(name, [column.get(name) for column in columns]) for name in names]


def refusals(
    problem: Problem, ticked: Sequence[Ticked], listed: Mapping[str, Mapping[str, Any]], page: Page
) -> tuple[FormError, ...]:
    """Return the errors of the ticked matches, each with the name of its offering."""
    found = []
    for one in problem.errors:
        place = str(one.get("field") or "").removeprefix("matches[").partition("]")[0]
        row = whole_number(place)
        match = listed.get(ticked[row].match_id) if row is not None and row < len(ticked) else None
        name = (match.get("offering_title") or match["provider"]) if match else ""
        found.append(FormError(name, words_of(str(one.get("problem")), page.language), said=True))
    return tuple(dict.fromkeys(found)) or form_errors(problem)


ROUTES = (compare_matches, present_matches)
