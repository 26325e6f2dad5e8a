"""Each record that shows money, asked as at a moment, is what it was then, whatever has become of it since."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from chassis import clock
from chassis.db import Database, Tx
from chassis.inbox import Inbox
from contracts.matching import MatchRevoked
from contracts.values import Caller
from services.pledges import allocation_store, in_kind_store, moment_store, policy, store
from services.pledges.activities import ActivityStatus
from services.pledges.balances import EVER
from services.pledges.consumers import HANDLERS
from services.pledges.domain import Status
from services.pledges.in_kind import InKindStatus
from services.pledges.views import view_of
from tests.builders import NOON, a_caller, an_event
from tests.service.test_pledges import FINANCE, GERMANY, NORWAY, eur, funded, get, pledged, post, prepared, receive, usd
from tests.service.test_pledges_activities import allocated, completed, planned, revised
from tests.service.test_pledges_as_at import asked, now_of, told
from tests.service.test_pledges_closings import at_once
from tests.service.test_pledges_in_kind import declared
from tests.service.test_pledges_in_kind import move as move_in_kind
from tests.service.test_pledges_life import agreed, approve, entry_of, move, part, pledge_of
from tests.service.test_pledges_requirements import PERIOD
from tests.service.test_pledges_reversals import taken_back
from tests.service.test_pledges_unfunded import UNFUNDED, lacking
from tests.service.test_requests_consent import consent, opened, withdraw

__all__ = ["at_once"]
Client = httpx.AsyncClient
IN_KIND = "/v1/in-kind-contributions"
KENYA = "KEN:focal_point"
CALLERS = (FINANCE, NORWAY, GERMANY, KENYA)
ONES = {
    "/v1/pledges": "pledge_id",
    "/v1/allocations": "allocation_id",
    "/v1/activities": "activity_id",
    IN_KIND: "in_kind_contribution_id",
}
"""Lists of what is also shown one by one, and what names it."""
LISTS = (*ONES, "/v1/requirements")
FILTERED = (
    *(f"/v1/pledges?limit=1&status={status}" for status in Status),
    "/v1/pledges?due_before=2026-03-20",
    "/v1/pledges?due_before=2126-02-01",
    "/v1/pledges?fund=SHERLOC-DEV",
    "/v1/pledges?donor=DEU",
    "/v1/allocations?fund=TA-REQUESTS&limit=1",
    *(f"/v1/activities?fund=SHERLOC-MNT&status={status}" for status in ActivityStatus),
    *(f"{IN_KIND}?limit=1&status={status}" for status in InKindStatus),
    f"{IN_KIND}?fund=SHERLOC-DEV",
)
Life = Callable[[Client, Inbox], AsyncIterator[object]]

pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]]) -> Client:
    return await prepared(await client_of("requests", "pledges"))


@pytest.fixture
def inbox(databases: Mapping[str, Database]) -> Inbox:
    return Inbox(databases["pledges"], "pledges", ["matching"], HANDLERS)


# -- lives ------------------------------------------------------------------------------------------------------------


async def of_pledges(api: Client, _: Inbox) -> AsyncIterator[object]:
    """All that becomes of a pledge, of another one, and of one of another donor's."""
    one = await agreed(api, 1000, part(500, "2026-03-10"), part(300, "2026-06-01", "report_accepted"), part(200, "2126-01-01"))  # fmt: skip
    yield one
    yield (one := await move(api, one, "meet-condition", instalment=2, met_on="2026-05-02"))
    yield (one := await receive(api, one, usd(600)))
    yield (other := await pledged(api, GERMANY, fund="SHERLOC-DEV"))
    yield await move(api, other, "withdraw", GERMANY)
    yield await move(api, await pledged(api, fund="SHERLOC-DEV"), "lapse")
    yield await taken_back(api, await entry_of(api, "received"))
    yield (one := await receive(api, await pledge_of(api, one), usd(700)))
    yield (one := await move(api, one, "reduce", money=usd(200), reason="donor_budget"))
    yield (one := await move(api, one, "carry-over", to_fund="SHERLOC-DEV", money=usd(100)))
    yield await approve(api, await move(api, one, "refund", money=usd(50), reason="not_used"))
    one = await pledge_of(api, one)
    yield await approve(api, await move(api, one, "write-off", reason="not_expected"))
    yield await move(api, await pledge_of(api, one), "close")


async def of_allocations(api: Client, _: Inbox) -> AsyncIterator[object]:
    """For work packages: spent, given back, and taken back in both states."""
    yield await funded(api, 10_000)
    yield (one := await _for_work(api, 600))
    path = f"/v1/allocations/{one['allocation_id']}"
    yield (one := await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(100)))
    spent = await entry_of(api, "spent")
    yield await _for_work(api, 50)
    yield await taken_back(api, await entry_of(api, "allocated"))
    yield await post(api, f"{path}/return", FINANCE, revision=2)
    yield await taken_back(api, spent)


async def _for_work(api: Client, minor: int) -> dict[str, Any]:
    body = {"fund": "SHERLOC-MNT", "money": usd(minor), "work_package": "training"}
    return await post(api, "/v1/allocations", FINANCE, **body)


async def of_activities(api: Client, _: Inbox) -> AsyncIterator[object]:
    """Money for one that takes place, and for one that does not, which is spent and taken back."""
    await funded(api, 10_000)
    one, other = await planned(api), await planned(api, topics=[])
    yield one
    made = await allocated(api, one, 500)
    yield made
    yield await allocated(api, other, 70)
    yield await taken_back(api, await entry_of(api, "allocated"))
    path = f"/v1/allocations/{made['allocation_id']}"
    yield await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(100))
    yield (one := await revised(api, one, pillars=[], gender_marker=2, ends_on="2026-03-12"))
    yield (one := await completed(api, one, participants=12, completed_on="2026-03-11"))
    yield await post(api, f"{path}/spend", FINANCE, revision=2, money=usd(150))
    yield await post(api, f"{path}/return", FINANCE, revision=3)
    yield await taken_back(api, await entry_of(api, "spent"))
    cancel = {"reason": "priorities_changed"}
    yield await post(api, f"/v1/activities/{other['activity_id']}/cancel", FINANCE, revision=1, **cancel)


async def of_requirements(api: Client, inbox: Inbox) -> AsyncIterator[object]:
    """Covered in parts, spent, given back; and one whose match is revoked."""
    request = await consent(api, await opened(api), recipients=["NOR"], fields=["codes"])
    await funded(api, 500_000, "TA-REQUESTS")
    yield await lacking(inbox, request)
    (one,) = (await get(api, UNFUNDED, NORWAY))["requirements"]
    yield (made := await _for_need(api, one, 100_000))
    path = f"/v1/allocations/{made['allocation_id']}"
    yield await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(40_000))
    yield await _for_need(api, one, 150_000)
    yield await post(api, f"{path}/return", FINANCE, revision=2)
    match = await lacking(inbox, request)
    yield match
    other = next(
        each for each in (await get(api, UNFUNDED, NORWAY))["requirements"]
        if each["requirement_id"] != one["requirement_id"]
    )  # fmt: skip
    yield await _for_need(api, other, 60_000)
    gone = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=NOON)
    yield await inbox.receive(an_event(gone, 2))
    yield await taken_back(api, await entry_of(api, "spent"))


async def _for_need(api: Client, one: Mapping[str, Any], minor: int) -> dict[str, Any]:
    body = {"fund": "TA-REQUESTS", "money": usd(minor), "requirement_id": one["requirement_id"]}
    return await post(api, "/v1/allocations", FINANCE, **body)


async def of_gifts_in_kind(api: Client, _: Inbox) -> AsyncIterator[object]:
    yield (one := await declared(api))
    yield (other := await declared(api, GERMANY, fund="SHERLOC-DEV", money=usd(5)))
    yield (one := await move_in_kind(api, one, "acknowledge"))
    path = f"{IN_KIND}/{other['in_kind_contribution_id']}/withdraw"
    yield await post(api, path, GERMANY, revision=1)
    yield await move_in_kind(api, one, "strike")


LIVES: tuple[Life, ...] = (of_pledges, of_allocations, of_activities, of_requirements, of_gifts_in_kind)


# -- what was told ----------------------------------------------------------------------------------------------------


def apart(told_of: Mapping[str, Any]) -> tuple[list[dict[str, Any]], set[tuple[str | None, bool]]]:
    """The records of a list, or the only one; and apart from them which moment each says it is of."""
    listed = next((value for name, value in told_of.items() if isinstance(value, list) and name in NAMES), [told_of])
    return [{name: value for name, value in one.items() if name not in {"as_at", "final"}} for one in listed], {
        (one["as_at"], one["final"]) for one in listed
    }


NAMES = {"pledges", "allocations", "activities", "requirements", "in_kind_contributions"}


async def seen(api: Client, moment: str | None = None) -> dict[tuple[str, str], Any]:
    """All that everybody is told: the lists to their ends, and each record that stands in one with its ETag."""
    found: dict[tuple[str, str], Any] = {}
    of = {(moment, moment is not None)}
    for by, path in [
        *((by, path) for by in CALLERS for path in LISTS),
        *((by, UNFUNDED) for by in (FINANCE, NORWAY, GERMANY)),
        *((FINANCE, path) for path in FILTERED),
    ]:
        found[path, by], said = apart(await told(api, path, moment, by))
        assert said <= of
        for one in found[path, by] if path in ONES else ():
            alone = f"{path}/{one[ONES[path]]}"
            answer = await asked(api, alone, moment, by)
            assert (200, ([one], of)) == (answer.status_code, apart(answer.json()))
            found[alone, by] = answer.headers["ETag"], one["revision"]
    return found


@pytest.mark.parametrize("life", LIVES)
async def test_what_a_record_was_as_at_each_moment_is_told_for_ever(api: Client, inbox: Inbox, life: Life) -> None:
    stood = [(await now_of(api), await seen(api))]
    async for _ in life(api, inbox):
        stood.append((await now_of(api), await seen(api)))
    assert len(stood) > 4
    for (_, before), (_, after) in pairwise(stood):
        assert before != after, "nothing was changed between them"

    in_the_end = stood[-1][1]
    for moment, was in stood:
        assert was == await seen(api, moment)
        for path, by in in_the_end.keys() - was.keys():
            later = await asked(api, path, moment, by)
            assert (404, "not-found") == (later.status_code, later.json()["slug"]), path


# -- who is told ------------------------------------------------------------------------------------------------------


async def test_a_donor_is_told_of_no_other_donors_as_at_any_moment(api: Client) -> None:
    ours, theirs = await pledged(api), await pledged(api, GERMANY)
    given = await declared(api, GERMANY)
    moment = await now_of(api)

    assert [ours["pledge_id"]] == [
        one["pledge_id"] for one in (await told(api, "/v1/pledges", moment, NORWAY))["pledges"]
    ]
    assert {"in_kind_contributions": []} == await told(api, IN_KIND, moment, NORWAY)
    for path in (f"/v1/pledges/{theirs['pledge_id']}", f"{IN_KIND}/{given['in_kind_contribution_id']}"):
        hidden, absent = [await asked(api, one, moment, NORWAY) for one in (path, path[:-12] + "0" * 12)]
        assert (404, hidden.json()["slug"]) == (absent.status_code, absent.json()["slug"])
        assert 200 == (await asked(api, path, moment, GERMANY)).status_code


async def test_of_what_lacked_money_then_a_donor_is_told_what_it_is_shown_today(api: Client, inbox: Inbox) -> None:
    request = await opened(api)
    await lacking(inbox, request)
    moment = await now_of(api)
    assert {"requirements": []} == await told(api, UNFUNDED, moment, NORWAY)

    request = await consent(api, request, recipients=["NOR"], fields=["codes"])
    (one,) = (await told(api, UNFUNDED, moment, NORWAY))["requirements"]
    assert (request["request_id"], moment, True) == (one["request_id"], one["as_at"], one["final"])
    await withdraw(api, request, request["consents"][0]["consent_id"])
    assert {"requirements": []} == await told(api, UNFUNDED, moment, NORWAY)
    assert 1 == len((await told(api, UNFUNDED, moment))["requirements"])
    assert 403 == (await asked(api, UNFUNDED, moment, KENYA)).status_code


async def test_a_note_is_of_today(api: Client) -> None:
    one = await pledged(api)
    moment = await now_of(api)
    await post(api, f"/v1/pledges/{one['pledge_id']}/reword", NORWAY, revision=1, note="Fictitious sample: less.")

    then = await told(api, f"/v1/pledges/{one['pledge_id']}", moment)

    assert (1, "Fictitious sample: less.") == (then["revision"], then["note"])


async def test_what_is_read_says_for_whom_where_no_wall_does(
    api: Client, inbox: Inbox, databases: Mapping[str, Database]
) -> None:
    for by in (NORWAY, GERMANY):
        await pledged(api, by)
        await declared(api, by)
    await lacking(inbox, request := await opened(api))
    await funded(api, 500_000, "TA-REQUESTS")
    (one,) = (await get(api, f"/v1/requirements?request={request['request_id']}"))["requirements"]
    await _for_need(api, one, 5)
    await allocated(api, await planned(api, fund="TA-REQUESTS"), 5)
    callers = [
        a_caller(one) for one in (NORWAY, GERMANY, KENYA, "NOR:provider_officer", "UNODC:administrator", FINANCE)
    ]
    every: dict[str, Any] = {"before": None, "limit": 100}
    async with databases["pledges"].transaction() as tx:
        all_of_it = [await _all_as_at(tx, caller, every) for caller in callers]
    for caller, found in zip(callers, all_of_it, strict=True):
        pledges, gifts, allocations, requirements = all_of_it[-1]
        assert found == (
            [one for one in pledges if policy.may_see_pledge(caller, one[0])],
            [one for one in gifts if policy.may_see_in_kind(caller, one[0])],
            [one for one in allocations if policy.may_see_allocation(caller, one)],
            [one for one in requirements if policy.may_see_requirement(caller, one)],
        )
    assert (3, 2, 2, 1) == tuple(len(of_kind) for of_kind in all_of_it[-1])


async def _all_as_at(tx: Tx, caller: Caller, every: Mapping[str, Any]) -> tuple[list[Any], ...]:
    pages = (
        await store.pledges_as_at(tx, caller, EVER, **every),
        await in_kind_store.contributions_as_at(tx, caller, EVER, **every),
        await allocation_store.allocations_as_at(tx, caller, EVER, **every),
        await allocation_store.requirements_as_at(tx, caller, EVER, request_id=None, **every),
    )
    return tuple(page.found for page in pages)


async def test_an_instalment_is_late_on_the_day_of_the_moment(api: Client, databases: Mapping[str, Database]) -> None:
    await agreed(api, 10, part(10, "2026-06-01"))
    async with databases["pledges"].transaction() as tx:
        (pledge,) = await store.page_of_pledges(tx, after=UUID(int=0), limit=1)

    days = [datetime(2026, 6, day, 23, 59, tzinfo=UTC) for day in (1, 2)]
    views = [view_of(pledge, "", today=date.max, as_at=as_at) for as_at in (*days, None)]

    assert [False, True, True] == [view.instalments[0].late for view in views]


# -- how it is read ---------------------------------------------------------------------------------------------------


async def test_a_page_that_looked_at_enough_leads_on(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment_store, "LOOKED_AT_MAX", 3)
    monkeypatch.setattr(moment_store, "LOOKED_AT_ONCE", 2)
    made = [await pledged(api, money=eur(1)) for _ in range(9)]
    moment = await now_of(api)
    for one in made:
        await move(api, one, "withdraw", NORWAY)
    later = await now_of(api)
    kept = await pledged(api)

    ids = [one["pledge_id"] for one in reversed(made)]
    for as_at, status, expected in ((moment, "pledged", ids), (later, "withdrawn", ids), (later, "pledged", [])):
        path = f"/v1/pledges?limit=2&status={status}"
        assert expected == [one["pledge_id"] for one in (await told(api, path, as_at))["pledges"]]
    first = (await asked(api, "/v1/pledges?limit=2&status=pledged", later)).json()
    assert ([], True) == (first["pledges"], first["cursor"] in ids)
    assert [kept["pledge_id"]] == [
        one["pledge_id"] for one in (await told(api, "/v1/pledges?status=pledged"))["pledges"]
    ]


async def test_a_clock_that_is_ahead_spends_nothing_before_it_was_set_aside(api: Client, database_url: str) -> None:
    await funded(api, 1_000)
    activity = await planned(api)
    made = await allocated(api, activity, 600)
    path = f"/v1/allocations/{made['allocation_id']}"
    await post(api, f"{path}/spend", FINANCE, revision=1, money=usd(250))
    moment = await now_of(api)
    connection = await asyncpg.connect(database_url)
    # Past the triggers that let nothing be rewritten: who set it aside was ahead of who spent of it.
    await connection.execute("SET session_replication_role = replica")
    for change in (
        "UPDATE pledges.journal SET recorded_at = $1 WHERE aggregate_id = $2 AND version = 1",
        "UPDATE pledges.entry SET recorded_at = $1 WHERE allocation_id = $2 AND type = 'allocated'",
    ):
        await connection.execute(change, clock.now() + timedelta(seconds=1), UUID(made["allocation_id"]))
    await connection.close()

    one = await told(api, path, moment)
    of_it = await told(api, f"/v1/activities/{activity['activity_id']}", moment)

    assert (600, 250) == (one["usd_minor"], one["spent_usd_minor"])
    assert (600, 250) == (of_it["allocated_usd_minor"], of_it["spent_usd_minor"])


@pytest.mark.parametrize("path", [*LISTS, UNFUNDED, *(f"{path}/{UUID(int=1)}" for path in ONES)])
async def test_what_is_no_moment_is_refused_and_one_to_come(api: Client, path: str) -> None:
    for moment in ("2026-11-25T12:00:00", "2026-06-30", "0001-01-01T00:00:00+23:00", "", "null"):
        answer = await asked(api, path, moment)
        said = answer.json()
        assert (400, "invalid-field", "as_at") == (answer.status_code, said["slug"], said["details"]["field"])
    to_come = await asked(api, path, (clock.now() + timedelta(hours=1)).isoformat())
    assert (409, "moment-not-final") == (to_come.status_code, to_come.json()["slug"])
    assert "final_until" in to_come.json()["details"]
