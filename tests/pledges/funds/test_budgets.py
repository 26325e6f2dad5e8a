"""Budgets of funds for other services: money kept for lines, and free money."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import clock
from chassis.journal.inbox import Inbox
from contracts.budgets import Budgeted
from contracts.pledges import Rate
from contracts.values import Money
from services.pledges.ledger.balances import kept_for_lines
from services.pledges.money.model import value
from tests.builders import NOON, headers
from tests.pledges.funds.steps import FUND, MATCHING, Need, parts, reported
from tests.pledges.steps import FINANCE, NORWAY, Client, approve, committed, funded, move, post, receive, usd


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "pledges")


async def test_earmarked_receipts_are_kept_for_their_line(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await committed(api, fund=FUND, money=usd(9_000), requirement_id=need.requirement_id)
    assert (0, {}) == await parts(api), "pledged or committed money is not available yet"
    await need.paid_by_norway(3_000)
    await funded(api, 1_000, FUND)

    (fund,) = (await reported(api)).funds

    assert (4_000, 1_000) == (fund.available_usd_minor, fund.free_usd_minor)
    assert (4_000, {need.line_id: 3_000}) == await parts(api)


async def test_budget_excludes_programme_support_cost(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await need.paid_by_norway(11_300, basis_points=1300)

    assert (10_000, {need.line_id: 10_000}) == await parts(api)


async def test_allocation_reduces_what_is_kept_for_the_line(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await need.paid_by_norway(3_000)
    await funded(api, 1_000, FUND)

    allocation = await need.allocated(2_500)
    after = await parts(api)
    await post(api, f"/v1/allocations/{allocation['allocation_id']}/return", FINANCE, revision=1)

    assert (1_500, {need.line_id: 500}) == after
    assert (4_000, {need.line_id: 3_000}) == await parts(api), "returned money is kept for the line again"


async def test_kept_money_stays_with_line_after_revoked_match(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await need.paid_by_norway(3_000)
    await need.revoked()
    assert (3_000, {need.line_id: 3_000}) == await parts(api)

    again = await Need(api, inbox).opened(request=need.request)
    await again.allocated(2_000)

    assert (1_000, {need.line_id: 1_000}) == await parts(api)


async def test_kept_money_never_exceeds_available_after_refund(api: Client, inbox: Inbox) -> None:
    """A fund is one pot: a refund to a donor also reduces earmarked money, each line by its share."""
    one, two = await Need(api, inbox).opened(), await Need(api, inbox).opened()
    other = await Need(api, inbox).opened()
    given = await committed(api, fund=FUND, money=usd(2_000))
    given = await receive(api, given, usd(2_000))
    await other.allocated(2_000)
    await one.paid_by_norway(3_000)
    await two.paid_by_norway(1_000)

    await approve(
        api,
        await move(
            api, given, "refund", money=usd(2_000), reason="not_used", refunded_on=clock.now().date().isoformat()
        ),
    )

    assert (2_000, {one.line_id: 1_500, two.line_id: 500}) == await parts(api)


@given(st.dictionaries(st.uuids(), st.integers(1, 10**12), max_size=5), st.integers(0, 10**12))
def test_kept_money_never_exceeds_receipts_or_available(came: dict[UUID, int], available: int) -> None:
    kept = {one.line_id: one.usd_minor for one in kept_for_lines(came, available)}

    assert min(available, sum(came.values())) == sum(kept.values())
    assert all(0 < minor <= came[line] for line, minor in kept.items())


async def test_budgets_are_per_fund_without_unknown_funds(api: Client) -> None:
    await funded(api, 1_000)

    found = await reported(api, "TA-REQUESTS", "SHERLOC-MNT", "NO-FUND")

    assert {"TA-REQUESTS": 0, "SHERLOC-MNT": 1_000} == {one.fund: one.available_usd_minor for one in found.funds}
    assert abs((clock.now() - found.as_of).total_seconds()) < 60


async def test_budgets_include_rates_in_force(api: Client) -> None:
    today = clock.now().date().isoformat()
    rate = {"currency": "GBP", "valid_from": today, "source": "sample", "usd_per_unit": "1.3"}
    await post(api, "/v1/rates", FINANCE, rates=[rate])

    found = await reported(api, currencies=("GBP", "VUV", "USD"))

    assert [rate] == [msgspec.to_builtins(one) for one in found.rates]
    assert (Money(minor=130, currency="USD"), None) == (
        found.worth(Money(minor=100, currency="GBP")), found.worth(Money(minor=100, currency="VUV")),
    )  # fmt: skip


@given(st.sampled_from(["EUR", "JPY", "KWD", "CLF"]), st.integers(1, 10**9), st.integers(1, 10**9))
def test_budget_conversion_matches_the_ledger(currency: str, minor: int, millionths: int) -> None:
    text = f"{millionths // 10**6}.{millionths % 10**6:06}"
    rate = Rate(source="sample", currency=currency, valid_from=NOON.date(), usd_per_unit=text)
    money = Money(minor=minor, currency=currency)

    worth = Budgeted(as_of=NOON, funds=(), rates=(rate,)).worth(money)

    assert Money(minor=value(money, NOON.date(), [rate]).usd_minor, currency="USD") == worth


@pytest.mark.parametrize("by", [NORWAY, FINANCE, "UNODC:coordinator"])
async def test_budgets_are_for_services_only(api: Client, by: str) -> None:
    answer = await api.post("/internal/budgets", json={"funds": [FUND]}, headers=headers(by))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize("body", [{}, {"funds": []}, {"funds": ["TA-REQUESTS"] * 51}, {"funds": [str(uuid4())]}])
async def test_malformed_budget_query_is_rejected(api: Client, body: dict[str, Any]) -> None:
    assert 400 == (await api.post("/internal/budgets", json=body, headers=headers(MATCHING))).status_code
