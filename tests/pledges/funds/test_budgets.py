"""What funds have is told to services that plan by it: what is earmarked for a line beside what is free."""

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
from tests.pledges.funds.steps import FUND, MATCHING, Need, parts, told
from tests.pledges.steps import FINANCE, NORWAY, Client, approve, committed, funded, move, post, prepared, receive, usd


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await prepared(await client_of("requests", "pledges"))


async def test_what_came_for_one_line_is_kept_for_it_and_the_rest_is_free(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await committed(api, fund=FUND, money=usd(9_000), requirement_id=need.requirement_id)
    assert (0, {}) == await parts(api), "what is pledged or signed for has not come"
    await need.paid_by_norway(3_000)
    await funded(api, 1_000, FUND)

    (fund,) = (await told(api)).funds

    assert (4_000, 1_000) == (fund.available_usd_minor, fund.free_usd_minor)
    assert (4_000, {need.line_id: 3_000}) == await parts(api)


async def test_programme_support_is_no_part_of_it(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await need.paid_by_norway(11_300, basis_points=1300)

    assert (10_000, {need.line_id: 10_000}) == await parts(api)


async def test_what_is_allocated_to_the_line_is_kept_no_more(api: Client, inbox: Inbox) -> None:
    need = await Need(api, inbox).opened()
    await need.paid_by_norway(3_000)
    await funded(api, 1_000, FUND)

    allocation = await need.allocated(2_500)
    after = await parts(api)
    await post(api, f"/v1/allocations/{allocation['allocation_id']}/return", FINANCE, revision=1)

    assert (1_500, {need.line_id: 500}) == after
    assert (4_000, {need.line_id: 3_000}) == await parts(api), "what went back is the line's again"


async def test_it_stays_with_the_line_when_its_match_is_revoked_and_goes_to_its_next_one(
    api: Client, inbox: Inbox
) -> None:
    need = await Need(api, inbox).opened()
    await need.paid_by_norway(3_000)
    await need.revoked()
    assert (3_000, {need.line_id: 3_000}) == await parts(api)

    again = await Need(api, inbox).opened(request=need.request)
    await again.allocated(2_000)

    assert (1_000, {need.line_id: 1_000}) == await parts(api)


async def test_no_more_is_kept_than_there_is(api: Client, inbox: Inbox) -> None:
    """A fund is one pot: what goes back to a donor came out of what was earmarked too, of each line its share."""
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
def test_what_is_kept_is_never_more_than_came_or_than_there_is(came: dict[UUID, int], available: int) -> None:
    kept = {one.line_id: one.usd_minor for one in kept_for_lines(came, available)}

    assert min(available, sum(came.values())) == sum(kept.values())
    assert all(0 < minor <= came[line] for line, minor in kept.items())


async def test_each_fund_has_its_own_and_one_there_is_not_is_left_out(api: Client) -> None:
    await funded(api, 1_000)

    found = await told(api, "TA-REQUESTS", "SHERLOC-MNT", "NO-FUND")

    assert {"TA-REQUESTS": 0, "SHERLOC-MNT": 1_000} == {one.fund: one.available_usd_minor for one in found.funds}
    assert abs((clock.now() - found.as_at).total_seconds()) < 60


async def test_rates_of_that_day_are_told_where_there_are_any(api: Client) -> None:
    today = clock.now().date().isoformat()
    rate = {"currency": "GBP", "valid_from": today, "source": "sample", "usd_per_unit": "1.3"}
    await post(api, "/v1/rates", FINANCE, rates=[rate])

    found = await told(api, currencies=("GBP", "VUV", "USD"))

    assert [rate] == [msgspec.to_builtins(one) for one in found.rates]
    assert (Money(minor=130, currency="USD"), None) == (
        found.worth(Money(minor=100, currency="GBP")), found.worth(Money(minor=100, currency="VUV")),
    )  # fmt: skip


@given(st.sampled_from(["EUR", "JPY", "KWD", "CLF"]), st.integers(1, 10**9), st.integers(1, 10**9))
def test_an_amount_is_worth_what_the_ledger_says(currency: str, minor: int, millionths: int) -> None:
    text = f"{millionths // 10**6}.{millionths % 10**6:06}"
    rate = Rate(source="sample", currency=currency, valid_from=NOON.date(), usd_per_unit=text)
    money = Money(minor=minor, currency=currency)

    worth = Budgeted(as_at=NOON, funds=(), rates=(rate,)).worth(money)

    assert Money(minor=value(money, NOON.date(), [rate]).usd_minor, currency="USD") == worth


@pytest.mark.parametrize("by", [NORWAY, FINANCE, "UNODC:coordinator"])
async def test_services_alone_ask(api: Client, by: str) -> None:
    answer = await api.post("/internal/budgets", json={"funds": [FUND]}, headers=headers(by))

    assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])


@pytest.mark.parametrize("body", [{}, {"funds": []}, {"funds": ["TA-REQUESTS"] * 51}, {"funds": [str(uuid4())]}])
async def test_a_question_that_cannot_be_meant_is_refused(api: Client, body: dict[str, Any]) -> None:
    assert 400 == (await api.post("/internal/budgets", json=body, headers=headers(MATCHING))).status_code
