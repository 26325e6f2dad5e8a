"""Tests of results: every cell of the table of statuses and moves, and all moves over HTTP, with evidence."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.journal.inbox import Inbox, Outcome
from chassis.rebuild import verify
from contracts.facts import Fact
from contracts.files import FileAdded, FileCleared
from contracts.reference import kinds
from contracts.reference.deliveries import indicator_units, indicators
from contracts.refusals import Conflict, Invalid
from contracts.requests import RequestClosed, RequestReopened
from contracts.values import Role, Side
from services.delivery import policy
from services.delivery.consumers import HANDLERS
from services.delivery.files import store as file_store
from services.delivery.files.evolve import evolve as evolve_file
from services.delivery.policy import RESULT_MOVERS, Action
from services.delivery.results.evolve import evolve
from services.delivery.results.model import MOVES, Figures, Result, ResultStatus, report_first
from services.delivery.wiring import SERVICE
from tests.builders import AHEAD, NOON, a_caller, an_event, headers
from tests.delivery.results.steps import reported, reporting
from tests.delivery.steps import (
    AUDITOR,
    COORDINATOR,
    KENYA,
    KENYAS_OFFICIAL,
    NORWAY,
    OTHER_SERVICE,
    OTHERS,
    Client,
    Matching,
    a_delivery,
    begun,
    slug,
)
from tests.delivery.steps import shown as delivery_shown

S = ResultStatus
FIGURES = Figures(actual=20, measured_on=NOON.date())
DECIDE: dict[str, Callable[[Result], Fact]] = {
    "report_result": lambda r: r.report(Side.STATE, FIGURES, "hash", now=NOON),
    "confirm_result": lambda r: r.confirm(now=NOON),
    "dispute_result": lambda r: r.dispute("other", now=NOON),
}
TABLE: dict[str, dict[ResultStatus, ResultStatus]] = {
    "report_result": dict.fromkeys(S, S.REPORTED),
    "confirm_result": {S.REPORTED: S.CONFIRMED, S.DISPUTED: S.CONFIRMED},
    "dispute_result": {S.REPORTED: S.DISPUTED, S.CONFIRMED: S.DISPUTED},
}


def a_result(status: ResultStatus = S.REPORTED) -> Result:
    delivery = replace(a_delivery(kind="training"), begun_at=NOON)
    first = evolve(None, report_first(delivery, Side.PROVIDER, "people_trained", FIGURES, "hash", now=NOON))
    return replace(first, status=status)


def test_every_move_has_its_row() -> None:
    assert TABLE.keys() == DECIDE.keys() == MOVES.keys() == {str(one) for one in RESULT_MOVERS}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("move", TABLE)
def test_each_cell_of_the_table(move: str, status: ResultStatus) -> None:
    before = a_result(status)

    if status not in TABLE[move]:
        with pytest.raises(Conflict, match="result-status"):
            DECIDE[move](before)
        return
    after = evolve(before, DECIDE[move](before))

    assert (TABLE[move][status], before.revision + 1) == (after.status, after.revision)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("move", sorted(RESULT_MOVERS))
def test_each_move_is_for_its_roles(move: Action, role: Role) -> None:
    caller = a_caller(f"{'NOR' if role is Role.PROVIDER_OFFICER else 'KEN'}:{role}")

    assert (role in RESULT_MOVERS[move]) == policy.decide(caller, move, a_result()).allowed


def test_figures_are_possible() -> None:
    for figures, expected in (
        (Figures(actual=100, measured_on=NOON.date()), None),
        (Figures(actual=101, measured_on=NOON.date()), "percent-too-high"),
        (Figures(actual=1, target=101, measured_on=NOON.date()), "percent-too-high"),
        (Figures(actual=1, measured_on=date(AHEAD, 3, 1)), "day-to-come"),
    ):
        if expected is None:
            figures.check("test_score", now=NOON)
        else:
            with pytest.raises(Invalid, match=expected):
                figures.check("test_score", now=NOON)


def test_every_kind_of_assistance_has_indicators() -> None:
    assert set(kinds()) == {kind for one in indicators().values() for kind in one.kinds}
    assert set(indicator_units()) == {one.unit for one in indicators().values()}


# -- over HTTP --------------------------------------------------------------------------------------------------------


async def shown(api: Client, result: Mapping[str, Any], by: str = COORDINATOR) -> dict[str, Any]:
    answer = await api.get(f"/v1/results/{result['result_id']}", headers=headers(by))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def tried(api: Client, result: Mapping[str, Any], name: str, by: str, **body: Any) -> httpx.Response:
    given = headers(by, revision=(await shown(api, result))["revision"])
    return await api.post(f"/v1/results/{result['result_id']}/{name}", json=body, headers=given)


async def move(api: Client, result: Mapping[str, Any], name: str, by: str, **body: Any) -> dict[str, Any]:
    answer = await tried(api, result, name, by, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_result_is_reported_and_confirmed_and_a_new_report_takes_that_back(
    api: Client, matching: Matching
) -> None:
    delivery_id = await begun(api, matching, kind="training")
    result = await reported(api, delivery_id, comment="Counted by us.")
    assert ("reported", "provider", "persons", 21) == tuple(
        result[name] for name in ("status", "reported_by", "unit", "actual")
    )
    assert (403, "not-for-your-role") == slug(await tried(api, result, "confirm", NORWAY))

    confirmed = await move(api, result, "confirm", KENYA, comment="As we counted.")
    assert ("confirmed", "As we counted.") == (confirmed["status"], confirmed["state_comment"])
    again = await move(api, result, "report", NORWAY, actual=23, measured_on=str(NOON.date()))

    assert ("reported", 23, None, "", "") == tuple(
        again[name] for name in ("status", "actual", "confirmed_at", "comment", "state_comment")
    )
    assert (409, "result-exists") == slug(await reporting(api, delivery_id, KENYA))


async def test_a_result_is_disputed_with_a_reason(api: Client, matching: Matching) -> None:
    result = await reported(api, await begun(api, matching, kind="training"), KENYA)

    assert (400, "unknown-code") == slug(await tried(api, result, "dispute", KENYA, reason="incomplete"))
    found = await move(api, result, "dispute", KENYA, reason="figures_differ", comment="We counted 19.")

    assert ("disputed", "figures_differ", "We counted 19.") == (
        found["status"],
        found["reason"],
        found["state_comment"],
    )
    assert (409, "result-status") == slug(await tried(api, result, "dispute", KENYA, reason="other"))


async def test_a_report_that_does_not_fit_is_refused(api: Client, matching: Matching) -> None:
    assert (409, "delivery-not-begun") == slug(await reporting(api, await matching.confirms(kind="training")))
    delivery_id = await begun(api, matching, kind="training")
    for expected, changes in (
        ("unknown-code", {"indicator": "smiles"}),
        ("indicator-of-another-kind", {"indicator": "laws_amended"}),
        ("percent-too-high", {"indicator": "test_score", "actual": 101}),
        ("day-to-come", {"measured_on": f"{AHEAD}-03-01"}),
        ("evidence-unsuitable", {"file_id": "018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a60"}),
    ):
        assert (400, expected) == slug(await reporting(api, delivery_id, **changes))
    assert (403, "not-for-your-role") == slug(await reporting(api, delivery_id, COORDINATOR))
    assert (404, "not-found") == slug(await reporting(api, delivery_id, OTHERS[0]))


async def test_a_result_is_shown_by_a_file_that_then_stays(api: Client, matching: Matching, db: Database) -> None:
    delivery = await delivery_shown(api, await begun(api, matching, kind="training"))
    ids = {name: UUID(delivery[name]) for name in ("delivery_id", "request_id")}
    sides = {name: delivery[name] for name in ("state", "provider")}
    file_id = UUID("018f6b1e-4c5a-7d10-8a3b-5e2f9c7d1a60")
    added = FileAdded(
        file_id=file_id,
        **ids,
        **sides,
        private=False,
        purpose="material",
        side="provider",
        organization="NOR",
        format="pdf",
        size_bytes=9,
        content_hash="hash",
        added_at=NOON,
    )
    cleared = FileCleared(file_id=file_id, **ids, **sides, private=False, scanned=True, cleared_at=NOON)
    async with db.transaction() as tx:
        await file_store.save(tx, evolve_file(evolve_file(None, added), cleared))

    result = await reported(api, delivery["delivery_id"], file_id=str(file_id))

    assert str(file_id) == result["file_id"]
    removal = await api.delete(f"/v1/delivery-files/{file_id}", headers=headers(NORWAY, revision=2))
    assert (409, "evidence-of-a-result") == slug(removal)


async def test_results_are_settled_while_the_request_is_closed(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching, kind="training")
    result, before = await reported(api, delivery_id), await delivery_shown(api, delivery_id, NORWAY)
    about = {"request_id": UUID(before["request_id"]), "state": "KEN"}
    inbox = Inbox(db, "delivery", ["requests"], HANDLERS)

    closed = RequestClosed(**about, outcome="met", closed_at=NOON)
    assert await inbox.receive(an_event(closed, 1)) is Outcome.APPLIED
    assert (409, "request-closed") == slug(await tried(api, result, "confirm", KENYA))
    assert (409, "request-closed") == slug(await reporting(api, delivery_id, indicator="test_score"))
    assert [] == (await shown(api, result, KENYA))["moves"]
    assert {"report_result"} == {*before["moves"]} - {*(await delivery_shown(api, delivery_id, NORWAY))["moves"]}

    reopened = RequestReopened(**about, reason="new_need", reopened_at=NOON)
    assert await inbox.receive(an_event(reopened, 2)) is Outcome.APPLIED
    assert "confirmed" == (await move(api, result, "confirm", KENYA))["status"]


async def test_results_are_read_by_who_sees_the_delivery(api: Client, matching: Matching, db: Database) -> None:
    delivery_id = await begun(api, matching, kind="training")
    result = await reported(api, delivery_id)

    async def rows(table: str, who: str) -> int:
        async with db.transaction(by=a_caller(who)) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))

    for who in (KENYA, KENYAS_OFFICIAL, NORWAY, COORDINATOR, AUDITOR, OTHER_SERVICE, *OTHERS):
        answer = await api.get(f"/v1/deliveries/{delivery_id}/results", headers=headers(who))
        seen = who not in OTHERS
        assert (200 if seen else 404) == answer.status_code
        assert int(seen) == await rows("result", who) == await rows("result_text", who)
        if seen:
            assert ["people_trained", "test_score"] == answer.json()["indicators"]
            assert await shown(api, result, who)


async def test_results_are_rebuilt_from_the_journal(api: Client, matching: Matching, database_url: str) -> None:
    result = await reported(api, await begun(api, matching, kind="training"))
    await move(api, result, "confirm", KENYA)
    await move(api, result, "dispute", KENYA, reason="other")
    migrator = await Database.connect(database_url, "delivery", owner=True)
    try:
        assert [] == await verify(migrator, SERVICE)
        async with migrator.transaction() as tx:
            await tx.execute("UPDATE result SET actual = 1")
        assert 1 == len(await verify(migrator, SERVICE))
    finally:
        await migrator.close()
