"""Actions on deliveries: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from chassis import clock
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.deliveries import DeliveryCompleted, DeliveryOpened, DeliveryTerminated, delivery_id_of
from contracts.facts import Event, Fact
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.refusals import Conflict, Invalid
from contracts.screenings import ScreeningKind
from contracts.values import side_of
from services.delivery import policy, remark_store
from services.delivery.agreements import ending_actions
from services.delivery.agreements import store as agreement_store
from services.delivery.agreements.model import AgreementStatus, agreement_id_of
from services.delivery.deliveries import model, request_store, store
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.model import MATCH_REVOKED, NOT_ENDED, Delivery
from services.delivery.follow_ups import actions as follow_up_actions
from services.delivery.policy import Action
from services.delivery.results import store as result_store
from services.delivery.screenings import store as screening_store
from services.delivery.sessions import actions as session_actions
from services.delivery.sessions import store as session_store
from services.delivery.sessions.model import SessionStatus


async def open_delivery(tx: Tx, event: Event, fact: MatchConfirmed) -> None:
    """Open the delivery of a match that both sides confirmed."""
    opened = DeliveryOpened(
        delivery_id=delivery_id_of(fact.match_id),
        match_id=fact.match_id,
        request_id=fact.request_id,
        line_id=fact.line_id,
        offering_id=fact.offering_id,
        state=fact.state,
        provider=fact.provider,
        period=model.period_of(fact),
        covers=fact.covers,
        funding_needed=fact.funding_needed,
        joint_delivery_id=fact.joint_delivery_id,
        kind=fact.kind,
        opened_at=fact.confirmed_at,
    )
    await request_store.remember(tx, fact.request_id, fact.state)
    await record(tx, None, opened, because=event)


async def on_match_revoked(tx: Tx, event: Event, fact: MatchRevoked) -> None:
    """End the delivery, unless its own termination revoked the match."""
    found = await store.get_as_service(tx, delivery_id_of(fact.match_id))
    assert found is not None, "a match is confirmed before it is revoked"
    if found.status in NOT_ENDED:
        await record(tx, found, found.terminate(MATCH_REVOKED, now=fact.revoked_at), because=event)


async def move(
    tx: Tx, ctx: Context, delivery_id: UUID, action: Action, decide: Callable[[Delivery], Fact], *, comment: str = ""
) -> Delivery:
    """Make a move that depends on the delivery only."""
    before = await for_move(tx, ctx, delivery_id, action)
    async with tx.as_service():
        return await record(tx, before, decide(before), comment=comment)


async def match_lacking(tx: Tx, ctx: Context, delivery_id: UUID) -> UUID | None:
    """Return the match of a delivery that lacked money when it was confirmed; None if it lacked none."""
    found = await store.get(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, Action.BEGIN, found).required()
    return None if found.funding_needed is None else found.match_id


async def begin(tx: Tx, ctx: Context, delivery_id: UUID, gap_usd_minor: int | None, *, comment: str) -> None:
    """Begin a delivery. Raises Conflict if an agreement, money or a required screening is missing."""
    before = await for_move(tx, ctx, delivery_id, Action.BEGIN)
    async with tx.as_service():
        screened = await screening_store.is_completed(tx, delivery_id, ScreeningKind.HUMAN_RIGHTS)
        fact = before.begin(gap_usd_minor=gap_usd_minor, screened=screened, now=ctx.now)
        await record(tx, before, fact, comment=comment)


async def propose_completion(
    tx: Tx, ctx: Context, delivery_id: UUID, completed_on: date | None, *, comment: str
) -> None:
    """Propose that a delivery is complete.

    Raises Conflict before its period or the end of its last session, while a session is still planned, or while an
    amendment waits; Invalid for a last day that is too early or in the future, and without a comment if no session was
    held or no result reported.
    """
    before = await for_move(tx, ctx, delivery_id, Action.PROPOSE_COMPLETION)
    async with tx.as_service():
        sessions = await session_store.not_cancelled(tx, delivery_id)
        agreement = await agreement_store.get_as_service(tx, agreement_id_of(delivery_id))
        agreed_end = before.period.ends
        if agreement is not None and agreement.in_force is not None:
            agreed_end = (await agreement_store.period(tx, agreement.agreement_id, agreement.in_force)).ends
        held = any(one.status is SessionStatus.HELD for one in sessions)
        without = (
            *(() if held else ("session",)),
            *(() if await result_store.of_delivery(tx, delivery_id) else ("result",)),
        )
        fact = before.propose_completion(
            side_of(ctx.caller.role),
            completed_on or ctx.today,
            sessions[-1].ends if sessions else None,
            agreed_end,
            without,
            now=ctx.now,
        )
        if any(one.status is SessionStatus.PLANNED for one in sessions):
            raise Conflict("session-unrecorded")
        if agreement is not None and agreement.status is AgreementStatus.AMENDING:
            raise Conflict("amendment-waiting")
        if without and not comment.strip():
            raise Invalid("completion-unexplained", field="comment", without=without)
        await record(tx, before, fact, comment=comment)


async def complete_by_silence(tx: Tx, now: datetime) -> int:
    """Complete the deliveries whose proposed completion was not answered in time; return their number."""
    due = await store.unanswered(tx, now.date())
    for one in due:
        await record(tx, one, one.complete_by_silence(now=now))
    return len(due)


async def for_move(tx: Tx, ctx: Context, delivery_id: UUID, action: Action) -> Delivery:
    """Return the delivery, locked. Raises Missing, Forbidden, Stale."""
    found = await store.locked(tx, delivery_id, ctx.caller)
    policy.decide(ctx.caller, action, found).required()
    check_revision(found.revision, ctx.expected)
    return found


async def record(
    tx: Tx, before: Delivery | None, fact: Fact, *, comment: str = "", because: Event | None = None
) -> Delivery:
    """Fold, save and announce a fact, and what follows from an end: follow-ups, sessions, the agreement."""
    after = evolve(before, fact)
    await store.save(tx, after)
    if isinstance(fact, DeliveryCompleted):
        await follow_up_actions.schedule(tx, fact)
        await ending_actions.end(tx, after.delivery_id, AgreementStatus.ENDED, now=fact.completed_at, because=because)
    if isinstance(fact, DeliveryTerminated):
        await session_actions.cancel_planned(tx, after, now=fact.terminated_at, because=because)
        await ending_actions.end(
            tx, after.delivery_id, AgreementStatus.TERMINATED, now=fact.terminated_at, because=because
        )
    if comment:
        move = fact.type.split(".")[2]
        await remark_store.save(tx, after.delivery_id, after.revision, move, comment, now=clock.now())
    await announce(tx, fact, version=after.revision, because=because)
    return after
