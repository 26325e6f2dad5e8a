"""A donor's statement from the ledger to the PDF: visibility, content, finality."""

import asyncio
import sys
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest

from chassis import clock
from contracts.refusals import Excessive, Unavailable
from contracts.values import Language
from services.pledges.statements import store as statement_store
from services.pledges.statements.model import Statement
from services.pledges.statements.printing import renderer
from services.pledges.statements.printing.renderer import StatementRenderer
from services.pledges.statements.printing.words import TemplateData
from tests.builders import headers
from tests.clocks import MORNING
from tests.pledges.pledge.steps import in_parts, met, reduced, refunded, taken_back, written_off
from tests.pledges.statements.builders import PLEDGED, a_promise, a_statement
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    Client,
    committed,
    date_back_one_day,
    entry_of,
    eur,
    get,
    move,
    pledged,
    post,
    usd,
)

READERS = (NORWAY, FINANCE, "UNODC:coordinator", "UNODC:auditor")
OTHERS = (GERMANY, "NOR:provider_officer", "NOR:focal_point", "KEN:focal_point", "NOR:finance_officer")
PATH = "/v1/statements/NOR"


async def received(client: Client, by: str, money: dict[str, Any], *, basis_points: int = 1300) -> dict[str, Any]:
    pledge = await committed(client, by, money=money, basis_points=basis_points)
    path = f"/v1/pledges/{pledge['pledge_id']}/receive"
    half = {**money, "minor": money["minor"] // 2}
    return await post(client, path, FINANCE, revision=pledge["revision"], money=half, received_on="2026-04-20")


async def pdf(client: Client, path: str = PATH, by: str = NORWAY, **more: str) -> httpx.Response:
    return await client.get(path, headers=headers(by) | more)


def slug_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition("/")[2].rpartition(":")[2]


def said(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem document without the fields that differ per request."""
    return {name: value for name, value in answer.json().items() if name != "correlation_id"}


async def test_statement_has_pledged_agreed_and_paid_amounts(api: Client) -> None:
    await received(api, NORWAY, eur(10_000_00))
    await pledged(api, NORWAY, money={"minor": 700_000, "currency": "JPY"}, fund="TA-REQUESTS")
    reported = await get(api, f"{PATH}/data", NORWAY)

    assert ("NOR", None) == (reported["donor"], reported["starts"])
    euros, yen = reported["pledges"]
    assert (1_000_000, 1_150_000) == tuple(euros["closing"]["committed"].values())
    assert (500_000, 575_000) == tuple(euros["closing"]["received"].values())
    assert (500_000, 575_000) == tuple(euros["closing"]["outstanding"].values())
    assert ["pledged", "committed", "received"] == [one["type"] for one in euros["movements"]]
    (receipt,) = euros["receipts"]
    assert ("1.15", "fictitious", "2026-04-01") == (receipt["rate"], receipt["rate_source"], receipt["rate_date"])
    assert 575_000 == receipt["support_cost_usd_minor"] + receipt["available_usd_minor"]
    assert ({"minor": 700_000, "currency": "JPY"}, "TA-REQUESTS") == (yen["pledged"], yen["fund"])
    assert (575_000, 575_000) == (
        reported["closing"]["received_usd_minor"],
        reported["closing"]["outstanding_usd_minor"],
    )


async def test_what_was_agreed_is_explained_with_refunds_gains_and_what_was_carried_over(
    api: Client, database_url: str
) -> None:
    paid = await received(api, NORWAY, eur(10_000_00))
    await refunded(api, paid, money=eur(1_000_00))
    back = await get(api, f"/v1/pledges/{paid['pledge_id']}", FINANCE)
    await move(api, back, "carry-over", to_fund="SHERLOC-DEV", money=usd(1_234_56))

    today = await get(api, f"{PATH}/data", NORWAY)
    assert ([], ["SHERLOC-MNT"]) == (today["funds"], today["uncounted_funds"]), "not counted before midnight"
    closing = {name.removesuffix("_usd_minor"): minor for name, minor in today["closing"].items()}
    assert 1_234_56 == closing["carried_over"]
    assert 0 < closing["refunded"]
    assert (
        closing["committed"]
        == sum(closing[name] for name in ("received", "refunded", "outstanding", "written_off"))
        - closing["exchange_difference"]
    )
    moved = [one["moved"]["carried_over"]["usd_minor"] for one in today["pledges"][0]["movements"]]
    assert [1_234_56] == [usd_minor for usd_minor in moved if usd_minor]

    printed = str(TemplateData(msgspec.convert(today, Statement), Language.EN).data())
    for words in ("Refunded", "Carried over to another fund · USD\u00a01,234.56", "not counted yet"):
        assert words.replace("\u00a0", "\\xa0") in printed, printed


async def test_fund_totals_are_as_of_midnight(api: Client, database_url: str) -> None:
    """Two moments would disclose another donor's payment to the cent, also in statements that UNODC makes."""
    await received(api, NORWAY, eur(10_000_00))
    await date_back_one_day(database_url)
    path = f"{PATH}/data"
    before = await get(api, path, NORWAY)
    await received(api, GERMANY, usd(3_333_33))
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(200_001), work_package="maintenance")
    moment = quote(clock.now().isoformat())

    for by in (NORWAY, FINANCE):
        for query in ("", f"?as_of={moment}"):
            reported = await get(api, path + query, by)
            assert (before["funds"], before["funds_as_of"]) == (reported["funds"], reported["funds_as_of"])
    assert f"{clock.now().date()}T00:00:00" == before["funds_as_of"][:19]
    (share,) = before["funds"]
    assert 0 < share["contributed_usd_minor"] == share["fund_contributed_usd_minor"]


async def test_shares_of_two_donors_add_up_to_allocations(api: Client, database_url: str) -> None:
    await received(api, NORWAY, eur(10_000_00))
    await received(api, GERMANY, usd(3_333_33))
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(200_001), work_package="maintenance")
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(1), work_package="training")
    await date_back_one_day(database_url)
    fund = await get(api, "/v1/funds/SHERLOC-MNT")

    (ours,), (theirs,) = [
        (await get(api, f"/v1/statements/{donor}/data", FINANCE))["funds"] for donor in ("NOR", "DEU")
    ]
    assert 200_002 == ours["allocated_usd_minor"] + theirs["allocated_usd_minor"] == fund["allocated_usd_minor"]
    assert fund["available_usd_minor"] == ours["balance_usd_minor"] + theirs["balance_usd_minor"]
    assert ours["fund_contributed_usd_minor"] == fund["paid_usd_minor"] - fund["programme_support_usd_minor"]
    assert ["maintenance", "training"] == [one["purpose"] for one in ours["drawn"]]


async def test_instalments_of_a_period_ignore_later_reversals(api: Client) -> None:
    """All facts are reversed today; the statement of the half year before does not change."""
    pledge = await in_parts(api)
    before = (await get(api, f"{PATH}/data?until=2026-06-30"))["pledges"][0]
    assert [(300_00, 100_00), (100_00, 0)] == [(one["minor"], one["paid_minor"]) for one in before["schedule"]]
    receipt, condition = await entry_of(api, "received"), await met(api, pledge)
    reported = (await get(api, f"{PATH}/data?until=2026-06-30"))["pledges"][0]
    for entry in (await reduced(api, pledge, usd(650_00)), await written_off(api, pledge)):
        await taken_back(api, entry)
    await taken_back(api, condition)
    await taken_back(api, receipt)

    ended, now = [(await get(api, f"{PATH}/data{query}"))["pledges"][0] for query in ("?until=2026-06-30", "")]
    assert reported == ended
    assert [300_00, 100_00, 600_00] == [one["minor"] for one in ended["schedule"]]
    for account in (before, ended, now):
        assert account["closing"]["committed"]["minor"] == sum(one["minor"] for one in account["schedule"])
        assert account["closing"]["received"]["minor"] == sum(one["paid_minor"] for one in account["schedule"])
    assert [(300_00, 0), (100_00, 0)] == [(one["minor"], one["paid_minor"]) for one in now["schedule"]]

    signed = f"{PATH}/data?until={{}}"
    early, late = [(await get(api, signed.format(day)))["pledges"][0] for day in ("2026-03-04", "2026-03-05")]
    assert (None, [], "NOR/2026/114") == (early["agreement_reference"], early["schedule"], late["agreement_reference"])


async def test_receipts_refunds_and_reversals_are_distinct(api: Client) -> None:
    pledge = await in_parts(api)
    receipt, refund = await entry_of(api, "received"), await refunded(api, pledge, usd(30_00))
    backs = [await taken_back(api, entry) for entry in (refund, receipt)]

    reported = (await get(api, f"{PATH}/data"))["pledges"][0]
    assert [
        (1, receipt["entry_id"], "received", None),
        (2, refund["entry_id"], "refunded", None),
        (3, backs[0]["entry_id"], "reversed", {"entry_id": refund["entry_id"], "type": "refunded", "number": 2}),
        (4, backs[1]["entry_id"], "reversed", {"entry_id": receipt["entry_id"], "type": "received", "number": 1}),
    ] == [(one["number"], one["entry_id"], one["type"], one["takes_back"]) for one in reported["receipts"]]
    since = (await get(api, f"{PATH}/data?from=2026-07-01"))["pledges"][0]
    assert (2, None) == (since["receipts"][-2]["takes_back"]["number"], since["receipts"][-1]["takes_back"]["number"])
    await move(api, await pledged(api), "withdraw", NORWAY)
    withdrawn = (await get(api, f"{PATH}/data"))["pledges"][-1]["movements"][-1]
    assert ("withdrawn", "pledged", None) == (
        withdrawn["type"], withdrawn["takes_back"]["type"], withdrawn["takes_back"]["number"],
    )  # fmt: skip


async def test_statement_as_of_a_moment_never_changes(api: Client) -> None:
    await received(api, NORWAY, eur(10_000_00))
    as_of = (await get(api, f"{PATH}/data"))["as_of"]
    path = f"{PATH}?as_of={quote(as_of)}&until=2026-12-31&language=fr"
    before = await pdf(api, path)
    await received(api, NORWAY, usd(1_000_00))
    await received(api, GERMANY, usd(9_000_00))
    await post(api, "/v1/allocations", FINANCE, fund="SHERLOC-MNT", money=usd(100), work_package="training")

    assert before.content.startswith(b"%PDF-1.7")
    assert before.content == (await pdf(api, path, FINANCE)).content
    assert before.content != (await pdf(api, f"{PATH}?until=2026-12-31&language=fr")).content


async def test_statement_has_requested_language_and_file_name(api: Client) -> None:
    await pledged(api)
    found = {
        language: await pdf(api, f"{PATH}?until=2026-12-31&language={language}") for language in ("ar", "ru", "zh")
    }
    preferred = await pdf(api, f"{PATH}?until=2026-12-31", **{"Accept-Language": "ar;q=0.5, es"})

    for language, answer in [*found.items(), ("es", preferred)]:
        assert ("application/pdf", language) == (answer.headers["content-type"], answer.headers["content-language"])
        assert f"statement-NOR-2026-12-31-{language}.pdf" in answer.headers["content-disposition"]
        assert f"<rdf:li>{language}</rdf:li>".encode() in answer.content


@pytest.mark.parametrize("path", [PATH, f"{PATH}/data"])
async def test_statement_is_for_donor_and_ledger_readers(api: Client, path: str) -> None:
    await pledged(api)
    absent = await pdf(api, path.replace("NOR", "XKX"), FINANCE)

    for reader in READERS:
        assert 200 == (await pdf(api, path, reader)).status_code, reader
    for other in OTHERS:
        answer = await pdf(api, path, other)
        assert (404, said(absent)) == (answer.status_code, said(answer))
    assert 401 == (await api.get(path)).status_code


async def test_statement_of_donor_without_records_is_not_found(api: Client) -> None:
    before = clock.now().isoformat()
    assert 404 == (await pdf(api)).status_code
    await pledged(api)

    assert 404 == (await pdf(api, f"{PATH}?as_of={quote(before)}")).status_code
    assert 404 == (await pdf(api, f"{PATH}?fund=TA-REQUESTS")).status_code
    assert 200 == (await pdf(api, f"{PATH}?fund=SHERLOC-MNT")).status_code


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("from=2026-03-02&until=2026-03-01", 400, "dates-reversed"),
        ("as_of=2026-03-02T10:00:00", 400, "invalid-field"),
        ("as_of=0001-01-01T00:00:00%2B14:00", 400, "invalid-field"),
        (f"as_of={quote((MORNING + timedelta(days=2)).isoformat())}", 400, "invalid-field"),
        ("language=de", 400, "invalid-request"),
        ("from=yesterday", 400, "invalid-request"),
        (f"fund={'A' * 33}", 400, "invalid-request"),
    ],
)
async def test_invalid_statement_query_is_rejected(api: Client, query: str, status: int, slug: str) -> None:
    await pledged(api)
    answer = await pdf(api, f"{PATH}?{query}")

    assert (status, slug) == (answer.status_code, slug_of(answer))


@pytest.mark.parametrize("limit", ["PLEDGES_MAX", "ENTRIES_MAX"])
async def test_statement_beyond_limits_is_rejected(api: Client, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    for _ in range(2):
        await pledged(api)
    assert 200 == (await pdf(api, f"{PATH}/data?until=2026-12-31")).status_code
    monkeypatch.setattr(statement_store, limit, 1)

    answer = await pdf(api, f"{PATH}/data?until=2026-12-31")
    assert (422, "statement-too-large") == (answer.status_code, slug_of(answer))


async def test_statement_beyond_print_limit_is_available_as_data(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await received(api, NORWAY, eur(10_000_00))
    monkeypatch.setattr(statement_store, "PRINTED_LINES_MAX", 3)

    answer = await pdf(api)
    assert (422, "statement-too-large") == (answer.status_code, slug_of(answer))
    assert 3 == answer.json()["details"]["entries_max"]
    assert 3 == len((await get(api, f"{PATH}/data"))["pledges"][0]["movements"])
    assert 200 == (await pdf(api, f"{PATH}?from=2026-03-01")).status_code, "entries from before the period are summed"


# -- concurrency ------------------------------------------------------------------------------------------------------


DONORS = ("NOR", "FRA")
"""Two organizations that request statements."""


async def test_concurrent_statements_are_limited_to_two(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way, most, go_on = 0, 0, asyncio.Event()

    async def made(self: StatementRenderer, order: bytes) -> bytes:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await go_on.wait()
        under_way -= 1
        return order

    monkeypatch.setattr(StatementRenderer, "_render", made)
    one = StatementRenderer(wait_seconds=0.05)
    first = [asyncio.create_task(one.statement_pdf(a_statement(), Language.EN, organization=by)) for by in DONORS]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as no:
        async with asyncio.timeout(5):
            await one.statement_pdf(a_statement(), Language.EN, organization="SWE")
    go_on.set()
    await asyncio.gather(*first)

    assert ("statement-not-now", 2) == (no.value.slug, most)
    await one.statement_pdf(a_statement(), Language.EN, organization="SWE")


async def test_organization_has_one_slot_and_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    made_for: list[str] = []
    go_on = asyncio.Event()

    async def made(self: StatementRenderer, order: bytes) -> bytes:
        made_for.append(order.decode())
        await go_on.wait()
        return order

    monkeypatch.setattr(StatementRenderer, "_render", made)
    one = StatementRenderer()
    asked = [
        asyncio.create_task(one.statement_pdf(a_statement(), language, organization="NOR"))
        for language in (Language.EN, Language.FR, Language.ES, Language.RU)
    ]
    await asyncio.sleep(0.01)
    with pytest.raises(Excessive) as no:
        await one.statement_pdf(a_statement(), Language.EN, organization="NOR")
    asked.append(asyncio.create_task(one.statement_pdf(a_statement(), Language.ZH, organization="SWE")))
    await asyncio.sleep(0.01)
    assert ["en", "zh"] == [order[-4:-2] for order in made_for]

    go_on.set()
    await asyncio.gather(*asked)
    assert ("organization-limit-reached", {"limit": 4}) == (no.value.slug, no.value.details)
    assert 5 == len(made_for)


async def test_large_statement_is_rendered_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    under_way = 0

    async def made(self: StatementRenderer, order: bytes) -> bytes:
        nonlocal under_way
        under_way += 1
        assert under_way == 1
        await asyncio.sleep(0.01)
        under_way -= 1
        return order

    monkeypatch.setattr(StatementRenderer, "_render", made)
    monkeypatch.setattr(renderer, "LARGE_LINES", 1)
    one, small = StatementRenderer(), a_statement((a_promise(),), (PLEDGED,))
    asked = zip((a_statement(), small, a_statement()), ("NOR", "FRA", "SWE"), strict=True)
    await asyncio.gather(*(one.statement_pdf(reported, Language.EN, organization=by) for reported, by in asked))


async def test_slow_statement_is_killed_and_frees_its_slot() -> None:
    late = StatementRenderer(set_seconds=0.01)
    for _ in range(3):
        with pytest.raises(Unavailable) as no:
            await late.statement_pdf(a_statement(), Language.EN, organization="NOR")
        assert "statement-not-now" == no.value.slug


async def test_event_loop_runs_while_rendering() -> None:
    making = asyncio.create_task(StatementRenderer().statement_pdf(a_statement(), Language.AR, organization="NOR"))
    turns = 0
    while not making.done():
        await asyncio.sleep(0.005)
        turns += 1

    assert (await making).startswith(b"%PDF")
    assert turns > 10


async def test_failed_child_is_logged_without_its_input(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError):
        await StatementRenderer().statement_pdf(a_statement(), Language.EN, organization="NOR")
