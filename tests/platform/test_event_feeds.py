"""The event feed gives every caller the events that the policy allows."""

from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from chassis.db.database import Database
from chassis.http.application import application
from chassis.journal.outbox import JournalPosition, read_with_positions
from chassis.runtime import verifier
from chassis.service import Running
from chassis.settings import Settings
from contracts.facts import Event
from contracts.values import Caller, Role
from services.documents.permission_cases import SUBJECTS
from services.matching.matches.model import Match
from services.matching.policy import OVERSEERS
from services.notifications.policy import Action as N
from services.reports.policy import Action as P
from services.requests.policy import Action as R
from services.requests.policy import Guarded
from services.sherloc.meetings.model import EVENTS_FOR_ALL as MEETING_EVENTS_FOR_ALL
from services.sherloc.meetings.model import oversees
from services.sherloc.policy import EVENTS_FOR_ALL, is_party_to
from services.sherloc.practices.rules import is_author_or_unodc
from services.sherloc.review_progress.model import EVENTS_FOR_ALL as PROGRESS_EVENTS_FOR_ALL
from tests.builders import a_caller
from tests.conftest import Within, running_of
from tests.platform.operations import ACTORS, DECIDE, NAMES
from tests.platform.world import World, fill

FOLLOWS = {
    type(action): action
    for subject in SUBJECTS
    for action in subject.reads
    if action in {"follow", N.FOLLOW_NOTIFICATIONS}
} | {P: P.SHOW_REPORT}
"""Maps a kind of action to that of following. Reports have no stream; webhooks receive those that may be read."""
OF_SERVICE = {type(action).__module__.split(".")[1]: (DECIDE[kind], action) for kind, action in FOLLOWS.items()}
PUBLIC_AGGREGATES = {"organization", "fund", "rate_table", "period"}
NOT_IN_FEED = {"matching.match.shortlisted.v1"}
OF_OTHERS = {"approved", "reconfirmed", "resumed"}


@pytest.fixture
async def world(settings: Settings, databases: Mapping[str, Database]) -> AsyncIterator[World]:
    within = Within()
    running = running_of(settings, databases, *NAMES, within=within)
    app = within.app = application(running, verifier(settings, running[0].callers), settings=settings)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        made = World(client, running)
        await fill(made)
        yield made


async def test_event_feed_matches_the_policy_for_every_caller(world: World) -> None:
    """Its items contain only ids, types, times, and codes of organizations and roles."""
    callers = [a_caller(actor) for actor in ACTORS]
    reported, wrong = 0, []
    for one in world.running:
        async with one.db.transaction() as tx:
            events = [event for _, event in await read_with_positions(tx, after=JournalPosition(0, 0), limit=10_000)]
            of_interest = [event for event in events if one.service.feed_policy.item_of(event) is not None]
            seen = await one.service.feed_policy.visible_events(tx, callers, of_interest)
        assert set(callers) == set(seen)
        for event in of_interest:
            item = msgspec.to_builtins(one.service.feed_policy.item_of(event))
            assert [] == [value for value in words_in(item) if " " in value]
        for caller in callers:
            meant = {event.id for event in of_interest if may_receive(world, one, caller, event)}
            reported += len(meant)
            wrong += [(one.name, caller.organization, caller.role, event.type)
                      for event in events if (event.id in seen[caller]) != (event.id in meant)]  # fmt: skip

    assert [] == wrong[:10], len(wrong)
    assert reported > 500


def may_receive(world: World, running: Running, caller: Caller, event: Event) -> bool:
    """Check whether the policy allows the event's record, with the exceptions of decision 0014."""
    if event.aggregate in PUBLIC_AGGREGATES:
        return True
    decide, follow = OF_SERVICE[running.name]
    if event.aggregate == "attachment":
        return decide(caller, R.READ_ATTACHMENTS, world.records["attachment_id"][event.aggregate_id]).allowed
    if event.aggregate == "file":
        return decide(caller, follow, world.records["delivery_file_id"][event.aggregate_id]).allowed
    if event.aggregate == "translation":
        request = world.records["translation_id"][event.aggregate_id]
        return Guarded.WORDS in decide(caller, R.READ_TRANSLATIONS, request).fields
    if event.aggregate == "public_summary":
        return decide(caller, R.READ_SUMMARY, world.records["public_summary_id"][event.aggregate_id]).allowed
    if event.aggregate == "mail":
        return decide(caller, R.SHOW_MAIL, world.records["mail_id"][event.aggregate_id]).allowed
    if event.aggregate == "clock":
        clock = world.records["clock_id"][event.aggregate_id]
        if caller.role in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}:
            return caller.role is Role.PROVIDER_OFFICER and bool(clock.organization == caller.organization)
        return decide(caller, R.READ_CLOCKS, world.records["request_id"][clock.request_id]).allowed
    if event.aggregate == "line":
        return caller.role in OVERSEERS
    record = world.records[f"{event.aggregate}_id"][event.aggregate_id]
    if not decide(caller, follow, record).allowed:
        return False
    if event.aggregate == "meeting":
        return oversees(caller) or event.type.split(".")[2] in MEETING_EVENTS_FOR_ALL
    if event.aggregate == "review_progress":
        return is_party_to(caller, record.state) or event.type.split(".")[2] in PROGRESS_EVENTS_FOR_ALL
    if event.aggregate in {"legislation", "contribution"}:
        return is_party_to(caller, record.state) or event.type.split(".")[2] in EVENTS_FOR_ALL
    if event.aggregate == "practice":
        return is_author_or_unodc(caller, record) or event.type.split(".")[2] in EVENTS_FOR_ALL
    if running.name != "matching" or caller.role in OVERSEERS:
        return True
    if event.aggregate in {"offering_translation", "package"}:
        return True
    if isinstance(record, Match):
        return event.type not in NOT_IN_FEED
    return record.provider == caller.organization or event.type.split(".")[2] in OF_OTHERS


def words_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for inner in value.values() for word in words_in(inner)]
    return [value] if isinstance(value, str) and not is_id(value) else []


def is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
