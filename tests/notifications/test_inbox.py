"""A person's own notifications: seen, read, paged, in a language."""

from uuid import uuid4

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.rebuild import verify
from services.notifications.notices import actions
from services.notifications.wiring import SERVICE
from tests.builders import an_event, headers
from tests.databases import connected
from tests.notifications.steps import Client, notifications_of, opened, subscribe

COORDINATOR, FOCAL_POINT = "UNODC:coordinator", "KEN:focal_point"


async def test_person_sees_and_reads_own_notifications_only(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT, "UGA:focal_point")
    await inbox.receive(an_event(opened(), 1))
    (one,) = await notifications_of(api, FOCAL_POINT)
    path = f"/v1/notifications/{one['notification_id']}/read"

    assert [] == await notifications_of(api, "UGA:focal_point")
    for other in ("UGA:focal_point", COORDINATOR, "UNODC:administrator", "service:matching"):
        answer = await api.post(path, headers=headers(other))
        nothing = await api.post(f"/v1/notifications/{uuid4()}/read", headers=headers(other))
        assert (404, "not-found") == (answer.status_code, answer.json()["slug"])
        assert answer.json() | {"correlation_id": ""} == nothing.json() | {"correlation_id": ""}


async def test_read_is_recorded_once(api: Client, inbox: Inbox, db: Database) -> None:
    await subscribe(api, FOCAL_POINT)
    await inbox.receive(an_event(opened(), 1))
    (one,) = await notifications_of(api, FOCAL_POINT)
    path = f"/v1/notifications/{one['notification_id']}/read"
    key = str(uuid4())
    answers = [await api.post(path, headers=headers(key=key)) for _ in range(2)]
    answers.append(await api.post(path, headers=headers()))

    assert [200] * 3 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["read_at"] for answer in answers})
    assert answers[0].json()["read_at"] is not None
    assert [] == await notifications_of(api, FOCAL_POINT, "?unread=true")
    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM journal WHERE type LIKE '%.read.v1'") == 1


async def test_all_notifications_are_read_at_once(
    api: Client, inbox: Inbox, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "READ_ALL_MAX", 2)
    await subscribe(api, FOCAL_POINT, COORDINATOR)
    for _ in range(3):
        await inbox.receive(an_event(opened(), 1))
    key = str(uuid4())
    path = "/v1/notifications/read-all"
    answers = [await api.post(path, headers=headers(key=key)) for _ in range(2)]
    answers += [await api.post(path, headers=headers()), await api.post(path, headers=headers())]
    async with connected(database_url, "notifications", owner=True) as owner:
        differences = await verify(owner, SERVICE)

    assert [1, 1, 0, 0] == [answer.json()["unread"] for answer in answers]
    assert [] == await notifications_of(api, FOCAL_POINT, "?unread=true")
    assert [] == differences


async def test_notifications_are_paged_newest_first(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT)
    ids = [uuid4() for _ in range(5)]
    for request_id in ids:
        await inbox.receive(an_event(opened(request_id), 1))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await api.get(f"/v1/notifications?limit=2{cursor}", headers=headers())
        page = answer.json()
        seen += [one["request_id"] for one in page["notifications"]]
        cursor = f"&cursor={page['cursor']}" if page["cursor"] else None
        assert (cursor is not None) == ("Link" in answer.headers)
        assert 5 == page["unread"]

    assert [str(one) for one in reversed(ids)] == seen


async def test_notification_is_in_the_requested_language_or_that_of_the_subscription(api: Client, inbox: Inbox) -> None:
    await subscribe(api, FOCAL_POINT, language="ar")
    await inbox.receive(an_event(opened(), 1))
    (arabic,) = await notifications_of(api, FOCAL_POINT)
    (russian,) = await notifications_of(api, FOCAL_POINT, **{"Accept-Language": "ru, fr;q=0.5"})

    assert ("ar", "ru") == (arabic["language"], russian["language"])
    assert "الطلب" in arabic["subject"]
    assert "Запрос" in russian["subject"]
