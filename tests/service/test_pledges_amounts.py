"""Amounts that cannot be meant, at every route that takes money: each is refused by its slug and leaves nothing."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chassis.db import Database
from tests.builders import headers
from tests.service.test_pledges import FINANCE, NORWAY, a_pledge, api, committed, unchanged
from tests.service.test_pledges_in_kind import PATH, a_contribution

__all__ = ["api"]
Client = httpx.AsyncClient

ROUTES: dict[str, tuple[str, dict[str, Any], int | None]] = {
    "/v1/pledges": (NORWAY, a_pledge(), None),
    "/v1/allocations": (FINANCE, {"fund": "SHERLOC-MNT", "work_package": "training"}, None),
    "/v1/pledges/{pledge_id}/receive": (FINANCE, {"received_on": "2026-04-20"}, 2),
    PATH: (NORWAY, a_contribution(), None),
}
"""Who asks, for what beside the money, and from which revision."""

USUAL = {"/v1/allocations": "USD"}
"""The currency that it would take the amount in; euros elsewhere."""

# As they stand in the body: minor units are whole, and a number with a point or an exponent is none of them.
MINORS = {
    "-0": "amount-zero",
    "0": "amount-zero",
    "1.005": "invalid-field",
    "1.0": "invalid-field",
    "-0.0": "invalid-field",
    "1e30": "invalid-field",
    '"1,000"': "invalid-field",
    '"١٠٠"': "invalid-field",
    '"100"': "invalid-field",
    "null": "invalid-field",
    "true": "invalid-field",
    "[1]": "invalid-field",
    "-1": "number-out-of-range",
    "1e400": "number-out-of-range",
    str(10**30): "number-out-of-range",
    str(10**15 + 1): "number-out-of-range",
    "NaN": "malformed-json",
    "Infinity": "malformed-json",
    "-Infinity": "malformed-json",
    "١٠٠": "malformed-json",
    "1,000": "malformed-json",
    "0100": "malformed-json",
}
CURRENCIES = {
    "USD\n": "invalid-field",
    "usd": "invalid-field",
    "ＵＳＤ": "invalid-field",
    "": "invalid-field",
    "XXX": "unknown-code",
}
# A fund pays in dollars, so for an allocation even a currency there is would be another one.
OF_ALLOCATIONS = {"XXX": (422, "fund-currency")}


async def _asked(api: Client, db: Database, route: str, money: str) -> tuple[int, str]:
    """What the route answers to the money as it stands in the body; nothing may have changed by it."""
    by, body, revision = ROUTES[route]
    path = route.format(pledge_id=(await committed(api))["pledge_id"]) if "{" in route else route
    before = await unchanged(db)
    answer = await api.post(
        path,
        content=json.dumps(body | {"money": "HERE"}).replace('"HERE"', money).encode(),
        headers=headers(by, revision=revision) | {"Content-Type": "application/json"},
    )
    assert before == await unchanged(db)
    return answer.status_code, str(answer.json().get("slug", answer.text))


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["pledges"]


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_no_amount_is_refused_and_leaves_nothing(api: Client, db: Database, route: str) -> None:
    currency = USUAL.get(route, "EUR")
    answers = {
        minor: await _asked(api, db, route, f'{{"minor": {minor}, "currency": "{currency}"}}') for minor in MINORS
    }

    assert {minor: (400, slug) for minor, slug in MINORS.items()} == answers


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_no_currency_is_refused_and_leaves_nothing(api: Client, db: Database, route: str) -> None:
    answers = {
        code: await _asked(api, db, route, f'{{"minor": 1, "currency": {json.dumps(code)}}}') for code in CURRENCIES
    }

    expected = {code: (400, slug) for code, slug in CURRENCIES.items()}
    assert expected | (OF_ALLOCATIONS if route == "/v1/allocations" else {}) == answers
