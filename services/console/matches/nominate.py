"""Search of an offering by its name for a line, its obstacles, and its nomination despite them."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.fields import Field
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.translations import N_

FOUND_MAX = 20
WORDS_MIN = 2
COVERS = Field(
    name="covers",
    label=N_("How many persons it covers"),
    kind="number",
    required=False,
    hint=N_("Leave it empty if it covers all who are not covered yet."),
)
REASON = Field(
    name="override.reason",
    label=N_("Why the conditions are set aside"),
    kind="choice",
    options="reasons:override",
)


@get("/{language:str}/requests/{request_id:str}/nominate")
async def find_offering(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    return await _show(page, request_id)


@post("/{language:str}/requests/{request_id:str}/nominate", status_code=303)
async def nominate(page: CurrentPage, request_id: FromPath[str]) -> Response[bytes]:
    """Nominate an offering. The constraints that it violates are set aside, with a reason."""
    constraints = page.typed.get("constraint", ())
    fields = (COVERS, *((REASON,) if constraints else ()), COMMENT)

    def body_of(typed: dict[str, Any]) -> dict[str, Any]:
        if constraints:
            typed["override"]["constraints"] = list(constraints)
        return {**typed, "line_id": page.asked("line"), "offering_id": page.asked("offering")}

    sent = await send(page, "POST", "/v1/matches", fields, body_of=body_of)
    if sent.errors:
        return await _show(page, request_id, sent)
    return page.redirect(f"/matches/{sent.record['match_id']}", done="sent")


async def _show(page: Page, request_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    request = await page.api.get(f"/v1/requests/{request_id}")
    line_id, words, offering_id = page.asked("line"), page.asked("q").strip(), page.asked("offering")
    line: Mapping[str, Any] = next((one for one in request["lines"] if one["line_id"] == line_id), request["lines"][0])
    found, why, offering = None, None, None
    if offering_id:
        offering = await page.api.get(f"/v1/offerings/{offering_id}")
        why = await page.api.get("/v1/matches/why-not", line=line["line_id"], offering=offering_id)
    elif len(words) >= WORDS_MIN:
        found = (await page.api.get("/v1/offerings", q=words, limit=FOUND_MAX))["offerings"]
    obstacles = why.get("obstacles", ()) if why else ()
    overridden = [one["name"] for one in obstacles if one["overridable"]]
    return page.render(
        "matches/nominate.html",
        request=request,
        line=line,
        number=request["lines"].index(line) + 1,
        words_asked=words,
        found=found,
        offering=offering,
        why=why,
        obstacles=obstacles,
        overridden=overridden,
        can_nominate=why is not None and "match_id" not in why and len(overridden) == len(obstacles),
        fields=(COVERS, *((REASON,) if overridden else ()), COMMENT),
        typed=page.typed or None,
        **sent.shown,
    )


ROUTES = (find_offering, nominate)
