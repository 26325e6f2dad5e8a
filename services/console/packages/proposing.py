"""The proposal of a package: a coordinator presents a match together with a unit of UNODC and a donor's pledge."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from contracts.formats import money
from services.console.fields import Field, Option
from services.console.labels import UNIT_ROLE
from services.console.matches.moves import DEPARTURE
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.model import COMMENT
from services.console.page import CurrentPage, Page
from services.console.rendering import organization
from services.console.translations import N_

PLEDGES_MAX = ORGANIZATIONS_MAX = 100
SIGNED = frozenset({"committed", "partially_received", "received"})
FIELDS = (
    Field(name="unit", label=N_("Unit of UNODC"), kind="choice", options="units"),
    Field(
        name="unit_role",
        label=N_("What the unit does"),
        kind="choice",
        required=False,
        options=tuple(UNIT_ROLE.items()),
    ),
    Field(name="pledge_id", label=N_("Pledge"), kind="choice", options="pledges"),
    Field(
        name="money",
        label=N_("Money"),
        kind="money",
        hint=N_("In the currency of the offering, and no more than it still needs."),
    ),
    DEPARTURE,
    replace(COMMENT, hint=N_("All four parties read it.")),
)


def may_propose(match: Mapping[str, Any], role: str) -> bool:
    """Check whether a package can be proposed for a match: the match can be presented, and its provider is a State."""
    return role == "coordinator" and "present" in match["moves"] and len(match["provider"]) == 3


@get("/{language:str}/matches/{match_id:str}/package")
async def ask_package(page: CurrentPage, match_id: FromPath[str]) -> Response[bytes]:
    return await _form(page, match_id)


@post("/{language:str}/matches/{match_id:str}/package", status_code=303)
async def propose_package(page: CurrentPage, match_id: FromPath[str]) -> Response[bytes]:
    named = {"match_id": match_id, "revision": page.revision or 0}
    sent = await send(page, "POST", "/v1/packages", FIELDS, body_of=lambda typed: typed | named)
    if sent.errors:
        return await _form(page, match_id, sent)
    return page.redirect(f"/packages/{sent.record['package_id']}", done="sent")


async def _form(page: Page, match_id: str, sent: Sent = NOTHING) -> Response[bytes]:
    session = page.signed_in
    match, pledges, organizations = await page.api.get_all(
        f"/v1/matches/{match_id}",
        f"/v1/pledges?limit={PLEDGES_MAX}",
        f"/v1/organizations?limit={ORGANIZATIONS_MAX}",
    )
    parties = {match["state"], match["provider"]}
    given = {
        "units": [
            Option(one["code"], one["name"] or one["code"])
            for one in organizations["organizations"]
            if one["kind"] in ("unodc", "unit")
        ],
        "pledges": [
            Option(one["pledge_id"], _name_of(one, page.language))
            for one in pledges["pledges"]
            if one["status"] in SIGNED and one["donor"] not in parties
        ],
    }
    return page.render(
        "packages/propose.html",
        match=match,
        fields=FIELDS,
        given=given,
        typed=page.typed or None,
        is_open=may_propose(match, session.role),
        **sent.shown,
    )


def _name_of(pledge: Mapping[str, Any], language: str) -> str:
    amount = money(pledge["money"]["minor"], pledge["money"]["currency"], language)
    return f"{organization(language, pledge['donor'])} · {amount} · {pledge['fund']}"


ROUTES = (ask_package, propose_package)
