"""Amounts that cannot be meant, at every route that takes money: each is refused by its slug and leaves nothing."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chassis.db import Database
from tests.builders import headers
from tests.service.test_pledges import FINANCE, NORWAY, a_pledge, api, committed, eur, post, receive, unchanged, usd
from tests.service.test_pledges_in_kind import PATH, a_contribution

__all__ = ["api"]
Client = httpx.AsyncClient

ALLOCATIONS, SPEND = "/v1/allocations", "/v1/allocations/{allocated}/spend"
CARRY_OVER, NEED = "/v1/pledges/{paid}/carry-over", "/v1/funds/SHERLOC-MNT/requirements"
ROUTES: dict[str, tuple[str, dict[str, Any], int | None]] = {
    "/v1/pledges": (NORWAY, a_pledge(), None),
    "/v1/pledges/{signed}/receive": (FINANCE, {"received_on": "2026-04-20"}, 2),
    "/v1/pledges/{signed}/receive settles": (FINANCE, {"received_on": "2026-04-20", "money": usd(100)}, 2),
    "/v1/pledges/{signed}/reduce": (FINANCE, {"reason": "donor_budget"}, 2),
    "/v1/pledges/{paid}/refund": (FINANCE, {"reason": "not_used"}, 3),
    CARRY_OVER: (FINANCE, {"to_fund": "SHERLOC-DEV"}, 3),
    ALLOCATIONS: (FINANCE, {"fund": "SHERLOC-MNT", "work_package": "training"}, None),
    SPEND: (FINANCE, {}, 1),
    NEED: (FINANCE, {"year": 2027, "work_package": "training", "reason": "needs_changed"}, 1),
    PATH: (NORWAY, a_contribution(), None),
}
"""Who asks, for what beside the money, and from which revision; the money is in `money`, or in what stands behind."""

IN_DOLLARS = {ALLOCATIONS, SPEND, CARRY_OVER, NEED}
"""What takes US dollars alone; euros elsewhere."""

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
# A fund pays in dollars, and an agreement has a currency: even one that there is would be another.
OF_DOLLARS = {"XXX": (422, "fund-currency")}
OF_OTHERS = {
    route: {"XXX": (422, "currency-differs")}
    for route in ("/v1/pledges/{signed}/receive settles", "/v1/pledges/{signed}/reduce")
}


async def _records(api: Client) -> dict[str, str]:
    """An agreement, one that has paid, and an allocation of its money."""
    signed, paid = await committed(api), await receive(api, await committed(api), eur(100_000))
    made = await post(api, ALLOCATIONS, FINANCE, fund="SHERLOC-MNT", money=usd(100), work_package="training")
    return {"signed": signed["pledge_id"], "paid": paid["pledge_id"], "allocated": made["allocation_id"]}


async def _asked(api: Client, db: Database, route: str, money: str) -> tuple[int, str]:
    """What the route answers to the money as it stands in the body; nothing may have changed by it."""
    by, body, revision = ROUTES[route]
    path, _, field = route.partition(" ")
    if "{" in path:
        path = path.format(**await _records(api))
    before = await unchanged(db)
    answer = await api.post(
        path,
        content=json.dumps(body | {field or "money": "HERE"}).replace('"HERE"', money).encode(),
        headers=headers(by, revision=revision) | {"Content-Type": "application/json"},
    )
    assert before == await unchanged(db)
    return answer.status_code, str(answer.json().get("slug", answer.text))


@pytest.fixture
def db(databases: Mapping[str, Database]) -> Database:
    return databases["pledges"]


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_no_amount_is_refused_and_leaves_nothing(api: Client, db: Database, route: str) -> None:
    currency = "USD" if route in IN_DOLLARS else "EUR"
    answers = {
        minor: await _asked(api, db, route, f'{{"minor": {minor}, "currency": "{currency}"}}') for minor in MINORS
    }

    expected = {minor: (400, slug) for minor, slug in MINORS.items()}
    # A fund may need nothing, and needed nothing before.
    nothing = dict.fromkeys(("-0", "0"), (409, "requirement-unchanged")) if route == NEED else {}
    assert expected | nothing == answers


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_no_currency_is_refused_and_leaves_nothing(api: Client, db: Database, route: str) -> None:
    answers = {
        code: await _asked(api, db, route, f'{{"minor": 1, "currency": {json.dumps(code)}}}') for code in CURRENCIES
    }

    expected = {code: (400, slug) for code, slug in CURRENCIES.items()}
    assert expected | (OF_DOLLARS if route in IN_DOLLARS else OF_OTHERS.get(route, {})) == answers
