"""Flows along the whole way of money: from pledges to purposes and other funds, and out of the funds."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from chassis import clock
from chassis.db.database import Database
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import EntryType
from services.pledges.open_data.flows import store as flow_store
from services.pledges.open_data.flows.model import Boundary
from services.pledges.open_data.flows.store import Filters
from tests.builders import a_caller, headers
from tests.pledges.open_data.flow_chains import chained, check_chains
from tests.pledges.open_data.steps import cells_in, check_sums, entry_of, flows, reported, table
from tests.pledges.steps import (
    FINANCE,
    GERMANY,
    NORWAY,
    Client,
    approve,
    committed,
    get,
    move,
    pledged,
    post,
    receive,
    usd,
)
from tests.soak import cases

PLACE = (UUID(int=0), 1)


@pytest.fixture
async def api(prepared_ledger: None, client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await client_of("requests", "pledges")


async def test_flows_by_boundary_and_status_add_up_to_fund_totals(api: Client, way: Mapping[str, str]) -> None:
    check_sums(await reported(api), (await get(api, "/v1/funds"))["funds"])


async def test_parent_flows_match_the_rules_for_entries(
    api: Client, way: Mapping[str, str], databases: Mapping[str, Database]
) -> None:
    async with databases["pledges"].transaction() as tx:
        read = await ledger.page(tx, after=UUID(int=0), limit=100)
    # Both halves of a carry-over are recorded at the same moment, the outgoing one first.
    entries = sorted(read, key=lambda one: (one.recorded_at, one.type == EntryType.BROUGHT_FORWARD))
    places = {(one.entry_id, p.account): n for one in entries for n, p in enumerate(one.postings, 1)}
    by_rules = chained(entries)
    check_chains(by_rules)

    def id_of(place: Any) -> str | None:
        return place and f"{place[0]}.{places[place]}"

    shown = await reported(api)
    assert {id_of(one.place): id_of(one.parent) for one in by_rules} == {
        one["flow_id"]: one["parent_flow_id"] for one in shown
    }
    assert {one.entry_type for one in by_rules} == set(EntryType) - {EntryType.WRITTEN_OFF}
    assert len(shown) == len(by_rules)


async def test_flows_are_filtered_by_parent(api: Client, way: Mapping[str, str]) -> None:
    shown = await reported(api)
    for one in shown:
        children = {flow["flow_id"] for flow in shown if flow["parent_flow_id"] == one["flow_id"]}
        query = f"parent={one['flow_id']}"
        assert children == {flow["flow_id"] for flow in await reported(api, query=f"&{query}")}
        if children:
            assert children == {row["flow_id"] for row in await table(api, f"?{query}")}
    assert [] == await reported(api, query=f"&parent={uuid4()}.1")
    (pledge,) = [one for one in shown if one["entry_type"] == "pledged" and one["pledge_id"] == way["pledge_id"]]
    of_pledge = [
        one for one in await reported(api, NORWAY, f"&parent={pledge['flow_id']}") if one["boundary"] != "incoming"
    ]
    assert ["refunded", "carried_over", "carried_over"] == [one["entry_type"] for one in of_pledge]
    assert [] == await reported(api, GERMANY, f"&parent={pledge['flow_id']}")


async def test_flow_has_its_destination(api: Client, way: Mapping[str, str]) -> None:
    (requirement,) = (await get(api, "/v1/requirements"))["requirements"]
    goes = {
        (one["boundary"], one["entry_type"], one["flow_type"], one["destination"], one["usd_minor"])
        for one in await reported(api)
        if one["boundary"] != "incoming"
    }

    lacks, provider = requirement["requirement_id"], way["provider"]
    assert goes == {
        ("internal", "carried_over", "standard", "TA-REQUESTS", 250_00),
        ("internal", "brought_forward", "standard", "SHERLOC-MNT", -250_00),
        ("internal", "carried_over", "standard", "SHERLOC-DEV", 50_00),
        ("internal", "brought_forward", "standard", "SHERLOC-MNT", -50_00),
        ("outgoing", "refunded", "standard", "NOR", 20_00),
        ("internal", "allocated", "standard", lacks, 300_00),
        ("outgoing", "disbursed", "pass_through", provider, 100_00),
        ("outgoing", "disbursed", "pass_through", provider, 40_00),
        ("outgoing", "reversed", "pass_through", provider, -40_00),
        ("outgoing", "spent", "standard", lacks, 30_00),
        ("internal", "returned", "standard", lacks, -170_00),
        ("outgoing", "reversed", "standard", lacks, -30_00),
        ("internal", "reversed", "standard", lacks, -30_00),
        ("internal", "allocated", "standard", "maintenance", 200_00),
        ("internal", "allocated", "standard", "maintenance", 10_00),
        ("internal", "reversed", "standard", "maintenance", -10_00),
        ("outgoing", "spent", "standard", "maintenance", 70_00),
        ("outgoing", "spent", "standard", "maintenance", 60_00),
        ("outgoing", "reversed", "standard", "maintenance", -60_00),
    }
    halves = {one["flow_id"]: one for one in await reported(api, query="&boundary=internal&status=paid")}
    for one in halves.values():
        if one["entry_type"] == "brought_forward":
            other = halves[one["parent_flow_id"]]
            assert (one["fund"], -one["usd_minor"]) == (other["destination"], other["usd_minor"])


async def test_halves_of_carry_overs_of_the_same_moment_are_linked(api: Client) -> None:
    """This includes several carry-overs of a pledge in one microsecond, and their reversals."""
    to_funds = ["TA-REQUESTS", "SHERLOC-DEV"] * 2
    pledge = await receive(api, await committed(api, money=usd(1000)), usd(1000))
    now = clock.now()
    with clock.use_clock(lambda: now):
        for number, to_fund in enumerate(to_funds, 1):
            pledge = await move(api, pledge, "carry-over", to_fund=to_fund, money=usd(number))
        entries = (await get(api, "/v1/ledger/entries"))["entries"]
        for one in (one for one in entries if one["type"] == "carried_over"):
            wrong = {"entry_id": one["entry_id"], "reason": "recorded_wrongly"}
            await approve(api, await post(api, "/v1/ledger/reversals", FINANCE, **wrong))
    shown = await reported(api, query="&boundary=internal")

    assert 1 == len({one["updated_at"] for one in shown})
    halves = {one["flow_id"]: one for one in shown}
    of_type = {
        kind: [one for one in shown if one["entry_type"] == kind] for kind in ("carried_over", "brought_forward")
    }
    into = {one["parent_flow_id"]: one for one in of_type["brought_forward"]}
    assert to_funds == [one["destination"] for one in sorted(of_type["carried_over"], key=lambda one: one["usd_minor"])]
    for out in of_type["carried_over"]:
        half = into[out["flow_id"]]
        assert (half["fund"], half["destination"], -half["usd_minor"]) == (
            out["destination"], out["fund"], out["usd_minor"],
        )  # fmt: skip
    reversals = [one for one in shown if one["entry_type"] == "reversed"]
    assert 8 == len(reversals)
    for one in reversals:
        wrong = halves[one["parent_flow_id"]]
        assert (one["fund"], one["destination"]) == (wrong["fund"], wrong["destination"])


async def test_receipt_without_requirement_is_parked(api: Client, way: Mapping[str, str]) -> None:
    paid = await reported(api, query="&status=paid&boundary=incoming")

    assert [("standard", 90_00, "tightly_earmarked")] == [
        (one["flow_type"], one["minor"], one["earmarking"]) for one in paid if one["fund"] == "TA-REQUESTS"
    ]
    parked = await reported(api, query="&flow_type=parked")
    assert parked == [one for one in paid if one["flow_type"] == "parked"]
    assert [800_00, -200_00, 200_00] == [one["minor"] for one in parked]
    assert {"standard"} == {one["flow_type"] for one in await reported(api) if one["status"] != "paid"}
    passed = await reported(api, query="&flow_type=pass_through")
    assert [-40_00, 40_00, 100_00] == [one["usd_minor"] for one in passed]


async def test_flows_default_to_incoming(api: Client, way: Mapping[str, str]) -> None:
    everything = await reported(api)

    assert [one for one in everything if one["boundary"] == "incoming"] == await flows(api)
    for boundary in ("incoming", "internal", "outgoing"):
        ours = [one for one in everything if one["boundary"] == boundary]
        assert ours
        assert ours == await reported(api, query=f"&boundary={boundary}")
    assert [] == await reported(api, query="&boundary=incoming&flow_type=pass_through")
    assert [one["flow_id"] for one in everything] == [row["flow_id"] for row in await table(api, "?boundary=all")]


@pytest.mark.thinned
@pytest.mark.parametrize(
    ("by", "donors"),
    [(NORWAY, {"NOR"}), (GERMANY, {"DEU"}), (FINANCE, {"NOR", "DEU", ""}), ("UNODC:coordinator", {"NOR", "DEU", ""}),
     ("UNODC:auditor", {"NOR", "DEU", ""}), ("FRA:donor_officer", set()), ("KEN:focal_point", set()),
     ("KEN:official", set()), ("UNODC-SHERLOC:provider_officer", set()), ("NOR:provider_officer", set()),
     ("NOR:finance_officer", set())],
)  # fmt: skip
async def test_donor_sees_flows_of_own_pledges_only(
    api: Client, way: Mapping[str, str], by: str, donors: set[str]
) -> None:
    """Callers named by an allocation are its State, its provider, and the donors of its fund."""
    for query in ("boundary=all", "boundary=internal", "boundary=outgoing", "flow_type=pass_through")[
        : cases(1, soak=4)
    ]:
        shown = await reported(api, by, f"&{query}")
        sheet = cells_in((await api.get(f"/v1/flows.xlsx?{query}", headers=headers(by))).content)
        assert [one["flow_id"] for one in shown] == [row["flow_id"] for row in await table(api, f"?{query}", by)]
        assert [one["flow_id"] for one in shown] == [row["flow_id"][1] for row in sheet]
        if query == "boundary=all":
            assert donors == {one["donor"] or "" for one in shown}
        if "" not in donors:
            assert {None} >= {one["allocation_id"] for one in shown}
    moved = {one["entry_type"] for one in await reported(api, by) if one["boundary"] != "incoming"}
    if by == NORWAY:
        assert moved == {"carried_over", "brought_forward", "refunded"}


@pytest.mark.parametrize("parent", ["x", "1.2", "0199aaaa-0000-7000-8000-000000000000", "a" * 41])
async def test_malformed_parent_flow_is_rejected(api: Client, parent: str) -> None:
    for path in ("/v1/flows", "/v1/flows.csv", "/v1/flows.xlsx"):
        answer = await api.get(f"{path}?parent={parent}", headers=headers(FINANCE))
        assert (400, "invalid-field", "parent") == (
            answer.status_code, answer.json()["slug"], answer.json()["details"]["field"],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "index"),
    [(Filters(), "entry_pkey"), (Filters(boundary=Boundary.INCOMING, fund="SHERLOC-MNT"), "entry_fund"),
     (Filters(donor="NOR"), "entry_donor"), (Filters(parent=PLACE), "entry_pledge")],
)  # fmt: skip
@pytest.mark.new_database
async def test_flow_page_uses_indexes(
    api: Client, databases: Mapping[str, Database], filters: Filters, index: str
) -> None:
    """Row-level security is checked before conditions that could leak rows, and then no index is used."""
    await pledged(api)
    caller = a_caller(FINANCE)
    if filters.parent is PLACE:
        filters = msgspec.structs.replace(filters, parent=(UUID(await entry_of(api, "pledged")), 1))
    async with databases["pledges"].transaction(by=caller) as tx:
        asked = await flow_store.parameters_of(tx, caller, filters)
        await tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        plan = await tx.fetch("EXPLAIN " + flow_store.FLOWS, *asked, UUID(int=2**128 - 1), 1, 51)
    text = "\n".join(row[0] for row in plan)

    assert "Seq Scan" not in text
    assert f"{index} on entry e" in text or f"on {index} " in text
