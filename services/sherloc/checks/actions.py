"""Actions on checks: load for the caller, decide, save, announce. The edge opens the transaction."""

from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from contracts.facts import Fact
from contracts.legislation_checks import CheckResult
from contracts.values import Caller
from services.sherloc import policy
from services.sherloc.checks import model, store
from services.sherloc.checks.evolve import evolve
from services.sherloc.checks.model import LegislationCheck
from services.sherloc.legislation import actions as legislation_actions
from services.sherloc.policy import Action


async def ask(tx: Tx, now: datetime) -> int:
    """Ask the States whose check is due, and return their number. Only one process asks at a time."""
    await store.lock(tx)
    due = await store.due(tx, now)
    for one in due:
        await _record(tx, None, model.ask(new_id(), one.state, one.due_at, now=now))
    return len(due)


async def answer(tx: Tx, ctx: Context, legislation_check_id: UUID, result: CheckResult) -> None:
    """Record an answer in place of the earlier one. Raises Missing, Forbidden, Stale, Conflict."""
    await _allow(tx, ctx.caller, legislation_check_id)
    async with tx.as_service():
        before = await store.get_as_service(tx, legislation_check_id)
        assert before is not None, "the caller may see the check, so it exists"
        check_revision(before.revision, ctx.expected)
        await _answer(tx, ctx.caller, before, result, now=ctx.now)


async def answer_by_link(
    tx: Tx, caller: Caller, legislation_check_id: UUID, result: CheckResult, *, now: datetime
) -> LegislationCheck:
    """Record an answer given by the link of a mail; a repeat changes nothing. Raises Missing, Forbidden, Conflict."""
    await _allow(tx, caller, legislation_check_id)
    async with tx.as_service():
        found = await store.get_as_service(tx, legislation_check_id)
        assert found is not None, "the caller may see the check, so it exists"
        return found if found.result is result else await _answer(tx, caller, found, result, now=now)


async def _allow(tx: Tx, caller: Caller, legislation_check_id: UUID) -> None:
    policy.decide(caller, Action.ANSWER_CHECK, await store.get(tx, legislation_check_id, caller)).required()


async def _answer(
    tx: Tx, caller: Caller, before: LegislationCheck, result: CheckResult, *, now: datetime
) -> LegislationCheck:
    before.require_open(now=now)
    unchanged = result is CheckResult.UNCHANGED
    confirmed = await legislation_actions.confirm_published(tx, before.state, caller.role, now=now) if unchanged else 0
    return await _record(tx, before, before.answer(result, confirmed, now=now))


async def _record(tx: Tx, before: LegislationCheck | None, fact: Fact) -> LegislationCheck:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after
