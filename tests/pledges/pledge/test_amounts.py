"""Malformed amounts at every route that takes money: refused by slug, without changes."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from chassis.db.database import Database
from tests.builders import headers
from tests.pledges.in_kind.steps import PATH, a_contribution
from tests.pledges.steps import (
    FINANCE,
    NORWAY,
    Client,
    a_fund,
    a_pledge,
    committed,
    entry_of,
    eur,
    fund,
    pledged,
    post,
    receive,
    unchanged,
    usd,
)

HERE = "HERE"
"""Placeholder of the amount in a body."""

ALLOCATIONS, SPEND = "/v1/allocations", "/v1/allocations/{allocated}/spend"
CARRY_OVER, NEED = "/v1/pledges/{paid}/carry-over", "/v1/funds/SHERLOC-MNT/requirements"
RECEIVE, FUNDS = "/v1/pledges/{signed}/receive", "/v1/funds"
INSTALMENTS, CHARGES = "/v1/pledges/{open}/commit instalments[].minor", f"{RECEIVE} charges_minor"
SETTLES, REDUCE = f"{RECEIVE} settles", "/v1/pledges/{signed}/reduce"
AN_INSTALMENT = {"due_on": "2026-04-01", "minor": HERE}
CAME = {"received_on": "2026-04-20"}
ROUTES: dict[str, tuple[str, dict[str, Any], int | None]] = {
    "/v1/pledges": (NORWAY, a_pledge(money=HERE), None),
    INSTALMENTS: (FINANCE, {"committed_on": "2026-03-05", "instalments": [AN_INSTALMENT]}, 1),
    RECEIVE: (FINANCE, CAME | {"money": HERE}, 2),
    SETTLES: (FINANCE, CAME | {"money": usd(100), "settles": HERE}, 2),
    CHARGES: (FINANCE, CAME | {"money": eur(100), "charges_minor": HERE}, 2),
    REDUCE: (FINANCE, {"reason": "donor_budget", "money": HERE}, 2),
    "/v1/pledges/{paid}/refund": (FINANCE, {"reason": "not_used", "money": HERE}, 3),
    CARRY_OVER: (FINANCE, {"to_fund": "SHERLOC-DEV", "money": HERE}, 3),
    ALLOCATIONS: (FINANCE, {"fund": "SHERLOC-MNT", "work_package": "training", "money": HERE}, None),
    SPEND: (FINANCE, {"money": HERE}, 1),
    FUNDS: (FINANCE, a_fund("SHERLOC-NEW") | {"requirements": [{"year": 2027, "money": HERE}]}, None),
    NEED: (FINANCE, {"year": 2027, "work_package": "training", "reason": "needs_changed", "money": HERE}, 1),
    PATH: (NORWAY, a_contribution(money=HERE), None),
}
"""The caller, the body and the revision for each route; some keys also name the amount of the body."""

IN_DOLLARS = {ALLOCATIONS, SPEND, CARRY_OVER, FUNDS, NEED}
"""Routes that take US dollars only; the others take euros."""

OF_THE_REST = {INSTALMENTS, CHARGES}
"""Routes whose amount is in minor units of the body's currency."""

# Minor units as JSON, in which they are integers, without a point or an exponent.
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
NOTHING = ("-0", "0")
OF_NOTHING = {
    INSTALMENTS: dict.fromkeys(NOTHING, (400, "number-out-of-range")),
    # The requirement is 0 before and after.
    NEED: dict.fromkeys(NOTHING, (409, "requirement-unchanged")),
}
MAY_BE_NOTHING = {CHARGES, FUNDS}
# A fund pays in dollars, and an agreement has its own currency: any other currency is refused.
OF_DOLLARS = {"XXX": (422, "fund-currency")}
OF_OTHERS = {route: {"XXX": (422, "currency-differs")} for route in (SETTLES, REDUCE)}


async def _path(api: Client, route: str) -> str:
    """Return the path, with an open pledge, an agreement, a paid pledge, or an allocation of its money, as it needs."""
    path = route.partition(" ")[0]
    if "{open}" in path:
        return path.format(open=(await pledged(api, money=eur(100)))["pledge_id"])
    if "{" not in path:
        return path
    signed, paid = await committed(api), await receive(api, await committed(api), eur(100_000))
    made = await post(api, ALLOCATIONS, FINANCE, fund="SHERLOC-MNT", money=usd(100), work_package="training")
    return path.format(signed=signed["pledge_id"], paid=paid["pledge_id"], allocated=made["allocation_id"])


async def _sent(api: Client, route: str, path: str, amount: str) -> httpx.Response:
    """Send the route's body with the amount."""
    by, body, revision = ROUTES[route]
    return await api.post(
        path,
        content=json.dumps(body).replace(json.dumps(HERE), amount).encode(),
        headers=headers(by, revision=revision) | {"Content-Type": "application/json"},
    )


async def _answers(api: Client, db: Database, route: str, amounts: Mapping[str, str]) -> dict[str, tuple[int, str]]:
    """Return the route's answer to each amount, by name, and check that no amount changes anything."""
    path = await _path(api, route)
    before, found = await unchanged(db), {}
    for name, amount in amounts.items():
        answer = await _sent(api, route, path, amount)
        assert before == await unchanged(db), name
        found[name] = answer.status_code, str(answer.json().get("slug", answer.text))
    return found


@pytest.mark.parametrize("route", ROUTES)
async def test_malformed_amount_is_rejected_without_changes(api: Client, db: Database, route: str) -> None:
    expected = {minor: (400, slug) for minor, slug in MINORS.items()} | OF_NOTHING.get(route, {})
    for minor in NOTHING if route in MAY_BE_NOTHING else ():
        del expected[minor]
    currency = "USD" if route in IN_DOLLARS else "EUR"
    amount = "{}" if route in OF_THE_REST else f'{{{{"minor": {{}}, "currency": "{currency}"}}}}'

    assert expected == await _answers(api, db, route, {minor: amount.format(minor) for minor in expected})


@pytest.mark.parametrize("nothing", NOTHING)
async def test_bank_charges_may_be_zero(api: Client, nothing: str) -> None:
    """-0 is another way to write the integer 0 in JSON; it means no charges."""
    answer = await _sent(api, CHARGES, await _path(api, CHARGES), nothing)

    assert (200, eur(100)) == (answer.status_code, answer.json()["received"])
    assert "bank_charges" not in {one["account"] for one in (await entry_of(api, "received"))["postings"]}
    assert 0 == (await fund(api))["bank_charges"]


@pytest.mark.parametrize("nothing", NOTHING)
async def test_fund_requirement_may_be_zero(api: Client, nothing: str) -> None:
    answer = await _sent(api, FUNDS, FUNDS, f'{{"minor": {nothing}, "currency": "USD"}}')

    assert (201, 0, 0) == (
        answer.status_code,
        answer.json()["requirement_usd_minor"],
        answer.json()["gap_usd_minor"],
    )


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in OF_THE_REST])
async def test_malformed_currency_is_rejected_without_changes(api: Client, db: Database, route: str) -> None:
    amounts = {code: f'{{"minor": 1, "currency": {json.dumps(code)}}}' for code in CURRENCIES}

    expected = {code: (400, slug) for code, slug in CURRENCIES.items()}
    expected |= OF_DOLLARS if route in IN_DOLLARS else OF_OTHERS.get(route, {})
    assert expected == await _answers(api, db, route, amounts)
