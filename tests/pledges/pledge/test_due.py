"""The list of pledges with instalments that are late or due soon."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import headers
from tests.clocks import TODAY
from tests.pledges.pledge.steps import due
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    Client,
    agreed,
    approve,
    committed,
    entry_of,
    eur,
    get,
    move,
    part,
    pledge_of,
    pledged,
    post,
    receive,
    usd,
)

SOON, IN_A_MONTH = TODAY + timedelta(days=14), TODAY + timedelta(days=30)
LATE, AHEAD = "2026-03-10", "2126-01-01"


def id_of(pledge: dict[str, Any]) -> str:
    return str(pledge["pledge_id"])


async def test_due_filter_separates_late_from_upcoming(api: Client) -> None:
    late = await agreed(api, 1000, part(400, LATE), part(600, AHEAD))
    soon = await agreed(api, 1000, part(1000, SOON.isoformat()))
    at_last = await agreed(api, 1000, part(1000, AHEAD))
    await pledged(api, money=usd(1000))

    assert [id_of(late)] == await due(api)
    assert [id_of(late)] == await due(api, SOON), "an instalment due on that day is not due before it"
    assert [id_of(soon), id_of(late)] == await due(api, SOON + timedelta(days=1))
    assert [id_of(at_last), id_of(soon), id_of(late)] == await due(api, date.max)
    assert [] == await due(api, date.min)


async def test_conditional_instalment_is_due_once_condition_is_met(api: Client) -> None:
    waits = await agreed(api, 1000, part(400, LATE, "report_accepted"), part(600, AHEAD))
    assert [] == await due(api)

    await move(api, waits, "meet-condition", instalment=1, met_on="2026-03-06")

    assert [id_of(waits)] == await due(api)


async def test_received_instalment_is_not_due(api: Client) -> None:
    one = await agreed(api, 1000, part(400, LATE), part(300, SOON.isoformat()), part(300, AHEAD))
    one = await receive(api, one, usd(399))
    assert [id_of(one)] == await due(api)
    one = await receive(api, one, usd(1))
    assert [[], [id_of(one)]] == [await due(api), await due(api, IN_A_MONTH)]
    one = await receive(api, one, usd(300))
    assert [[], [id_of(one)]] == [await due(api, IN_A_MONTH), await due(api, date.max)]
    await receive(api, one, usd(300))
    assert [] == await due(api, date.max)


async def test_written_off_instalment_is_not_due(api: Client) -> None:
    one = await agreed(api, 1000, part(300, LATE), part(300, "2026-03-20"), part(400, AHEAD))
    one = await receive(api, one, usd(500))
    assert [id_of(one)] == await due(api)
    await approve(api, await move(api, one, "write-off", reason="not_expected"))
    assert [] == await due(api, date.max)

    wrong = {"entry_id": (await entry_of(api, "received"))["entry_id"], "reason": "payment_returned"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong))

    one = await pledge_of(api, one)
    assert (usd(0), usd(500), [0, 100, 400]) == (
        one["received"],
        one["written_off"],
        [each["open_minor"] for each in one["instalments"]],
    )
    assert [[], [id_of(one)]] == [await due(api, date(2026, 3, 20)), await due(api, date(2026, 3, 21))]


async def test_due_filter_matches_instalments_of_each_pledge(api: Client) -> None:
    paid = await receive(api, await agreed(api, 500, part(500, LATE)), usd(500))
    some = await receive(api, await agreed(api, 500, part(300, LATE), part(200, AHEAD)), usd(300))
    less = await move(api, await agreed(api, 500, part(500, LATE)), "reduce", money=usd(499), reason="donor_budget")
    assert ["received", "partially_received", "committed"] == [one["status"] for one in (paid, some, less)]
    everything = (await get(api, "/v1/pledges"))["pledges"]

    late = [id_of(one) for one in everything if any(each["late"] for each in one["instalments"])]

    assert [id_of(less)] == late
    assert late == await due(api)


async def test_due_filter_combines_with_visibility_and_other_filters(api: Client) -> None:
    ours, theirs = await committed(api, NORWAY), await committed(api, GERMANY, fund="SHERLOC-DEV")

    assert [id_of(theirs), id_of(ours)] == await due(api)
    assert [id_of(ours)] == await due(api, by=NORWAY)
    assert [id_of(theirs)] == await due(api, by=GERMANY)
    assert [id_of(theirs)] == await due(api, more="&donor=DEU")
    assert [id_of(ours)] == await due(api, more="&fund=SHERLOC-MNT&status=committed")
    assert [] == await due(api, more="&status=received")


async def test_due_pledges_are_paged_completely(api: Client) -> None:
    late = []
    for _ in range(5):
        late.append(id_of(await committed(api)))
        await receive(api, await committed(api), eur(10_000_00))
    seen: list[str] = []
    path: str | None = f"/v1/pledges?due_before={TODAY}&limit=2"
    while path:
        answer = await api.get(path, headers=headers(FINANCE))
        seen += [id_of(one) for one in answer.json()["pledges"]]
        path = answer.links["next"]["url"] if "next" in answer.links else None

    assert late[::-1] == seen


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "tomorrow", "10000-01-01", "NaN"])
async def test_malformed_due_date_is_rejected(api: Client, day: str) -> None:
    answer = await api.get(f"/v1/pledges?due_before={day}", headers=headers(FINANCE))

    assert (400, "invalid-request") == (answer.status_code, answer.json()["slug"])
