"""Our files keep the rules of the IATI standard that are not in its schema, without an avoidable warning."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from contracts.values import Language
from services.pledges.open_data.iati.activity import Activity, Dated
from services.pledges.open_data.iati.codes import ActivityDate, ActivityStatus
from services.pledges.open_data.iati.published import Ledger, PlannedActivity, activities
from services.pledges.open_data.iati.writing import write
from tests.builders import NOON
from tests.pledges.activities.steps import allocated, completed, planned
from tests.pledges.open_data.builders import ON, UNODC, a_ledger, a_movement, schema_in
from tests.pledges.open_data.iati_ledgers import ledgers
from tests.pledges.open_data.iati_rules import broken
from tests.pledges.open_data.steps import asked, file_of
from tests.pledges.steps import Client, funded
from tests.soak import cases

TODAY = date(2026, 11, 30)
SITE = "https://entraide.example"
TRAINING = {"currency": "USD", "work_package": "training", "donor": None}


@pytest.fixture
def rules(shared_data: Path) -> Path:
    folder = shared_data / "iati" / "rulesets"
    if not folder.is_dir():
        pytest.skip("no rules of the standard beside the project: not compared")
    return folder


def made_of(ledger: Ledger) -> tuple[Activity, ...]:
    return activities(ledger, reporter=UNODC)


@pytest.mark.thinned
@settings(max_examples=cases(45, soak=150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ledger=ledgers(on=TODAY))
def test_no_file_breaks_a_rule_of_the_standard(rules: Path, ledger: Ledger) -> None:
    assert [] == broken(rules, write(made_of(ledger), generated_at=NOON), today=TODAY)


def test_a_file_that_breaks_rules_is_found(rules: Path) -> None:
    """The rules find dates in the future, and sectors that do not add up to 100 %."""
    late = a_movement(on=TODAY + timedelta(days=1))
    file = write(made_of(a_ledger(late)), generated_at=NOON).replace(b'percentage="100"', b'percentage="90"')

    found = {one.partition(" ")[0] for one in broken(rules, file, today=TODAY)}

    assert {"11.2.1", "11.2.2", "2.1.4"} <= found


async def test_the_file_that_is_served_breaks_no_rule(api: Client, rules: Path) -> None:
    await funded(api, 1_000_00)
    await allocated(api, await planned(api), 600_00)

    assert [] == broken(rules, (await asked(api)).content, today=TODAY + timedelta(days=3650))


def test_a_movement_is_published_from_its_value_date_on() -> None:
    movements = [a_movement(entry_id=UUID(int=number), on=ON + timedelta(days=number)) for number in range(3)]

    for days in range(3):
        (fund,) = made_of(a_ledger(*movements, on=ON + timedelta(days=days)))
        assert days + 1 == len(fund.transactions)


def test_english_comes_first_and_each_narrative_names_its_language() -> None:
    movements = [a_movement(), a_movement("allocated", "available", 500, entry_id=UUID(int=2), **TRAINING)]
    file = write(made_of(a_ledger(*movements, site=SITE)), generated_at=NOON)
    root = etree.fromstring(file)

    languages = "{http://www.w3.org/XML/1998/namespace}lang"
    assert {"en"} == {one.get(languages) for one in root.iter("iati-activity")}
    for parent in {one.getparent() for one in root.iter("narrative")}:
        assert "en" == parent.find("narrative").get(languages)
    assert not [one for one in root.iter("narrative") if not one.get(languages)]


def test_fund_and_purposes_are_of_two_levels_with_defaults() -> None:
    made = made_of(a_ledger(a_movement("allocated", "available", 500, **TRAINING), updated="2026-11-30T12:00:00+00:00"))

    assert ["1", "2"] == [one.hierarchy for one in made]
    assert {("en", "USD", "2026-11-30T12:00:00+00:00")} == {(one.language, one.currency, one.updated) for one in made}


def test_what_was_allotted_to_a_purpose_is_its_budget_of_the_year() -> None:
    """Returned money is subtracted; a year in which all of it was returned has no budget."""

    def moved(number: int, minor: int, on: date) -> Any:
        kind = "allocated" if minor > 0 else "returned"
        return a_movement(kind, "available", minor, entry_id=UUID(int=number), on=on, **TRAINING)

    movements = [
        moved(1, 500, date(2024, 3, 1)),
        moved(2, 900, date(2025, 3, 1)),
        moved(3, -200, date(2025, 6, 1)),
        moved(4, 100, date(2026, 1, 1)),
        moved(5, -100, date(2026, 2, 1)),
    ]
    _, training = made_of(a_ledger(*movements))

    reported = [(one.kind, one.status, one.starts.year, one.ends.year, one.amount.value) for one in training.budgets]
    assert [("1", "2", 2024, 2024, "5.00"), ("2", "2", 2025, 2025, "7.00")] == reported


def test_a_fund_links_to_its_public_page_in_each_language() -> None:
    (fund,) = made_of(a_ledger(site=SITE))
    (without,) = made_of(a_ledger())

    assert {f"{SITE}/{one}/public/funding" for one in Language} == {one.url for one in fund.documents}
    assert f"{SITE}/en/public/funding" == fund.documents[0].url
    assert () == without.documents


@pytest.mark.parametrize(("number", "reported"), [(None, []), (4, []), (5, ["5"]), (23, ["23"])])
def test_participants_of_an_activity_are_its_result(number: int | None, reported: list[str], shared_data: Path) -> None:
    """Numbers below five are not published, because they could point to persons."""
    dates = Dated(ActivityDate.ACTUAL_START, ON), Dated(ActivityDate.ACTUAL_END, ON)
    held = PlannedActivity(
        title="Fictitious", language="en", kind="meeting", status=ActivityStatus.FINALISATION, dates=dates,
        participants=number,
    )  # fmt: skip
    of_it = {"currency": "USD", "activity_id": UUID(int=7), "donor": None}
    ledger = a_ledger(a_movement("allocated", "available", 500, **of_it), held={str(UUID(int=7)): held})

    made = made_of(ledger)

    measured = [period for one in made[1].results for each in one.indicators for period in each.periods]
    assert reported == [one.actual for one in measured]
    official = schema_in(shared_data / "iati")
    assert official.validate(etree.fromstring(write(made, generated_at=NOON))), official.error_log


async def test_participants_are_published_once_the_activity_is_completed(api: Client) -> None:
    await funded(api, 1_000_00)
    one = await planned(api)
    await allocated(api, one, 600_00)
    _, before = await file_of(api)
    await completed(api, one, participants=23)

    _, after = await file_of(api)

    assert () == before.results
    assert ["23"] == [period.actual for of in after.results for each in of.indicators for period in each.periods]
