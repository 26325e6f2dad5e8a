"""Contributions in kind over HTTP, which are not included in any total of money."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from chassis.db.database import Database
from services.pledges.ledger.verify import verify
from tests.builders import headers
from tests.pledges.in_kind.steps import (
    MOVES,
    PATH,
    WORDS,
    a_contribution,
    all_that_can_be_done,
    declared,
    move,
    path_of,
)
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    LAST_YEAR,
    NORWAY,
    Client,
    committed,
    content,
    funded,
    get,
    pledged,
    post,
    refused,
    unchanged,
    usd,
)


async def of_fund(client: Client, by: str = FINANCE) -> int:
    shown = await get(client, "/v1/funds/SHERLOC-MNT", by)
    (listed,) = [one for one in (await get(client, "/v1/funds", by))["funds"] if one["code"] == "SHERLOC-MNT"]
    assert shown == listed
    return int(shown["in_kind_usd_minor"])


# -- lifecycle --------------------------------------------------------------------------------------------------------


async def test_fund_total_counts_acknowledged_contributions_only(api: Client) -> None:
    one = await declared(api)
    assert ("NOR", "declared", 460_000, "1.15", WORDS) == (
        one["donor"], one["status"], one["usd_minor"], one["rate"], one["description"],
    )  # fmt: skip
    assert 0 == await of_fund(api)

    acknowledged = await move(api, one, "acknowledge")
    await move(api, await declared(api, GERMANY, money=usd(5)), "acknowledge")
    assert ("acknowledged", 2) == (acknowledged["status"], acknowledged["revision"])
    assert 460_005 == await of_fund(api) == await of_fund(api, "KEN:focal_point"), (
        "the total includes all donors, like all totals"
    )

    struck = await move(api, acknowledged, "strike")
    assert ("struck", "given_back") == (struck["status"], struck["reason"])
    assert content(struck) == content(await get(api, path_of(one), NORWAY)), (
        "the struck contribution stays in the list, with the reason"
    )
    assert 5 == await of_fund(api)


async def test_contribution_is_valued_by_rate_of_its_day_or_rejected(api: Client) -> None:
    dinars = {"minor": 1_000_000, "currency": "KWD"}

    assert 326_330 == (await declared(api, money=dinars))["usd_minor"], "the dinar has three decimals"
    assert (422, "rate-not-in-force") == await refused(
        api, PATH, NORWAY, **a_contribution(money=dinars, provided_on="2025-11-05")
    )
    assert 7 == (await declared(api, money=usd(7), provided_on="2025-11-05"))["usd_minor"]


async def test_repeated_command_runs_once(api: Client, databases: Mapping[str, Database]) -> None:
    given = headers(NORWAY, key="scanners-of-2026")
    answers = [await api.post(PATH, json=a_contribution(), headers=given) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[0].headers["Location"] == path_of(answers[0].json())

    given = headers(FINANCE, key="scanners-have-come", revision=1)
    path = f"{path_of(answers[0].json())}/acknowledge"
    assert [2, 2] == [(await api.post(path, json={}, headers=given)).json()["revision"] for _ in range(2)]
    assert 460_000 == await of_fund(api)


async def test_concurrent_withdrawal_and_acknowledgement_yield_one(api: Client) -> None:
    for _ in range(5):
        one = await declared(api)
        answers = await asyncio.gather(
            *(
                api.post(f"{path_of(one)}/{name}", json={}, headers=headers(by, revision=1))
                for name, by in MOVES.items()
                if name != "strike"
            )
        )
        assert [200, 412] == sorted(answer.status_code for answer in answers)


# -- authorization ----------------------------------------------------------------------------------------------------


async def test_contribution_of_other_donor_is_not_found(api: Client) -> None:
    ours, theirs = await declared(api), await declared(api, GERMANY)

    assert [ours] == (await get(api, PATH, NORWAY))["in_kind_contributions"]
    assert content(theirs, ours) == content(*(await get(api, PATH))["in_kind_contributions"])
    assert [] == (await get(api, PATH, "KEN:focal_point"))["in_kind_contributions"]
    for who in (NORWAY, "KEN:focal_point", "DEU:provider_officer", "DEU:finance_officer"):
        hidden = await api.get(path_of(theirs), headers=headers(who))
        nothing = await api.get(f"{PATH}/{uuid4()}", headers=headers(who))
        assert hidden.status_code == nothing.status_code == 404
        assert {**hidden.json(), "correlation_id": ""} == {**nothing.json(), "correlation_id": ""}
    assert (404, "not-found") == await refused(api, f"{path_of(theirs)}/withdraw", NORWAY, revision=1)


async def test_contributions_are_filtered_by_fund_and_status(api: Client) -> None:
    one = await move(api, await declared(api), "acknowledge")
    other = await declared(api, fund="TA-REQUESTS")

    for query, found in {
        "fund=TA-REQUESTS": [other], "status=acknowledged": [one], "fund=SHERLOC-DEV": [],
        "fund=SHERLOC-MNT&status=declared": [],
    }.items():  # fmt: skip
        assert content(*found) == content(*(await get(api, f"{PATH}?{query}"))["in_kind_contributions"]), query
    first = await get(api, f"{PATH}?limit=1")
    second = await get(api, f"{PATH}?limit=1&cursor={first['cursor']}")
    assert content(other, one) == content(*first["in_kind_contributions"], *second["in_kind_contributions"])
    assert second["cursor"] is None


async def test_action_outside_role_is_forbidden(api: Client) -> None:
    one = await declared(api)

    for by in (FINANCE, "KEN:focal_point", "UNODC:coordinator"):
        assert (403, "not-for-your-role") == await refused(api, PATH, by, **a_contribution())
    for name, by in (("acknowledge", NORWAY), ("acknowledge", "UNODC:coordinator"), ("withdraw", FINANCE)):
        assert (403, "not-for-your-role") == await refused(api, f"{path_of(one)}/{name}", by, revision=1)
    strike = {"revision": 1, "reason": "given_back"}
    assert (403, "not-for-your-role") == await refused(api, f"{path_of(one)}/strike", NORWAY, **strike)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "slug"),
    [
        ({"fund": "NO-SUCH-FUND"}, 400, "unknown-code"),
        ({"form": "money"}, 400, "unknown-code"),
        ({"money": usd(0)}, 400, "amount-zero"),
        ({"money": {"minor": 1, "currency": "XXX"}}, 400, "unknown-code"),
        ({"provided_on": "2126-01-01"}, 400, "date-ahead"),
        ({"description": "x" * 2001}, 400, "invalid-field"),
        ({"donor": "DEU"}, 400, "unknown-field"),
    ],
)
async def test_invalid_input_is_rejected_without_changes(
    api: Client, databases: Mapping[str, Database], changes: dict[str, Any], status: int, slug: str
) -> None:
    before = await unchanged(databases["pledges"])

    assert (status, slug) == await refused(api, PATH, NORWAY, **a_contribution(**changes))
    assert before == await unchanged(databases["pledges"])


async def test_invalid_transition_stale_revision_and_unknown_reason_are_rejected(api: Client) -> None:
    one = await declared(api)
    path, struck = path_of(one), {"reason": "given_back"}

    assert (409, "in-kind-status") == await refused(api, f"{path}/strike", revision=1, **struck)
    assert (412, "revision-stale") == await refused(api, f"{path}/acknowledge", revision=2)
    assert (428, "if-match-missing") == await refused(api, f"{path}/acknowledge")
    await move(api, one, "acknowledge")
    assert (409, "in-kind-status") == await refused(api, f"{path}/withdraw", NORWAY, revision=2)
    assert (400, "unknown-code") == await refused(api, f"{path}/strike", revision=2, reason="donor_budget")


# -- beside the money -------------------------------------------------------------------------------------------------


async def money(client: Client, db: Database) -> dict[str, Any]:
    """Return all totals of money in the service, and the counts of a ledger verification."""
    answers = {}
    for path in ("/v1/ledger/balances", "/v1/ledger/entries?limit=100", "/v1/flows?limit=100", "/v1/funds"):
        answers[path] = await get(client, path)
    answers["/v1/ledger/balances"].pop("as_of", None)
    for fund in answers["/v1/funds"]["funds"]:
        del fund["in_kind_usd_minor"]
    async with db.transaction() as tx:
        report = await verify(tx)
    async with db.transaction() as tx:
        rows = await tx.fetch("SELECT entry::text FROM entry UNION ALL SELECT balance::text FROM balance ORDER BY 1")
    assert report.findings == []
    return answers | {"verified": report, "rows": [row[0] for row in rows]}


@pytest.mark.parametrize("seed", range(3))
async def test_contributions_in_kind_change_no_money_totals(
    api: Client, databases: Mapping[str, Database], seed: int
) -> None:
    chance = random.Random(seed)
    await pledged(api, GERMANY)
    await committed(api)
    await funded(api, 1_000)
    before = await money(api, databases["pledges"])
    reported = await all_that_can_be_done(api)
    for _ in range(20):
        name = chance.choice(["declare", "declare", *MOVES])
        if name == "declare":
            currency = chance.choice(["USD", "EUR", "JPY", "KWD"])
            amount = {"minor": chance.randint(1, 10**9), "currency": currency}
            fund = chance.choice(["SHERLOC-MNT", "SHERLOC-DEV", "TA-REQUESTS"])
            reported.append(await declared(api, money=amount, fund=fund, form=chance.choice(["software", "travel"])))
            continue
        one = chance.randrange(len(reported))
        body = {"reason": "other"} if name == "strike" else {}
        given = headers(MOVES[name], revision=reported[one]["revision"])
        answer = await api.post(f"{path_of(reported[one])}/{name}", json=body, headers=given)
        assert answer.status_code in {200, 409}, answer.text
        reported[one] = answer.json() if answer.is_success else reported[one]

    assert before == await money(api, databases["pledges"])
    for fund in (await get(api, "/v1/funds"))["funds"]:
        of_it = [one for one in reported if one["fund"] == fund["code"] and one["status"] == "acknowledged"]
        assert sum(one["usd_minor"] for one in of_it) == fund["in_kind_usd_minor"]


async def test_contribution_in_closed_year_is_accepted(api: Client) -> None:
    await post(api, f"/v1/ledger/periods/{LAST_YEAR}/close", FINANCE)

    one = await declared(api, money=usd(7), provided_on=f"{LAST_YEAR}-03-01")
    assert 7 == (await move(api, one, "acknowledge"))["usd_minor"]


async def test_description_is_in_no_fact(api: Client, databases: Mapping[str, Database]) -> None:
    await all_that_can_be_done(api)

    async with databases["pledges"].transaction() as tx:
        facts = [row["event"] for row in await tx.fetch("SELECT event::text FROM journal")]
        kept = await tx.fetchval("SELECT count(*) FROM in_kind_contribution_text WHERE description = $1", WORDS)
    assert not [fact for fact in facts if "scanners" in fact]
    assert 4 == kept


# -- in a statement ---------------------------------------------------------------------------------------------------


async def test_statement_lists_contribution_as_of_the_moment(api: Client) -> None:
    path = "/v1/statements/NOR/data"
    assert 404 == (await api.get(path, headers=headers(NORWAY))).status_code
    one = await move(api, await declared(api), "acknowledge")
    await move(api, await declared(api, GERMANY), "acknowledge")
    reported = await get(api, path, NORWAY)
    assert [(one["in_kind_contribution_id"], 460_000, WORDS)] == [
        (line["in_kind_contribution_id"], line["usd_minor"], line["description"]) for line in reported["in_kind"]
    ]
    assert reported["in_kind"] == (await get(api, path, FINANCE))["in_kind"], (
        "no other donor's contributions are included"
    )
    assert ([], [], 460_000) == (reported["pledges"], reported["funds"], reported["in_kind_usd_minor"])
    assert {0} == {*reported["closing"].values(), *reported["opening"].values(), *reported["receipts"].values()}
    assert 404 == (await api.get(f"{path}?fund=TA-REQUESTS", headers=headers(NORWAY))).status_code


async def test_statement_as_of_earlier_moment_keeps_struck_contribution(api: Client) -> None:
    one = await move(api, await declared(api), "acknowledge")
    moment = quote((await get(api, "/v1/statements/NOR/data"))["as_of"])
    of_then = f"as_of={moment}&until=2026-12-31&language=en"
    before = (await api.get(f"/v1/statements/NOR?{of_then}", headers=headers(NORWAY))).content
    await move(api, one, "strike")

    assert before.startswith(b"%PDF-1.7")
    assert before == (await api.get(f"/v1/statements/NOR?{of_then}", headers=headers(FINANCE))).content
    assert [] == (await get(api, "/v1/statements/NOR/data"))["in_kind"]
    for who in (GERMANY, "KEN:focal_point", "NOR:provider_officer"):
        assert 404 == (await api.get("/v1/statements/NOR/data", headers=headers(who))).status_code
