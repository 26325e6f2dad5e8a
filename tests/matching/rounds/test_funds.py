"""Rounds paid from funds: balances from the ledger, stored with the round, and earmarks."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from services.pledges.consumers import HANDLERS
from tests.builders import headers
from tests.matching.builders import a_contract_line, a_submission
from tests.matching.rounds.steps import asked, offered, planned, shown, wanted, why
from tests.matching.steps import COORDINATOR, Owner
from tests.matching.steps import opened as heard
from tests.pledges.funds.steps import Need
from tests.pledges.steps import FINANCE, funded, post, prepared, usd

pytestmark = pytest.mark.all_schemas

Client = httpx.AsyncClient
FUND = "TA-REQUESTS"


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await prepared(await client_of("requests", "matching", "pledges"))


@pytest.fixture
def need(api: Client, databases: Mapping[str, Database]) -> Need:
    return Need(api, Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS))


async def lacking(api: Client, minor: int = 1_000, currency: str = "USD", **changes: Any) -> dict[str, Any]:
    """Approve an offering with three deliveries, each with this funding gap."""
    money = {"minor": minor, "currency": currency}
    return await offered(api, units=3, resource_status="partly", funding_needed=money, **changes)


async def refused(api: Client, by: str = COORDINATOR, **settings: Any) -> tuple[int, dict[str, Any]]:
    answer = await api.post("/v1/rounds", json=settings, headers=headers(by))
    return answer.status_code, answer.json()


async def rounds(api: Client) -> list[dict[str, Any]]:
    return list((await api.get("/v1/rounds", headers=headers(COORDINATOR))).json()["rounds"])


def paid(one: dict[str, Any]) -> dict[str, list[tuple[str, bool]]]:
    """The fund of each delivery, and whether its money is kept for the line, by line that is served."""
    return {
        line["line_id"]: [(each["fund"], each["kept_for_line"]) for each in line["deliveries"]] for line in one["plan"]
    }


async def test_round_pays_from_current_fund_balances(api: Client, db: Database, owner: Owner) -> None:
    await lacking(api)
    lines = {state: str(await wanted(owner, state)) for state in ("KEN", "NER")}
    await funded(api, 1_500, FUND)
    before = clock.now()

    found = await planned(api, db, seconds=5, funds=[FUND])

    assert {lines["NER"]: [(FUND, False)]} == paid(found)
    assert {lines["KEN"]: ["budget"]} == why(found)
    assert [FUND] == [one["fund"] for one in found["unmet"][0]["hindrances"]], "the fund with too little money is named"
    taken = found["settings"]["taken"]
    assert [{"fund": FUND, "available_usd_minor": 1_500, "earmarked": []}] == taken["funds"]
    assert before <= datetime.fromisoformat(taken["as_of"]) <= datetime.fromisoformat(found["surveyed_at"])
    assert [FUND] == found["settings"]["funds"]


async def test_empty_fund_pays_nothing(api: Client, db: Database, owner: Owner) -> None:
    await lacking(api)
    line = str(await wanted(owner))

    found = await planned(api, db, seconds=5, funds=[FUND])

    assert ({}, {line: ["too_large"]}) == (paid(found), why(found))


async def test_earmarked_money_serves_only_its_line(api: Client, db: Database, owner: Owner, need: Need) -> None:
    """Earmarked money is also available after the line's match was revoked and the line is open again."""
    await lacking(api)
    await need.opened()
    await need.paid_by_norway(1_000)
    await need.revoked()
    submission = a_submission(a_contract_line(need.line_id), request_id=UUID(need.request["request_id"]))
    other = str(await wanted(owner, "NER"))

    without = await planned(api, db, seconds=5, funds=[FUND])
    await heard(owner, submission)
    found = await planned(api, db, seconds=5, funds=[FUND])

    assert ({}, {other: ["too_large"]}) == (paid(without), why(without))
    assert {str(need.line_id): [(FUND, True)]} == paid(found)
    assert {other: ["too_large"]} == why(found)
    assert [{"line_id": str(need.line_id), "usd_minor": 1_000}] == found["settings"]["taken"]["funds"][0]["earmarked"]


async def test_gap_in_another_currency_is_paid_at_the_rate(api: Client, db: Database, owner: Owner) -> None:
    """One pound is 1.25 dollars here. The rate is stored, so that the plan can be made again."""
    today = clock.now().date().isoformat()
    rate = {"currency": "GBP", "valid_from": today, "source": "sample", "usd_per_unit": "1.25"}
    await post(api, "/v1/rates", FINANCE, rates=[rate])
    await lacking(api, 1_000, "GBP")
    for state in ("KEN", "NER"):
        await wanted(owner, state)
    await funded(api, 2_499, FUND)

    found = await planned(api, db, seconds=5, funds=[FUND])
    await funded(api, 1, FUND)
    more = await planned(api, db, seconds=5, funds=[FUND])

    assert [rate] == found["settings"]["taken"]["rates"]
    assert (1, 2) == (found["deliveries"], more["deliveries"])


async def test_gap_without_a_rate_in_force_is_not_paid(api: Client, db: Database, owner: Owner) -> None:
    await lacking(api, 1_000, "VUV")
    line = str(await wanted(owner))
    await funded(api, 10_000, FUND)

    found = await planned(api, db, seconds=5, funds=[FUND])

    assert ({}, {line: ["no_rate"]}) == (paid(found), why(found))
    assert "rate of exchange" in found["unmet"][0]["hindrances"][0]["says"]


async def test_based_on_round_uses_the_same_balances(api: Client, db: Database, owner: Owner) -> None:
    await lacking(api)
    await wanted(owner)
    await funded(api, 1_000, FUND)
    before = await planned(api, db, seconds=5, funds=[FUND, "SHERLOC-MNT"])
    await funded(api, 5_000, FUND)

    same = await planned(api, db, seconds=5, funds=[FUND], based_on=before["round_id"])
    anew = await planned(api, db, seconds=5, funds=[FUND, "SHERLOC-DEV"], based_on=before["round_id"])

    assert before["settings"]["taken"]["as_of"] == same["settings"]["taken"]["as_of"]
    assert [1_000] == [one["available_usd_minor"] for one in same["settings"]["taken"]["funds"]]
    assert {FUND: 6_000, "SHERLOC-DEV": 0} == {
        one["fund"]: one["available_usd_minor"] for one in anew["settings"]["taken"]["funds"]
    }, "the first round did not read the other fund, and a round uses balances of one time"
    path = f"/v1/rounds/{before['round_id']}/compare?with={anew['round_id']}"
    compared = (await api.get(path, headers=headers(COORDINATOR))).json()
    assert ["funds", "taken"] == compared["settings"]


async def test_round_with_funds_needs_the_ledger(
    client_of: Callable[..., Awaitable[Client]],
) -> None:
    alone = await client_of("matching")

    status, problem = await refused(alone, funds=[FUND])

    assert (503, "ledger-unheard") == (status, problem["slug"])
    assert [] == await rounds(alone)
    await asked(alone)


async def test_unknown_fund_is_named(api: Client) -> None:
    status, problem = await refused(api, funds=[FUND, "NO-FUND", "NONE"])

    assert (422, "fund-unknown", ["NO-FUND", "NONE"]) == (status, problem["slug"], problem["details"]["funds"])
    assert [] == await rounds(api)


@pytest.mark.parametrize("by", [FINANCE, "UNODC:auditor", "NOR:donor_officer", "KEN:focal_point"])
async def test_only_coordinators_create_rounds_with_funds(api: Client, by: str) -> None:
    status, problem = await refused(api, by, funds=[FUND])

    assert (403, "not-for-your-role") == (status, problem["slug"])


async def test_repeated_command_is_the_same_round(api: Client) -> None:
    given = headers(COORDINATOR)
    body = {"funds": [FUND]}
    first = (await api.post("/v1/rounds", json=body, headers=given)).json()
    await funded(api, 1_000, FUND)

    again = (await api.post("/v1/rounds", json=body, headers=given)).json()

    assert first == again
    assert 0 == (await shown(api, first["round_id"]))["settings"]["taken"]["funds"][0]["available_usd_minor"]


async def test_budgets_and_funds_are_mutually_exclusive(api: Client) -> None:
    budgets = [{"fund": FUND, "money": usd(1)}]

    assert (400, "budgets-and-funds") == ((r := await refused(api, funds=[FUND], budgets=budgets))[0], r[1]["slug"])
