"""The list of work: the waiting steps, its filters, orders and counts, and the assignees."""

from collections.abc import Mapping
from typing import Any

import pytest

from chassis.db.database import Database
from contracts.values import Language
from services.requests.request.values import Status
from services.requests.work import store
from services.requests.work.model import Order
from services.requests.work.query import WorkQuery
from tests.builders import a_caller, a_line, headers
from tests.requests.clock_steps import appointed_coordinator, presented
from tests.requests.steps import CEB, COORDINATOR, KENYA, NORWAY, Client, filed, opened


async def work(api: Client, by: str = COORDINATOR, **asked: Any) -> list[dict[str, Any]]:
    answer = await api.get("/v1/work", params=asked, headers=headers(by))
    assert answer.status_code == 200, answer.text
    return list(answer.json()["work"])


async def steps_of(api: Client, by: str = COORDINATOR, **asked: Any) -> list[str]:
    return sorted(one["step"] for one in await work(api, by, **asked))


async def test_work_waits_for_the_side_that_has_to_act(api: Client, databases: Mapping[str, Database]) -> None:
    request = await opened(api, circulation="granted")
    assert await steps_of(api) == ["follow_up", "propose"]
    assert await steps_of(api, KENYA) == []
    await presented(databases, request, "NOR")

    assert await steps_of(api) == ["follow_up"]
    assert await steps_of(api, waiting_for="others") == ["provider_answer", "state_decision"]
    assert await steps_of(api, KENYA) == await steps_of(api, "KEN:official") == ["state_decision"]
    (waiting,) = await work(api, NORWAY)
    assert (waiting["step"], waiting["reference"], waiting["title"]) == (
        "provider_answer", request["reference"], "Canary-title",
    )  # fmt: skip
    assert "assignee" not in waiting
    assert await steps_of(api, "FRA:provider_officer") == await steps_of(api, "SEN:focal_point") == []


async def test_unit_of_unodc_sees_nothing_of_a_request_without_a_consent(
    api: Client, databases: Mapping[str, Database]
) -> None:
    request = await opened(api)
    await presented(databases, request, "UNODC-CEB")
    (waiting,) = await work(api, CEB)
    assert waiting["step"] == "provider_answer"
    assert not {"title", "reference", "status", "kinds", "priority", "assignee"} & set(waiting)


async def test_paused_work_is_listed_on_demand(api: Client) -> None:
    request = await filed(api)
    path = f"/v1/requests/{request['request_id']}"
    await api.post(f"{path}/return", json={"reason": "incomplete"}, headers=headers(COORDINATOR, revision=1))
    assert await steps_of(api) == []
    assert await steps_of(api, paused=True) == ["triage"]
    assert await steps_of(api, KENYA) == ["state_answer"]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"status": "submitted"}, 4),
        ({"status": ["draft", "submitted"]}, 4),
        ({"status": "open"}, 0),
        ({"state": "SEN"}, 2),
        ({"region": "african"}, 4),
        ({"region": "african", "state": "KEN"}, 2),
        ({"region": ["african", "weog"]}, 4),
        ({"region": "weog"}, 0),
        ({"region": "weog", "state": "KEN"}, 0),
        ({"kind": "mla_training"}, 2),
        ({"kind": ["mla_training", "sherloc_training"]}, 4),
        ({"topic": "mutual_legal_assistance"}, 2),
        ({"article": "UNTOC:18"}, 2),
        ({"paragraph": "I.c"}, 2),
        ({"paragraph": "I.k", "kind": "sherloc_training"}, 0),
        ({"step": "triage"}, 2),
        ({"priority": "high"}, 0),
        ({"written_in": "fr"}, 2),
        ({"written_in": ["en", "fr"]}, 4),
        ({"written_in": "ru"}, 0),
        ({"overdue": True}, 0),
        ({"overdue": False}, 4),
        ({"assignee": "none"}, 4),
        ({"assignee": "me"}, 0),
        ({"q": "register"}, 2),
        ({"q": "no such word"}, 0),
    ],
)
async def test_filters_of_work(api: Client, asked: dict[str, Any], count: int) -> None:
    await filed(api)
    line = a_line(kind="sherloc_training", topics=["electronic_evidence"], articles=[], paragraphs=["I.c"])
    await filed(api, "SEN:focal_point", title="Fictitious sample: a register of laws", language="fr", lines=[line])

    assert len(await work(api, **asked)) == count
    counted = (await api.get("/v1/work/counts", params=asked, headers=headers(COORDINATOR))).json()
    assert (counted["total"], counted["complete"]) == (count, True)
    assert sum(counted["by_step"].values()) == sum(counted["by_status"].values()) == count


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        ({"kind": "training-mla"}, "unknown-code"),
        ({"region": "europe"}, "unknown-code"),
        ({"status": "opened"}, "invalid-request"),
        ({"assignee": "you"}, "invalid-request"),
        ({"assignee": "-" * 36}, "invalid-request"),
        ({"status": ["open"] * 21}, "invalid-request"),
        ({"unknown": "1"}, "unknown-parameter"),
    ],
)
async def test_bad_filter_is_refused(api: Client, asked: dict[str, Any], slug: str) -> None:
    answer = await api.get("/v1/work", params=asked, headers=headers(COORDINATOR))
    assert (answer.status_code, answer.json()["slug"]) == (400, slug)


@pytest.mark.parametrize("sort", ["due", "since", "priority"])
async def test_pages_of_each_order_are_complete(api: Client, sort: str) -> None:
    for _ in range(3):
        await filed(api)
    await opened(api)
    whole = [one["clock_id"] for one in await work(api, sort=sort)]
    assert len(whole) == 8

    found, cursor = [], None
    for _ in range(10):
        asked = {"sort": sort, "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/work", params=asked, headers=headers(COORDINATOR))).json()
        found += [one["clock_id"] for one in page["work"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == whole


MANY = """
    WITH requests AS (
        INSERT INTO request SELECT made.* FROM request, generate_series(1, 5000) AS n,
            json_populate_record(request, json_build_object('request_id', gen_random_uuid(), 'reference', 'TA-' || n,
                'state', (ARRAY['ALB', 'KEN', 'NPL', 'PER', 'SEN'])[1 + n % 5], 'status', (ARRAY['open', 'submitted'])[1 + n % 2])) AS made
        RETURNING *
    )
    INSERT INTO clock SELECT made.*
    FROM requests JOIN clock ON clock.clock_id = (SELECT clock_id FROM clock WHERE organization = 'UNODC' LIMIT 1),
        json_populate_record(clock, json_build_object('clock_id', gen_random_uuid(),
            'request_id', requests.request_id, 'state', requests.state)) AS made
"""
PLANNED = """
    EXPLAIN EXECUTE page('UNODC', 'coordinator', 'coordinator', now(), '{}', '{}', '{KEN}', '{}', '{}', '{}', '{}',
        '{}', '{}', NULL, '{}', '{}', '{}', 51)
"""


IN_ORDER = (
    (WorkQuery(), Order.DUE, "clock_due"),
    (WorkQuery(), Order.SINCE, "clock_since"),
    (WorkQuery(), Order.PRIORITY, "clock_priority"),
    (WorkQuery(status=(Status.OPEN,)), Order.DUE, "clock_due"),
    (WorkQuery(state=("KEN",)), Order.DUE, "clock_state"),
    (WorkQuery(region=("african",)), Order.DUE, "clock_due"),
    (WorkQuery(region=("african",)), Order.SINCE, "clock_since"),
)


@pytest.fixture
async def many(api: Client, databases: Mapping[str, Database], database_url: str) -> None:
    await filed(api)
    async with databases["requests"].transaction() as tx:
        await tx.execute(MANY)
    owner = await Database.connect(database_url, "requests", owner=True)
    async with owner.transaction() as tx:
        await tx.execute("ANALYZE request, clock")
    await owner.close()


async def plan_of(asked: WorkQuery, sort: Order, db: Database) -> str:
    """Return the plan for all values of the filters, made once on a connection."""
    caller = a_caller(COORDINATOR)
    search = asked.search(caller)
    assert store.is_planned_once(search, sort)
    statement = store.page_statement(store.conditions_of(search.filter), sort, onwards=False)
    async with db.transaction(by=caller, planned_once=True) as tx:
        await tx.execute(f"PREPARE page AS {statement}")
        plan = "\n".join(row[0] for row in await tx.fetch(PLANNED))
        await tx.execute("DEALLOCATE page")
    assert "$1" in plan, "the plan does not know the caller"
    return plan


@pytest.mark.new_database
@pytest.mark.usefixtures("many")
async def test_page_of_work_is_read_in_the_order_of_an_index(databases: Mapping[str, Database]) -> None:
    for asked, sort, index in IN_ORDER:
        plan = await plan_of(asked, sort, databases["requests"])
        assert f"Index Scan using {index} on clock" in plan, plan
        assert "Sort" not in plan, plan


@pytest.mark.new_database
@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", list(Order))
async def test_region_with_few_requests_does_not_read_all_work_in_its_order(
    databases: Mapping[str, Database], sort: Order
) -> None:
    plan = await plan_of(WorkQuery(region=("weog",)), sort, databases["requests"])
    assert "clock_state on clock" in plan, plan


@pytest.mark.parametrize(
    "asked",
    [
        WorkQuery(assignee="me"),
        WorkQuery(state=("KEN", "SEN")),
        WorkQuery(region=("african", "grulac")),
        WorkQuery(region=("african",), state=("KEN", "SEN")),
        WorkQuery(status=(Status.OPEN, Status.ON_HOLD)),
        WorkQuery(written_in=(Language.FR,)),
        WorkQuery(q="canary"),
        WorkQuery(in_remit=True),
    ],
)
def test_filter_whose_values_may_leave_few_requests_is_planned_for_its_values(asked: WorkQuery) -> None:
    assert not store.is_planned_once(asked.search(a_caller(COORDINATOR)), Order.DUE)


async def test_most_urgent_comes_first_by_priority(api: Client) -> None:
    for priority in ("low", "urgent"):
        request = await filed(api)
        path = f"/v1/requests/{request['request_id']}"
        await api.post(f"{path}/register", json={}, headers=headers(COORDINATOR, revision=1))
        await api.post(f"{path}/open", json={"priority": priority}, headers=headers(COORDINATOR, revision=2))
    found = [one["priority"] for one in await work(api, sort="priority", step="propose")]
    assert found == ["urgent", "low"]


@pytest.mark.parametrize(
    ("regions", "topics", "count"),
    [
        ([], [], 4),
        (["african"], [], 2),
        (["weog"], [], 0),
        (["african", "grulac"], ["electronic_evidence"], 4),
        ([], ["judicial_cooperation"], 4),
        ([], ["firearms_trafficking"], 0),
    ],
)
async def test_remit_is_what_the_appointment_names(
    api: Client, databases: Mapping[str, Database], regions: list[str], topics: list[str], count: int
) -> None:
    me = await appointed_coordinator(databases)
    await filed(api)
    await filed(api, "PER:focal_point")
    async with databases["requests"].transaction() as tx:
        await tx.execute(
            "UPDATE caller SET regions = $2, topics = $3 WHERE person_id = $1 AND role = 'coordinator'",
            me,
            regions,
            topics,
        )
    assert len(await work(api, in_remit=True)) == count


async def test_hand_over_assigns_all_requests_in_progress(api: Client, databases: Mapping[str, Database]) -> None:
    me = await appointed_coordinator(databases)
    other = await appointed_coordinator(databases, "UNODC-ROSAF:coordinator")
    for _ in range(2):
        request = await filed(api)
        path = f"/v1/requests/{request['request_id']}/assign"
        await api.post(path, json={"assignee": str(me)}, headers=headers(COORDINATOR, revision=1))
    assert len(await work(api, assignee="me")) == 4

    key = headers(COORDINATOR)
    first = await api.post("/v1/work/hand-over", json={"assignee": str(other)}, headers=key)
    assert (first.status_code, len(first.json()["requests"])) == (200, 2), first.text
    again = await api.post("/v1/work/hand-over", json={"assignee": str(other)}, headers=key)
    assert again.json() == first.json()
    assert await work(api, assignee="me") == []
    assert len(await work(api, assignee=str(other))) == 4
    refused = await api.post("/v1/work/hand-over", json={"assignee": str(me)}, headers=headers(KENYA))
    assert (refused.status_code, refused.json()["slug"]) == (403, "not-for-your-role")
    unknown = await api.post(
        "/v1/work/hand-over", json={"assignee": str(a_caller(NORWAY).person_id)}, headers=headers(COORDINATOR)
    )
    assert unknown.json()["slug"] == "not-a-coordinator"


async def test_item_with_its_request_can_be_moved_without_reading_it(
    api: Client, databases: Mapping[str, Database]
) -> None:
    await filed(api)
    (plain,) = await work(api, step="triage")
    assert "request" not in plain
    (item,) = await work(api, step="triage", expand="request")
    assert item["request"]["revision"] == 1
    assert {"register", "return", "decline"} <= set(item["request"]["moves"])
    path = f"/v1/requests/{item['request_id']}/register"
    done = await api.post(path, json={}, headers=headers(COORDINATOR, revision=item["request"]["revision"]))
    assert done.status_code == 200, done.text

    request = await opened(api)
    await presented(databases, request, "UNODC-CEB")
    (waiting,) = await work(api, CEB, expand="request")
    assert "request" not in waiting
    refused = await api.get("/v1/work?expand=request&limit=51", headers=headers(COORDINATOR))
    assert (refused.status_code, refused.json()["slug"]) == (400, "invalid-field")


ROLES = [
    *("KEN:focal_point", "KEN:official", "NOR:provider_officer", "NOR:donor_officer", COORDINATOR),
    *(f"UNODC:{role}" for role in ("finance_officer", "auditor", "administrator")),
]


@pytest.mark.parametrize("who", ROLES)
async def test_counts_say_to_every_role_what_waits_for_it(
    api: Client, databases: Mapping[str, Database], who: str
) -> None:
    request = await opened(api, circulation="granted")
    await presented(databases, request, "NOR")
    counted = (await api.get("/v1/work/counts", headers=headers(who))).json()
    expected = {
        "KEN": {"state_decision": 1},
        "NOR:provider_officer": {"provider_answer": 1},
        COORDINATOR: {"follow_up": 1},
    }
    assert counted["by_step"] == next((steps for key, steps in expected.items() if who.startswith(key)), {})
    assert counted["total"] == sum(counted["by_step"].values())
