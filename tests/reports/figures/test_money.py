"""Amounts in US cents as recorded by a day; pledged, agreed, received and allocated amounts are never added up."""

from uuid import uuid4

from contracts import pledges as p
from contracts.values import Money
from tests.builders import NOON
from tests.reports.steps import FIRST, KENYA, Client, Owners, a_line, a_submission, asked, day, numbers, shown

USD = Money(minor=1_000_000, currency="USD")


def worth(usd_minor: int) -> p.Valuation:
    return p.Valuation(usd_minor=usd_minor, rate="1", rate_source="fictitious", rate_date=FIRST)


async def a_pledge(owners: Owners, fund: str = "SHERLOC-MNT") -> dict[str, object]:
    ids = {"pledge_id": uuid4(), "donor": "NOR", "fund": fund}
    pledged = {"earmarking": "unearmarked", "effective_on": FIRST, "texts_hash": "h", "pledged_at": NOON}
    await owners.tell(p.PledgePledged(**ids, **pledged, money=USD, valuation=worth(1_000_000)), day=0)
    return ids


async def test_an_agreement_takes_the_place_of_the_pledge(api: Client, owners: Owners) -> None:
    ids = await a_pledge(owners)
    agreed = {"support_cost_basis_points": 1300, "effective_on": FIRST, "committed_at": NOON}
    await owners.tell(p.PledgeCommitted(**ids, **agreed, money=USD, valuation=worth(990_000)), day=10)
    received = {
        "instalment": 1,
        "agreed_usd_minor": 500_000,
        "relieved_usd_minor": 500_000,
        "support_cost_usd_minor": 0,
        "complete": False,
        "effective_on": FIRST,
        "received_at": NOON,
    }
    await owners.tell(p.PledgeReceived(**ids, **received, money=USD, valuation=worth(480_000)), day=20)

    assert {"SHERLOC-MNT": 1_000_000} == await numbers(api, "pledged", by="fund", as_of=day(9))
    assert {} == await numbers(api, "pledged", by="fund")
    assert {"I.g": 990_000} == await numbers(api, "committed", by="paragraph")
    assert {} == await numbers(api, "received", by="fund", as_of=day(19))
    assert {"NOR": 480_000} == await numbers(api, "received", by="donor")


async def test_an_allocation_counts_for_the_paragraphs_of_its_line(api: Client, owners: Owners) -> None:
    line = a_line(paragraphs=("I.k", "I.i"))
    request = a_submission(line)
    ids = {"allocation_id": uuid4(), "fund": "TA-REQUESTS"}
    of_line = {"request_id": request.request_id, "line_id": line.line_id, "state": "KEN", "provider": "NOR"}
    made = {"effective_on": FIRST, "allocated_at": NOON, "usd_minor": 300_000}
    await owners.tell(request, p.AllocationMade(**ids, **of_line, **made))
    returned = {"effective_on": FIRST, "returned_at": NOON, "usd_minor": 100_000}
    await owners.tell(p.AllocationReturned(**ids, **returned), day=4)

    assert {"I.i": 300_000, "I.k": 300_000} == await numbers(api, "allocated", by="paragraph", as_of=day(3))
    assert {"TA-REQUESTS": 200_000} == await numbers(api, "allocated", by="fund")
    assert 200_000 == (await shown(api, "allocated", by="paragraph"))["total"]


async def test_no_amount_is_shown_to_others_than_unodc(api: Client, owners: Owners) -> None:
    for _ in range(6):
        await a_pledge(owners)

    found = await shown(api, "pledged", "NOR:focal_point", by="fund")

    assert (None, [None]) == (found["total"], [cell["number"] for cell in found["cells"]])
    assert [] == (await asked(api, "pledged", public=True, by="fund")).json()["cells"]
    assert [] == (await shown(api, "pledged", KENYA, by="fund"))["cells"]
