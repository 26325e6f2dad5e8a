"""Steps of tests of contributions in kind."""

from collections.abc import Mapping
from typing import Any

from tests.pledges.steps import FINANCE, NORWAY, Client, eur, post

PATH = "/v1/in-kind-contributions"
WORDS = "Fictitious sample: two document scanners."
MOVES = {"acknowledge": FINANCE, "withdraw": NORWAY, "strike": FINANCE}


def a_contribution(**changes: Any) -> dict[str, Any]:
    return {
        "fund": "SHERLOC-MNT",
        "form": "equipment",
        "money": eur(4_000_00),
        "provided_on": "2026-02-12",
        "description": WORDS,
    } | changes


async def declared(client: Client, by: str = NORWAY, **changes: Any) -> dict[str, Any]:
    return await post(client, PATH, by, **a_contribution(**changes))


def path_of(one: Mapping[str, Any]) -> str:
    return f"{PATH}/{one['in_kind_contribution_id']}"


async def move(client: Client, one: Mapping[str, Any], name: str) -> dict[str, Any]:
    body = {"reason": "given_back"} if name == "strike" else {}
    return await post(client, f"{path_of(one)}/{name}", MOVES[name], revision=one["revision"], **body)


async def all_that_can_be_done(client: Client) -> list[dict[str, Any]]:
    """Return one contribution in each state."""
    return [
        await declared(client),
        await move(client, await declared(client), "withdraw"),
        await move(client, await move(client, await declared(client), "acknowledge"), "strike"),
        await move(client, await declared(client, money={"minor": 77, "currency": "KWD"}), "acknowledge"),
    ]
