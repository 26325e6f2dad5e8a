"""Confirmed results of deliveries in the IATI file, with the money that paid for them: numbers, but no small counts."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from contracts.deliveries import delivery_id_of
from contracts.facts import Fact
from contracts.requests import About
from contracts.results import ResultConfirmed, ResultDisputed, ResultReported
from contracts.values import Money
from services.pledges.consumers import HANDLERS
from services.pledges.open_data.iati.parts import Delivered, delivered
from services.pledges.wiring import SERVICE
from tests.builders import NOON, an_event
from tests.pledges.allocations.steps import a_match, confirmed
from tests.pledges.open_data.builders import schema_in
from tests.pledges.open_data.steps import asked, file_of
from tests.pledges.steps import FINANCE, Client, funded, get, post, usd

DAY = date(2026, 2, 20)


class Delivering:
    """A delivery of a match that a fund pays for, with a result of one indicator, as pledges receives it."""

    def __init__(self, databases: Mapping[str, Database]) -> None:
        self.inbox = Inbox(databases["pledges"], "pledges", SERVICE.listens_to, HANDLERS)
        self.match = a_match()
        self.result_id, self.version = uuid4(), 0

    async def paid_for(self, api: Client, about: About | None) -> None:
        fact = replace(confirmed(self.match, Money(minor=10_000, currency="USD")), about=about)
        assert await self.inbox.receive(an_event(fact, 1)) is Outcome.APPLIED
        await funded(api, 1_000_00)
        (requirement,) = (await get(api, "/v1/requirements"))["requirements"]
        body = {"fund": "SHERLOC-MNT", "money": usd(50_00), "requirement_id": requirement["requirement_id"]}
        await post(api, "/v1/allocations", FINANCE, **body)

    async def tell(self, kind: type[Fact], at: str, **more: Any) -> None:
        self.version += 1
        ids = {name: self.match[name] for name in ("request_id", "state", "provider")}
        of = {
            "result_id": self.result_id,
            "delivery_id": delivery_id_of(self.match["match_id"]),
            "indicator": "people_trained",
        }
        event = an_event(
            kind(**ids, **of, **{at: NOON}, **more), self.version, time=NOON + timedelta(minutes=self.version)
        )
        assert await self.inbox.receive(event) is Outcome.APPLIED

    async def report(self, actual: int, target: int | None = None) -> None:
        said = {"side": "provider", "measured_on": DAY, "texts_hash": "h", "actual": actual, "target": target}
        await self.tell(ResultReported, "reported_at", **said)

    async def confirm(self) -> None:
        await self.tell(ResultConfirmed, "confirmed_at")

    async def dispute(self) -> None:
        await self.tell(ResultDisputed, "disputed_at", reason="number_differs")


@pytest.fixture
def delivery(databases: Mapping[str, Database]) -> Delivering:
    return Delivering(databases)


TRAINING = About(kind="mla_training", topics=("mutual_legal_assistance",), gender_marker=1)


async def measured(api: Client) -> list[tuple[str, str, str]]:
    """Return title, actual and target of each result of the purpose that was paid for."""
    _, paid = await file_of(api)
    return [
        (each.titles[0].text, period.actual, period.target)
        for one in paid.results
        for each in one.indicators
        for period in each.periods
    ]


async def test_a_result_is_published_while_its_state_confirms_it(api: Client, delivery: Delivering) -> None:
    await delivery.paid_for(api, TRAINING)
    await delivery.report(23, target=30)
    assert [] == await measured(api), "the provider's report is not confirmed yet"

    await delivery.confirm()
    assert [("People trained", "23", "30")] == await measured(api)

    await delivery.report(28)
    assert [] == await measured(api), "the new number is not confirmed"
    await delivery.confirm()
    assert [("People trained", "28", "")] == await measured(api)

    await delivery.dispute()
    assert [] == await measured(api)


async def test_small_counts_are_not_published(api: Client, delivery: Delivering) -> None:
    await delivery.paid_for(api, TRAINING)
    await delivery.report(4, target=30)
    await delivery.confirm()

    assert [] == await measured(api)


async def test_results_of_kinds_that_may_endanger_people_are_not_published(api: Client, delivery: Delivering) -> None:
    await delivery.paid_for(api, None)
    await delivery.report(50)
    await delivery.confirm()

    assert [] == await measured(api)


async def test_a_published_result_names_no_state_and_is_valid(
    api: Client, delivery: Delivering, shared_data: Path
) -> None:
    await delivery.paid_for(api, TRAINING)
    await delivery.report(23, target=30)
    await delivery.confirm()

    file = (await asked(api)).content

    assert b"KEN" not in file
    assert b"Kenya" not in file
    official = schema_in(shared_data / "iati")
    assert official.validate(etree.fromstring(file)), official.error_log


def test_numbers_are_as_reported_and_small_ones_of_persons_left_out() -> None:
    reported = [
        delivered([Delivered(indicator=name, actual=actual, target=40, measured_on=DAY)], since=DAY)
        for name, actual in (("test_score", 3), ("laws_amended", 3), ("decisions_published", 38), ("people_trained", 4))
    ]

    shown = [[(each.measure, each.periods[0].actual) for one in of for each in one.indicators] for of in reported]
    assert [[("2", "3")], [("1", "3")], [("1", "38")], []] == shown
