"""Reminders from the clock to their recipients: instalments due or late, lapsed pledges."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from contracts.facts import decode_event
from contracts.values import Language, Role
from services.notifications.consumers import HANDLERS
from services.notifications.wiring import SERVICE
from services.pledges.wiring import remind_or_lapse
from tests.builders import headers
from tests.notifications.steps import notifications_of, subscribe
from tests.pledges.steps import Client, agreed, part, pledged, prepared

pytestmark = pytest.mark.all_schemas

DUE_SOON, OVERDUE, LAPSED = (f"pledges.pledge.{kind}.v1" for kind in ("due-soon", "overdue", "lapsed"))
DONOR, COORDINATOR, FINANCE = "NOR:donor_officer", "UNODC:coordinator", "UNODC:finance_officer"

HEARD = {
    DONOR: [DUE_SOON, OVERDUE, LAPSED],
    # Finance officers get no advance reminder, because nothing is late yet.
    FINANCE: [OVERDUE, LAPSED],
}
OF_OTHERS = ["DEU:donor_officer", "KEN:focal_point", "UNODC-SHERLOC:finance_officer", "UNODC-SHERLOC:coordinator"]
NOT_TOLD = [f"{of}:{role}" for of in ("NOR", "UNODC") for role in Role if role is not Role.SERVICE] + OF_OTHERS


@pytest.fixture
async def api(client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]) -> Client:
    """A pledge that is due and then late, and one that lapses; every possible recipient has subscribed."""
    client = await prepared(await client_of("pledges", "notifications"))
    await subscribe(client, *HEARD, *(one for one in NOT_TOLD if one not in HEARD), channels=["inbox"], email=None)
    await agreed(client, 1000, part(1000, "2127-04-01"))
    await _heard(databases)
    for day in ("2127-03-18", "2127-04-02"):
        await remind_or_lapse(databases["pledges"], 365, datetime.fromisoformat(f"{day}T12:00:00+00:00"))
    await pledged(client)
    await remind_or_lapse(databases["pledges"], 365, datetime(2127, 4, 3, tzinfo=UTC))
    return client


async def _heard(databases: Mapping[str, Database]) -> None:
    """Deliver all facts of the ledger to notifications."""
    inbox = Inbox(databases["notifications"], "notifications", SERVICE.listens_to, HANDLERS)
    async with databases["pledges"].transaction() as tx:
        events = [decode_event(row["event"]) for row in await tx.fetch("SELECT event FROM journal ORDER BY position")]
    for event in events:
        await inbox.receive(event)


async def test_reminders_go_to_donor_and_finance_only(api: Client, databases: Mapping[str, Database]) -> None:
    await _heard(databases)

    def of_clock(notices: list[str]) -> list[str]:
        return [one for one in notices if one in {DUE_SOON, OVERDUE, LAPSED}]

    heard = {
        who: of_clock([one["notice"] for one in reversed(await notifications_of(api, who))])
        for who in {*HEARD, *NOT_TOLD}
    }

    assert HEARD == {who: notices for who, notices in heard.items() if notices}


@pytest.mark.parametrize("language", Language)
async def test_reminder_is_in_the_language_of_its_recipient(
    api: Client, databases: Mapping[str, Database], language: Language
) -> None:
    for who in HEARD:
        answer = await api.put(
            "/v1/subscriptions",
            json={"email": None, "language": language, "channels": ["inbox"]},
            headers=headers(who, revision=1),
        )
        assert answer.status_code == 200, answer.text
    await _heard(databases)

    for who, notices in HEARD.items():
        said = {one["notice"]: one for one in await notifications_of(api, who)}
        for notice in notices:
            words = said[notice]["subject"] + said[notice]["text"]
            assert "SHERLOC-MNT" in said[notice]["subject"], "the subject names the fund"
            assert not {"{", "}", "%"} & set(words), words
            assert said[notice]["link"].startswith("/v1/pledges/")
        assert len({one["subject"] for one in said.values()}) == len(said), "each notice has its own subject"
