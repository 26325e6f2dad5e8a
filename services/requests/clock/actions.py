"""Actions on clocks: follow requests and matches, remind, record overdue steps. The caller opens the transaction."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce, announce_all
from contracts.clocks import HolidaysSet
from contracts.facts import Event, Fact
from services.requests import policy
from services.requests.clock import calendar as days
from services.requests.clock import matches, model, store
from services.requests.clock.calendar import Calendar
from services.requests.clock.matches import MatchFact
from services.requests.clock.model import Clock
from services.requests.policy import Action
from services.requests.request.model import Request


async def follow(tx: Tx, request: Request, *, because: Event | None = None, now: datetime) -> None:
    """Start, pause, resume and stop the clocks of a request that has changed."""
    running = await store.running(tx, request.request_id) if request.revision > 1 else []
    if not running and not any(model.wanted(request, running, now=now)):
        # Nothing is read for a draft, so that saving one remains a single statement.
        return
    await _record(tx, request, model.follow(request, running, await store.holidays(tx), new_id, now=now), because)


async def follow_match(tx: Tx, event: Event, fact: MatchFact, request: Request) -> None:
    """Start and stop the clocks of a match that has changed."""
    running = [one for one in await store.running(tx, request.request_id) if one.match_id == fact.match_id]
    facts = matches.follow(request, running, fact, await store.holidays(tx), new_id, now=event.time)
    await _record(tx, request, facts, event)


async def _record(tx: Tx, request: Request, facts: Sequence[tuple[Clock | None, Fact]], because: Event | None) -> None:
    if not facts:
        return
    changed = [(model.evolve(before, fact), fact) for before, fact in facts]
    await store.save(tx, [clock for clock, _ in changed], request.priority)
    await announce_all(tx, [(fact, clock.revision) for clock, fact in changed], because=because)


async def expire(tx: Tx, now: datetime) -> int:
    """Record due reminders and overdue clocks; return their number."""
    due = await store.due(tx, now)
    for clock, assignee in due:
        fact = clock.expire(assignee, now=now)
        assert fact is not None, "the clock is due"
        after = model.evolve(clock, fact)
        await store.save(tx, [after])
        await announce(tx, fact, version=after.revision)
    return len(due)


async def set_holidays(tx: Tx, ctx: Context, year: int, holidays: Collection[date]) -> Calendar:
    policy.decide(ctx.caller, Action.SET_CALENDAR).required()
    before = await store.calendar(tx, year, lock=True)
    check_revision(before.revision, ctx.expected)
    fact = before.set(holidays, now=ctx.now)
    after = days.evolve(before, fact)
    await store.save_calendar(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


async def rebuild(tx: Tx, fact: Fact, aggregate_id: UUID) -> None:
    """Apply one fact of a clock or of the calendar to the tables."""
    if isinstance(fact, HolidaysSet):
        await store.save_calendar(tx, days.evolve(await store.calendar(tx, fact.year), fact))
        return
    clock = model.evolve(await store.get_as_service(tx, aggregate_id), fact)
    await store.save(tx, [clock], await store.priority_of(tx, clock.request_id))
