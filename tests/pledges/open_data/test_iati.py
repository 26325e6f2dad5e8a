"""The route of a fund's IATI file: content, visibility, finality."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner
from lxml import etree
from msgspec.structs import replace

from chassis import clock
from chassis.db.database import Database
from chassis.settings import Settings, SettingsError
from contracts.reference.dac import dac_sector_of
from services.__main__ import main
from services.pledges.open_data.iati import published
from services.pledges.open_data.iati import store as iati_store
from services.pledges.open_data.iati.activity import Activity
from services.pledges.open_data.iati.reading import read
from tests.builders import headers
from tests.pledges.activities.steps import allocated, planned, revised
from tests.pledges.open_data.builders import schema_in
from tests.pledges.open_data.steps import asked, file_of
from tests.pledges.pledge.steps import all_reversible_facts
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    Client,
    approve,
    committed,
    eur,
    funded,
    get,
    move,
    pledged,
    post,
    receive,
    unchanged,
    usd,
)

FUNDS = ("SHERLOC-MNT", "SHERLOC-DEV", "TA-REQUESTS")


def reported(activity: Activity) -> list[tuple[str, str, str | None]]:
    return [(one.type, one.amount.value, one.amount.currency) for one in activity.transactions]


async def of_fund(client: Client, fund: str, by: str = FINANCE, **query: str) -> Activity:
    answer = await client.get(f"/v1/funds/{fund}/iati.xml", params=query, headers=headers(by))
    assert answer.status_code == 200, answer.text
    found = read(answer.content)
    assert () == found.defects
    return found.activities[0]


def between(activity: Activity) -> list[tuple[str, str, str, str]]:
    """Return the transactions between our own activities: type, amount, provider and receiver."""
    return [
        (one.type, one.amount.value, one.provider.activity, one.receiver.activity)
        for one in activity.transactions
        if one.provider and one.receiver and one.provider.ref == one.receiver.ref
    ]


async def a_life_of_money(client: Client) -> dict[str, Any]:
    """Take Norway's pledge through all stages, withdraw Germany's, and allocate some money; return the allocation."""
    pledge = await committed(client, NORWAY, money=eur(10_000_00))
    await receive(client, pledge, eur(4_000_00))
    gone = await pledged(client, GERMANY, money=usd(500_00), earmarking="earmarked")
    await post(client, f"/v1/pledges/{gone['pledge_id']}/withdraw", GERMANY, revision=1, withdrawn_on="2026-03-01")
    body = {"fund": "SHERLOC-MNT", "money": usd(1_000_00), "work_package": "maintenance"}
    return await post(client, "/v1/allocations", FINANCE, **body)


async def test_iati_file_contains_fund_and_purposes(api: Client) -> None:
    await a_life_of_money(api)
    answer = await asked(api)
    fund, maintenance = await file_of(api)

    assert answer.headers["Content-Type"].startswith("application/xml")
    assert "XM-DAC-41128-SHERLOC-MNT" == fund.identifier
    assert [
        ("13", "10000.00", "EUR"),
        ("11", "10000.00", "EUR"),
        ("1", "4000.00", "EUR"),
        ("13", "500.00", "USD"),
        ("13", "-500.00", "USD"),
    ] == reported(fund)
    assert ["2026-02-12", "2026-03-05", "2026-04-20", "2026-02-12", "2026-03-01"] == [
        str(one.amount.on) for one in fund.transactions
    ]
    assert [("2027-01-01", "620000.00")] == [(str(one.starts), one.amount.value) for one in fund.budgets]
    assert {"Norway", "Germany"} <= {name.text for party in fund.participants for name in party.names}
    assert ("XM-DAC-41128-SHERLOC-MNT-maintenance", [("2", "1000.00", "USD")]) == (
        maintenance.identifier,
        reported(maintenance),
    )


async def test_donor_file_has_own_transactions_only(api: Client) -> None:
    await a_life_of_money(api)
    (of_germany,) = await file_of(api, GERMANY)
    (of_norway,) = await file_of(api, NORWAY)

    assert [("13", "500.00", "USD"), ("13", "-500.00", "USD")] == reported(of_germany)
    assert [("13", "10000.00", "EUR"), ("11", "10000.00", "EUR"), ("1", "4000.00", "EUR")] == reported(of_norway)
    for by, other in ((GERMANY, "Norway"), (NORWAY, "Germany"), ("KEN:donor_officer", "Norway")):
        assert other not in (await asked(api, by)).text


async def test_iati_file_is_forbidden_to_other_roles(api: Client) -> None:
    for by in ("KEN:focal_point", "KEN:official", "NOR:provider_officer", "UNODC:administrator"):
        answer = await asked(api, by)
        assert (403, "not-for-your-role") == (answer.status_code, answer.json()["slug"])
    for by in ("UNODC:coordinator", "UNODC:auditor", "UNODC:finance_officer"):
        assert 200 == (await asked(api, by)).status_code


async def test_iati_file_as_of_a_moment_never_changes(api: Client, db: Database) -> None:
    await a_life_of_money(api)
    async with db.transaction() as tx:
        moment = (await tx.fetchval("SELECT max(recorded_at) FROM entry")).isoformat()
    before = await asked(api, as_of=moment)
    await funded(api, 700_00)

    assert before.content == (await asked(api, as_of=moment)).content
    assert before.content != (await asked(api)).content
    async with db.transaction() as tx:
        first = (await tx.fetchval("SELECT min(recorded_at) FROM entry")).isoformat()
    (fund,) = await file_of(api, as_of=first)
    assert [("13", "10000.00", "EUR")] == reported(fund)


async def test_future_as_of_of_iati_file_is_rejected(api: Client) -> None:
    answer = await asked(api, as_of="2999-01-01T00:00:00+00:00")

    assert (409, "moment-not-final") == (answer.status_code, answer.json()["slug"])


async def test_revised_requirement_is_one_revised_budget(api: Client) -> None:
    before = clock.now().isoformat()
    body = {"year": 2027, "money": usd(500_000_00), "reason": "costs_changed"}
    await post(api, "/v1/funds/SHERLOC-MNT/requirements", FINANCE, revision=1, **body)

    def budgets(activity: Activity) -> list[tuple[str, str, str]]:
        return [(one.kind, one.starts.isoformat(), one.amount.value) for one in activity.budgets]

    (now,), (as_before,) = await file_of(api), await file_of(api, as_of=before)
    assert [("2", "2027-01-01", "500000.00")] == budgets(now)
    assert [("1", "2027-01-01", "620000.00")] == budgets(as_before)


async def test_spending_is_expenditure_or_disbursement(api: Client) -> None:
    made = await a_life_of_money(api)
    path = f"/v1/allocations/{made['allocation_id']}/spend"
    await post(api, path, FINANCE, revision=1, money=usd(300_00), spent_on=made["allocated_on"])
    body = {"money": usd(200_00), "how": "disbursement", "spent_on": made["allocated_on"]}
    await post(api, path, FINANCE, revision=2, **body)
    before = clock.now().isoformat()
    reported_before = await file_of(api, as_of=before)
    entries = (await get(api, "/v1/ledger/entries?fund=SHERLOC-MNT"))["entries"]
    wrong = {"entry_id": entries[0]["entry_id"], "reason": "recorded_wrongly"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong))

    _, maintenance = await file_of(api)
    used = [("2", "1000.00", "USD"), ("4", "300.00", "USD"), ("3", "200.00", "USD")]
    assert [*used, ("3", "-200.00", "USD")] == reported(maintenance)
    assert used == reported(reported_before[1])
    assert reported_before == await file_of(api, as_of=before)


async def test_carry_over_is_in_the_files_of_both_funds(api: Client) -> None:
    """Both files have the other's activity; a reversal is negative; over all funds the amounts add up to zero."""
    pledge = await receive(api, await committed(api, NORWAY, money=usd(1_000_00)), usd(1_000_00))
    for to_fund, minor in (("SHERLOC-DEV", 300_00), ("TA-REQUESTS", 200_00)):
        pledge = await move(api, pledge, "carry-over", to_fund=to_fund, money=usd(minor))
    before = clock.now().isoformat()
    files = {fund: await of_fund(api, fund, as_of=before) for fund in FUNDS}
    into = next(one for one in (await get(api, "/v1/ledger/entries"))["entries"] if one["fund"] == "SHERLOC-DEV")
    wrong = {"entry_id": into["entry_id"], "reason": "recorded_wrongly"}
    await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong))

    mnt, dev, requests = (f"XM-DAC-41128-{fund}" for fund in FUNDS)
    out, back = ("3", "300.00", mnt, dev), ("3", "-300.00", mnt, dev)
    assert [out, ("3", "200.00", mnt, requests), back] == between(await of_fund(api, "SHERLOC-MNT"))
    assert [("1", "300.00", mnt, dev), ("1", "-300.00", mnt, dev)] == between(await of_fund(api, "SHERLOC-DEV"))
    assert [("1", "200.00", mnt, requests)] == between(await of_fund(api, "TA-REQUESTS"))
    funding = {fund: [one.activity for one in files[fund].participants if one.role == "1"] for fund in FUNDS}
    assert {"SHERLOC-MNT": [""], "SHERLOC-DEV": [mnt], "TA-REQUESTS": [mnt]} == funding, (
        "a fund is funded by a donor or by the other fund"
    )
    for fund in FUNDS:
        assert files[fund] == await of_fund(api, fund, as_of=before)
        assert files[fund] == await of_fund(api, fund, NORWAY, as_of=before)
        assert [] == between(await of_fund(api, fund, GERMANY))
    # The donor is named only in the file of the fund to which it gave.
    for fund, names in (("SHERLOC-MNT", True), ("SHERLOC-DEV", False), ("TA-REQUESTS", False)):
        text = (await api.get(f"/v1/funds/{fund}/iati.xml", headers=headers(FINANCE))).text
        assert names is ("Norway" in text), fund


async def test_files_totals_and_flows_agree_after_carry_overs(api: Client, shared_data: Path) -> None:
    await all_reversible_facts(api)
    pledge = await receive(api, await committed(api, GERMANY, fund="SHERLOC-DEV", money=usd(900_00)), usd(900_00))
    for to_fund, minor in (("SHERLOC-MNT", 250_00), ("TA-REQUESTS", 50_00)):
        pledge = await move(api, pledge, "carry-over", to_fund=to_fund, money=usd(minor))
    figures = {one["code"]: one for one in (await get(api, "/v1/funds"))["funds"]}
    flows = (await get(api, "/v1/flows?boundary=internal&status=paid&limit=100"))["flows"]
    left: Counter[str] = Counter()

    for code in FUNDS:
        of_one = await of_fund(api, code)
        given, got = Counter[str](), Counter[str]()
        for type_, value, provider, receiver in between(of_one):
            (given if type_ == "3" else got)[receiver if type_ == "3" else provider] += int(value.replace(".", ""))
        assert figures[code]["transferred_usd_minor"] == given.total() - got.total()
        reported_by_flows = Counter[str]()
        for flow in (flow for flow in flows if flow["fund"] == code):
            reported_by_flows[f"XM-DAC-41128-{flow['destination']}"] += flow["usd_minor"]
        assert reported_by_flows == Counter({other: given[other] - got[other] for other in {*given, *got}})
        came = sum(one.amount.minor or 0 for one in of_one.transactions if one.type == "1")
        one = figures[code]
        assert came - given.total() == (
            one["paid_usd_minor"] - one["refunded_usd_minor"] - one["transferred_usd_minor"]
        )
        left.update(given)
        left.subtract({of_one.identifier: got.total()})
        file = await api.get(f"/v1/funds/{code}/iati.xml", headers=headers(FINANCE))
        official = schema_in(shared_data / "iati")
        assert official.validate(etree.fromstring(file.content)), official.error_log
    assert {0} == set(left.values()), "money that leaves one fund reaches another"
    assert 3 == len(left)


@pytest.mark.parametrize("moment", ["2026-11-25T12:00:00", "0001-01-01T00:00:00+14:00", "now", "2026-11-25T25:00Z"])
async def test_malformed_as_of_of_iati_file_is_rejected(api: Client, moment: str) -> None:
    assert 400 == (await asked(api, as_of=moment)).status_code


async def test_iati_file_of_unknown_fund_is_not_found(api: Client) -> None:
    answer = await api.get("/v1/funds/SHERLOC-NONE/iati.xml", headers=headers(FINANCE))

    assert (404, "not-found") == (answer.status_code, answer.json()["slug"])


async def test_ledger_beyond_file_limit_is_rejected(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_life_of_money(api)
    for module in (published, iati_store):
        monkeypatch.setattr(module, "TRANSACTIONS_MAX", 5)
    answer = await asked(api)
    assert (409, "iati-too-many-transactions") == (answer.status_code, answer.json()["slug"])
    # Far beyond the limit, not even all rows are read.
    monkeypatch.setattr(iati_store, "TRANSACTIONS_MAX", 1)
    assert "iati-too-many-transactions" == (await asked(api)).json()["slug"]


async def test_concurrent_iati_reads_change_nothing(api: Client, db: Database) -> None:
    await a_life_of_money(api)
    before = await unchanged(db)
    answers = await asyncio.gather(*(asked(api) for _ in range(6)))

    assert {200} == {answer.status_code for answer in answers}
    assert before == await unchanged(db)


async def test_allocation_to_requirement_names_no_state(api: Client, db: Database) -> None:
    await funded(api, 1_000_00)
    requirement = UUID(int=7)
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO requirement (requirement_id, match_id, request_id, line_id, state, provider, status, revision,
                minor, currency, usd_minor, rate, rate_source, rate_date, covered_usd_minor, opened_at)
            VALUES ($1, $1, $1, $1, 'KEN', 'FRA', 'open', 1, 60000, 'USD', 60000, '1', 'par', '2026-02-12', 0, now())
            """,
            requirement,
        )
    body = {"fund": "SHERLOC-MNT", "money": usd(600_00), "requirement_id": str(requirement)}
    await post(api, "/v1/allocations", FINANCE, **body)
    text = (await asked(api)).text
    _, assistance = await file_of(api)

    assert (f"XM-DAC-41128-SHERLOC-MNT-{requirement}", [("2", "600.00", "USD")]) == (
        assistance.identifier,
        reported(assistance),
    )
    assert not [name for name in ("KEN", "Kenya", "FRA", "France", 'code="KE"') if name in text]


async def test_planned_activity_is_published_as_of_the_moment(api: Client) -> None:
    await funded(api, 1_000_00)
    one = await planned(api, starts_on="2126-03-09", ends_on="2126-03-11")
    await planned(api, title="Fictitious sample: nothing is set aside for it")
    made = await allocated(api, one, 600_00)
    before = clock.now().isoformat()
    _, reported_before = await file_of(api, as_of=before)
    await post(api, f"/v1/allocations/{made['allocation_id']}/return", FINANCE, revision=1)
    await post(api, f"/v1/activities/{one['activity_id']}/cancel", FINANCE, revision=1, reason="other")
    _, now = await file_of(api)

    assert f"XM-DAC-41128-SHERLOC-MNT-{one['activity_id']}" == now.identifier
    assert [(one["title"], "fr")] == [(title.text, title.language) for title in now.titles]
    assert [("1", "2126-03-09"), ("3", "2126-03-11")] == [(day.type, day.on.isoformat()) for day in now.dates]
    assert [("1", "1")] == [(marker.code, marker.significance) for marker in now.markers]
    assert [dac_sector_of("topics", "mutual_legal_assistance")] == [sector.code for sector in now.sectors]
    assert ("1", [("2", "600.00", "USD")]) == (reported_before.status, reported(reported_before)), (
        "the activity is in the pipeline"
    )
    assert ("5", [("2", "600.00", "USD"), ("2", "-600.00", "USD")]) == (now.status, reported(now))
    _, again = await file_of(api, as_of=before)
    assert reported_before == again


async def test_revised_activity_is_published_with_earlier_codes(api: Client) -> None:
    await funded(api, 1_000_00)
    one = await planned(api, starts_on="2126-03-09", ends_on="2126-03-11")
    await allocated(api, one, 600_00)
    before = clock.now().isoformat()
    _, reported_before = await file_of(api, as_of=before)
    changes = {"title": "عينة خيالية", "language": "ar", "topics": ["money_laundering"], "gender_marker": 2}
    await revised(api, one, **changes, starts_on="2126-04-01", ends_on="2126-04-02")
    (_, now), (_, again) = await file_of(api), await file_of(api, as_of=before)

    assert ["2126-04-01", "2126-04-02"] == [day.on.isoformat() for day in now.dates]
    assert ["2126-03-09", "2126-03-11"] == [day.on.isoformat() for day in again.dates]
    assert [("1", "1"), ("1", "2")] == [(m.code, m.significance) for then in (again, now) for m in then.markers]
    assert reported_before.sectors == again.sectors != now.sectors
    # The old title is deleted: texts are current, everything else is as of the moment.
    assert [("عينة خيالية", "ar")] == [(title.text, title.language) for title in again.titles]
    assert again == replace(reported_before, titles=now.titles)


async def test_iati_file_is_valid_by_command_and_schema(api: Client, shared_data: Path, tmp_path: Path) -> None:
    await a_life_of_money(api)
    file = tmp_path / "iati.xml"
    file.write_bytes((await asked(api)).content)
    xsd = shared_data / "iati" / "xsd-2.03"

    assert schema_in(xsd.parent).validate(etree.parse(str(file)))
    done = CliRunner().invoke(main, ["iati", "validate", str(file), "--xsd", str(xsd)])
    assert (0, "2 activities, 6 transactions; no faults\n") == (done.exit_code, done.output)


# -- commands -----------------------------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["iati", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_iati_commands_report_defects_with_lines(shared_data: Path) -> None:
    folder = shared_data / "iati"
    bad = str(folder / "samples" / "should-fail__transaction__40-non-decimal-value.xml")
    code, out, _ = run("validate", bad, "--xsd", str(folder / "xsd-2.03"), "--json")
    found = json.loads(out)

    assert (1, {26}) == (code, {one["line"] for one in [*found["faults"], *found["defects"]]})
    assert ["iati-number-invalid"] == [one["slug"] for one in found["defects"]]
    code, out, _ = run("show", str(folder / "samples" / "00-full-activity-example-2.03.xml"), "--json")
    assert (0, "1000") == (code, json.loads(out)["activities"][0]["transactions"][0]["amount"]["value"])


def test_iati_commands_reject_other_files(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    file.write_text("<!DOCTYPE a><a/>", encoding="utf-8")

    code, out, _ = run("validate", str(file), "--json")
    assert (1, ["xml-doctype"]) == (code, [one["slug"] for one in json.loads(out)["defects"]])
    code, _, error = run("show", str(file))
    assert 1 == code
    assert "(xml-doctype)" in error
    assert 2 == run("show", str(tmp_path / "none.xml"))[0]
    assert 2 == run("validate", str(file), "--xsd", str(tmp_path))[0]


# -- publisher --------------------------------------------------------------------------------------------------------


def test_publisher_setting_is_an_organization_identifier(tmp_path: Path) -> None:
    assert "XM-DAC-41128" == Settings.from_env({}, (), state=tmp_path).iati_organization
    env = {"ENTRAIDE_IATI_ORGANIZATION": "XI-IATI-FICTITIOUS"}
    assert "XI-IATI-FICTITIOUS" == Settings.from_env(env, (), state=tmp_path).iati_organization
    for bad in ("UNODC", "XM-DAC-", "XM DAC 41128", "XM-DAC-41128/1", "XM-DAC-" + "9" * 70, 'XM-DAC-"'):
        with pytest.raises(SettingsError):
            Settings.from_env({"ENTRAIDE_IATI_ORGANIZATION": bad}, (), state=tmp_path)
