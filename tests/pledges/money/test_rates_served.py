"""Exchange rates, from the routes to the ledger."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx
import pytest

from chassis.db.database import Database
from chassis.http.application import application
from chassis.http.edge import BODY_BYTES_MAX
from chassis.journal.inbox import Outcome
from chassis.runtime import verifier
from chassis.settings import Settings
from contracts.values import Money
from services.pledges.money.rates_csv import EXAMPLE
from tests.builders import a_caller, an_event, headers
from tests.conftest import running_of
from tests.pledges.allocations.steps import a_match, confirmed
from tests.pledges.money.steps import load
from tests.pledges.steps import FINANCE, NORWAY, Client, a_fund, a_pledge, eur, get, pledged, post, unchanged

HEAD = "currency,valid_from,units_per_usd,source\n"
FRIDAY, SUNDAY = "2026-10-23", "2026-10-25"


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    """The service with a fund and no rate."""
    client = await client_of("pledges")
    await post(client, "/v1/funds", FINANCE, **a_fund())
    return client


async def loaded(client: Client, *lines: str) -> None:
    answer = await load(client, HEAD + "\n".join(lines))
    assert answer.status_code == 201, answer.text


def reported(pledge: Mapping[str, Any]) -> tuple[str, str, str]:
    return pledge["rate_source"], pledge["rate_date"], pledge["rate"]


# -- which rate -------------------------------------------------------------------------------------------------------


async def test_ecb_rate_is_default_and_stored_with_entry(api: Client) -> None:
    pledge = await pledged(api, pledged_on=SUNDAY)
    rate = ("ecb", FRIDAY, pledge["rate"])

    assert rate == reported(pledge)
    path = f"/v1/pledges/{pledge['pledge_id']}"
    pledge = await post(api, f"{path}/commit", FINANCE, revision=1, committed_on=SUNDAY)
    await post(api, f"{path}/receive", FINANCE, revision=2, money=eur(100), received_on="2026-10-26")
    entries = (await get(api, "/v1/ledger/entries"))["entries"]
    assert ["2026-10-26", FRIDAY, FRIDAY] == [entry["rate_date"] for entry in entries]
    assert {"ecb"} == {entry["rate_source"] for entry in entries}
    assert (await get(api, "/v1/rates"))["rates"] == []


async def test_un_rate_is_preferred_on_the_same_day(api: Client) -> None:
    await loaded(api, f"EUR,{FRIDAY},0.87,ecb")
    assert ("ecb", FRIDAY, "1.149425287") == reported(await pledged(api, pledged_on=SUNDAY))
    await loaded(api, f"EUR,{FRIDAY},0.8,another")
    assert ("another", FRIDAY, "1.25") == reported(await pledged(api, pledged_on=SUNDAY))
    await loaded(api, "EUR,2026-10-01,0.5,")
    assert ("un_operational", "2026-10-01", "2") == reported(await pledged(api, pledged_on=SUNDAY))
    assert ("un_operational", "2026-10-01", "2") == reported(await pledged(api, pledged_on="2026-10-31"))

    listed = (await get(api, "/v1/rates?currency=EUR", NORWAY))["rates"]
    assert ["ecb", "another", "un_operational"] == [rate["source"] for rate in listed]


async def test_missing_month_of_un_rates_is_not_replaced_by_another_source(api: Client) -> None:
    """The table of October is missing: neither the ECB nor another table stands in for it without being named."""
    await loaded(api, "EUR,2026-09-01,0.5,", "EUR,2026-10-01,0.8,another")

    assert "un_operational" == (await pledged(api, pledged_on="2026-09-30"))["rate_source"]
    missing = await post(api, "/v1/pledges", NORWAY, status=422, **a_pledge(pledged_on=SUNDAY))
    assert "rate-not-in-force" == missing["slug"]
    kroner = a_pledge(pledged_on=SUNDAY, money={"minor": 100_00, "currency": "NOK"})
    assert "ecb" == (await post(api, "/v1/pledges", NORWAY, **kroner))["rate_source"]

    await loaded(api, "EUR,2026-10-01,0.6,")
    assert ("un_operational", "2026-10-01") == reported(await pledged(api, pledged_on=SUNDAY))[:2]


async def test_newer_ecb_rate_can_be_loaded(api: Client) -> None:
    refused = await post(
        api, "/v1/pledges", NORWAY, status=422, fund="SHERLOC-MNT", money=eur(1), pledged_on="2090-03-08"
    )
    assert "rate-not-in-force" == refused["slug"]

    await loaded(api, "EUR,2090-03-03,0.5,ecb")

    ahead = await post(
        api, "/v1/pledges", NORWAY, status=400, fund="SHERLOC-MNT", money=eur(1), pledged_on="2090-03-10"
    )
    assert "date-ahead" == ahead["slug"], "the day has a rate, but is in the future"
    late = await post(api, "/v1/pledges", NORWAY, status=422, fund="SHERLOC-MNT", money=eur(1), pledged_on="2090-03-11")
    assert "rate-not-in-force" == late["slug"]


async def test_newer_packaged_ecb_rate_replaces_loaded_one(api: Client) -> None:
    await loaded(api, "EUR,2026-10-22,0.5,ecb")

    assert ("ecb", "2026-10-22", "2") == reported(await pledged(api, pledged_on="2026-10-22"))
    assert FRIDAY == reported(await pledged(api, pledged_on=SUNDAY))[1]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1998-12-31"])
async def test_day_beyond_validity_has_no_rate(api: Client, day: str) -> None:
    refused = await post(api, "/v1/pledges", NORWAY, status=422, fund="SHERLOC-MNT", money=eur(1), pledged_on=day)

    assert "rate-not-in-force" == refused["slug"]


async def test_rate_with_many_digits_is_stored_exactly(api: Client) -> None:
    await loaded(api, "IRR,2026-10-01,1100000,")
    money = {"minor": 110_000_000_000_000, "currency": "IRR"}

    pledge = await pledged(api, pledged_on=SUNDAY, money=money)

    assert ("0.0000009090909091", 100_000_000) == (pledge["rate"], pledge["usd_minor"])
    (entry,) = (await get(api, "/v1/ledger/entries"))["entries"]
    assert "0.0000009090909091" == entry["rate"]


async def test_unit_with_four_decimals_converts_to_cents(api: Client) -> None:
    """At 40 dollars a unit, 1.2345 units are 49.38 dollars; a receipt in dollars settles every ten-thousandth."""
    await loaded(api, "CLF,2026-10-01,0.025,")
    made = await pledged(api, pledged_on=SUNDAY, money={"minor": 12_345, "currency": "CLF"})
    assert ("40", 4_938) == (made["rate"], made["usd_minor"])

    path = f"/v1/pledges/{made['pledge_id']}"
    signed = {"committed_on": SUNDAY, "support_cost_basis_points": 0}
    await post(api, f"{path}/commit", FINANCE, revision=1, **signed)
    came = {"money": {"minor": 4_938, "currency": "USD"}, "settles": made["money"], "received_on": SUNDAY}
    pledge = await post(api, f"{path}/receive", FINANCE, revision=2, **came)
    assert ("received", made["money"], 4_938) == (pledge["status"], pledge["received"], pledge["received_usd_minor"])
    owed = [one for one in (await get(api, "/v1/ledger/balances"))["balances"] if one["account"] == "receivable"]
    assert [("CLF", 0, 0)] == [(one["currency"], one["minor"], one["usd_minor"]) for one in owed]
    table = (await api.get("/v1/flows.csv?boundary=all", headers=headers(FINANCE))).text
    assert (",1.2345,CLF," in table, ",49.38," in table) == (True, True)


@pytest.mark.parametrize(("minor", "usd_minor"), [(100, 40), (300, 122), (500, 202), (301, 122), (1, 0), (2, 1)])
async def test_four_decimals_round_half_to_even(api: Client, minor: int, usd_minor: int) -> None:
    rate = {"source": "un_operational", "currency": "CLF", "valid_from": "2026-10-01", "usd_per_unit": "40.5"}
    await post(api, "/v1/rates", FINANCE, rates=[rate])

    pledge = await pledged(api, pledged_on=SUNDAY, money={"minor": minor, "currency": "CLF"})

    assert usd_minor == pledge["usd_minor"]
    (entry,) = (await get(api, "/v1/ledger/entries"))["entries"]
    assert [(minor, usd_minor), (-minor, -usd_minor)] == [(one["minor"], one["usd_minor"]) for one in entry["postings"]]


async def test_validity_setting_applies_to_routes_and_events(
    settings: Settings, databases: Mapping[str, Database]
) -> None:
    theirs = replace(settings, rates_hold={"ecb": "off", "un_operational": 40})
    (running,) = running_of(theirs, databases, "pledges")
    app = application([running], verifier(theirs, running.callers), settings=theirs)
    async with Client(transport=httpx.ASGITransport(app), base_url="http://test") as api:
        await post(api, "/v1/funds", FINANCE, **a_fund())
        refused = await post(
            api, "/v1/pledges", NORWAY, status=422, fund="SHERLOC-MNT", money=eur(1), pledged_on=SUNDAY
        )
        assert "rate-not-in-force" == refused["slug"]
        await loaded(api, "EUR,2026-10-20,0.5,")
        assert ("un_operational", "2026-10-20", "2") == reported(await pledged(api, pledged_on="2026-11-20"))
        heard = await running.inbox.receive(an_event(confirmed(a_match(), Money(minor=100, currency="EUR")), 1))
        assert heard is Outcome.APPLIED
        (requirement,) = (await get(api, "/v1/requirements"))["requirements"]
        assert ("un_operational", "2026-10-20", "2") == reported(requirement)


# -- who loaded a rate ------------------------------------------------------------------------------------------------


async def test_loader_of_a_rate_is_visible_to_ledger_readers_only(
    api: Client, databases: Mapping[str, Database]
) -> None:
    rates = [{"source": "un_operational", "currency": "EUR", "valid_from": "2026-10-01", "usd_per_unit": "2"}]
    table = (await post(api, "/v1/rates", FINANCE, rates=rates))["rate_table_id"]
    await loaded(api, "EUR,2026-11-01,0.8,")
    async with databases["pledges"].transaction() as tx:
        await tx.execute("INSERT INTO rate VALUES ('EUR', '2026-09-01', 'of_the_system', 3, $1, NULL)", uuid4())
    person = str(a_caller(FINANCE).person_id)

    for by in ("UNODC:auditor", "UNODC:coordinator", FINANCE):
        newer, ours, of_the_system = (await get(api, "/v1/rates", by))["rates"]
        assert {**rates[0], "rate_table_id": table, "loaded_by": person} == ours
        assert (person, None) == (newer["loaded_by"], of_the_system["loaded_by"])
        assert len({one["rate_table_id"] for one in (newer, ours, of_the_system)} - {None}) == 3
    for by in (NORWAY, "KEN:focal_point", "NOR:provider_officer", "NOR:finance_officer"):
        reported_them = (await get(api, "/v1/rates", by))["rates"]
        assert {**rates[0], "rate_table_id": None, "loaded_by": None} == reported_them[1]
        assert {(None, None)} == {(one["rate_table_id"], one["loaded_by"]) for one in reported_them}


# -- CSV --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", [EXAMPLE, EXAMPLE.replace("\n", "\r\n"), "\ufeff" + EXAMPLE], ids=["lf", "crlf", "bom"]
)
async def test_csv_of_spreadsheets_is_loaded(api: Client, text: str) -> None:
    answer = await load(api, text.encode(), **{"Content-Type": "text/csv; charset=utf-8"})

    assert (201, 2) == (answer.status_code, answer.json()["rates"]), answer.text
    listed = (await get(api, "/v1/rates"))["rates"]
    assert [("JPY", "0.006357279085"), ("EUR", "1.149425287")] == [(r["currency"], r["usd_per_unit"]) for r in listed]


async def test_repeated_rate_file_is_idempotent(api: Client, databases: Mapping[str, Database]) -> None:
    key = str(uuid4())
    first = await load(api, EXAMPLE, **{"Idempotency-Key": key})
    once = await unchanged(databases["pledges"])
    again = await load(api, EXAMPLE, **{"Idempotency-Key": key})
    other = await load(api, EXAMPLE + "CHF,2026-11-01,0.8,\n", **{"Idempotency-Key": key})

    assert (201, 201, first.text) == (first.status_code, again.status_code, again.text)
    assert (422, "idempotency-key-reused") == (other.status_code, other.json()["slug"])
    assert once == await unchanged(databases["pledges"])
    assert 201 == (await load(api, EXAMPLE)).status_code


async def test_conflicting_rate_lines_are_all_reported(api: Client, databases: Mapping[str, Database]) -> None:
    await loaded(api, f"EUR,{FRIDAY},0.87,", f"JPY,{FRIDAY},157.3,", f"NOK,{FRIDAY},10,")
    before = await unchanged(databases["pledges"])

    answer = await load(api, HEAD + f"CHF,{FRIDAY},0.8,\nEUR,{FRIDAY},0.88,\nJPY,{FRIDAY},157.3,\nNOK,{FRIDAY},11,\n")

    assert (409, "rate-differs") == (answer.status_code, answer.json()["slug"])
    assert [3, 5] == [line["line"] for line in answer.json()["details"]["lines"]]
    assert before == await unchanged(databases["pledges"])


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 400, "rates-columns"),
        (HEAD.encode(), 400, "rates-number"),
        (f"{HEAD}EUR,{FRIDAY},1,000,\nUSD,{FRIDAY},2,\n".encode(), 400, "rates-refused"),
        (f"{HEAD}EUR,{FRIDAY},0.87,\nEUR,{FRIDAY},NaN,\n".encode(), 400, "rates-refused"),
        (f"{HEAD}EUR,{FRIDAY},0.87,\0\n".encode(), 400, "nul-character"),
        (f"{HEAD}EUR,{FRIDAY},0.87,é\n".encode("latin-1"), 400, "invalid-unicode"),
        (EXAMPLE.encode("utf-16"), 400, "invalid-unicode"),
        (f'{HEAD}"EUR\n'.encode(), 400, "rates-malformed"),
        (HEAD.encode() + b"x" * BODY_BYTES_MAX, 413, "body-too-large"),
    ],
    ids=lambda value: repr(value)[-30:],
)
async def test_malformed_rate_file_is_rejected_without_changes(
    api: Client, databases: Mapping[str, Database], body: bytes, status: int, slug: str
) -> None:
    before = await unchanged(databases["pledges"])
    answer = await load(api, body)

    assert (status, slug) == (answer.status_code, answer.json()["slug"]), answer.text
    assert before == await unchanged(databases["pledges"])


async def test_rate_file_needs_csv_type_and_finance_role(api: Client) -> None:
    for media_type in ("application/json", "text/plain", "application/octet-stream", ""):
        answer = await load(api, EXAMPLE, **{"Content-Type": media_type})
        assert (415, "media-type-unsupported") == (answer.status_code, answer.json()["slug"])
    json = await api.post("/v1/rates", content=EXAMPLE, headers=headers(FINANCE) | {"Content-Type": "text/csv"})
    assert 415 == json.status_code
    assert 403 == (await load(api, EXAMPLE, NORWAY)).status_code
    assert 403 == (await load(api, "nonsense", "UNODC:coordinator")).status_code


@pytest.mark.parametrize(
    "cursor", ["2026-11-01.EUR", "2026-13-01.EUR.x", "٢٠٢٦-11-01.EUR.x", "2026-11-01.EUR.x y", "x"]
)
async def test_malformed_rate_cursor_is_rejected(api: Client, cursor: str) -> None:
    answer = await api.get("/v1/rates", params={"cursor": cursor}, headers=headers(NORWAY))

    assert (400, "invalid-field") == (answer.status_code, answer.json()["slug"])


async def test_rates_of_one_day_are_paged_completely(api: Client) -> None:
    await loaded(api, *(f"EUR,{FRIDAY},{n},source-{n:02}" for n in range(1, 12)))
    seen: list[str] = []
    path = "/v1/rates?limit=3"
    while path:
        page = await get(api, path, NORWAY)
        seen += [rate["source"] for rate in page["rates"]]
        path = f"/v1/rates?limit=3&cursor={page['cursor']}" if page["cursor"] else ""

    assert [f"source-{n:02}" for n in range(11, 0, -1)] == seen
