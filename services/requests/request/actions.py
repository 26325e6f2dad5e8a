"""Actions on requests: load for this caller, decide, save, announce. The caller opens the transaction."""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from chassis import translations
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.criteria import CriteriaPublished
from contracts.facts import Event, Fact
from contracts.matching import MatchBegun, MatchCompleted, MatchConfirmed, MatchEvaluated, MatchRevoked
from contracts.registry import decode_fact
from contracts.requests import RequestSubmitted
from services.requests import policy
from services.requests.attachment import model as attachment
from services.requests.attachment import store as attachment_store
from services.requests.clock import actions as clock_actions
from services.requests.clock import store as clock_store
from services.requests.clock.matches import MatchFact as FollowedMatch
from services.requests.consent import store as consent_store
from services.requests.criteria import model as criteria
from services.requests.criteria import store as criteria_store
from services.requests.policy import Action
from services.requests.request import model, remark_store, reminder_store, store
from services.requests.request.completeness import check_complete, in_order
from services.requests.request.evolve import evolve, with_window
from services.requests.request.model import Content, Request
from services.requests.request.reference import new_reference
from services.requests.request.store import Texts
from services.requests.request.values import CirculationRule, FilingChannel, Status
from services.requests.summary import model as summary
from services.requests.summary import store as summary_store
from services.requests.translation import store as translation_store
from services.requests.translation.model import TRANSLATIONS

GAP_REASON = "match_revoked"

MatchFact = MatchConfirmed | MatchBegun | MatchCompleted | MatchRevoked
MATCH_STATUS: dict[type[MatchFact], str] = {
    MatchConfirmed: "confirmed",
    MatchBegun: "in_delivery",
    MatchCompleted: "completed",
    MatchRevoked: "revoked",
}


async def record(tx: Tx, before: Request | None, fact: Fact, *, because: Event | None = None) -> Request:
    """Apply a fact to the request, save it, announce the fact, and start or stop the request's clocks."""
    after = await _fold_and_save(tx, before, fact)
    event = await announce(tx, fact, version=after.revision, because=because)
    await clock_actions.follow(tx, after, because=because, now=event.time)
    return after


async def _fold_and_save(tx: Tx, before: Request | None, fact: Fact) -> Request:
    after = evolve(before, fact)
    await store.save(tx, after)
    if before is not None and before.priority is not after.priority:
        await clock_store.save_priority(tx, after)
    return after


async def file(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    content: Content,
    texts: Texts,
    salt: bytes,
    *,
    submit: bool,
) -> Request:
    """Create a request of the caller's State: a draft, or submitted at once."""
    if submit:
        # Checked here with the title. The model repeats the check without it, because facts have no texts.
        lines = in_order(content.lines, content.incomplete)
        check_complete(lines, content.circulation_rule, texts.title)
        number = new_reference(ctx.now.year)
        fact: Fact = await _with_window(
            tx, model.file(request_id, ctx.caller.organization, content, number, now=ctx.now)
        )
    else:
        fact = model.draft(request_id, ctx.caller.organization, content, now=ctx.now)
    request = await record(tx, None, fact)
    await store.save_texts(tx, request, texts, salt)
    return request


async def file_on_behalf(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    state: str,
    content: Content,
    texts: Texts,
    salt: bytes,
    channel: FilingChannel,
    received_on: date,
    reference: str,
) -> Request:
    """Create a draft of a State's request that came to UNODC by another channel."""
    fact = model.file_on_behalf(request_id, state, content, channel, received_on, now=ctx.now)
    request = await record(tx, None, fact)
    await store.save_texts(tx, request, texts, salt)
    await remark_store.save_received_reference(tx, request, reference)
    return request


async def to_revise(tx: Tx, ctx: Context, request_id: UUID) -> tuple[Request, Texts]:
    """Return a draft or a returned request to be revised, locked, with its texts."""
    request = await _for_move(tx, ctx, request_id, Action.REVISE)
    request.require("revise")
    return request, await store.texts(tx, request)


async def revise(tx: Tx, ctx: Context, request: Request, content: Content, texts: Texts, salt: bytes) -> Request:
    """Replace the content of a draft or a returned request."""
    fact = request.revise(content, now=ctx.now)
    await store.delete_line_texts(tx, request.request_id)
    request = await record(tx, request, fact)
    await store.save_texts(tx, request, texts, salt)
    await translation_store.delete_removed_lines(tx, request.request_id, [line.line_id for line in request.all_lines])
    return request


async def submit(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    action: Action,
    decide: Callable[[Request, str], RequestSubmitted],
    comment: str,
) -> Request:
    """Submit a draft, which gets its reference number, or a returned request, which keeps its own.

    Raises Invalid with all fields that are missing.
    """
    request = await _for_move(tx, ctx, request_id, action)
    request.require(action)
    texts = await store.texts(tx, request)
    check_complete(request.all_lines, request.circulation_rule, texts.title)
    request = await record(tx, request, await _with_window(tx, decide(request, new_reference(ctx.now.year))))
    if comment:
        await remark_store.save_remark(tx, request, comment)
    return request


async def _with_window(tx: Tx, fact: RequestSubmitted) -> RequestSubmitted:
    silence = fact.circulation_rule == CirculationRule.SILENCE
    return with_window(fact, await clock_store.holidays(tx)) if silence else fact


async def move(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    action: Action,
    decide: Callable[[Request], Fact],
    *,
    comment: str | None = None,
) -> Request:
    """Make one move of `values.MOVES`, with a comment for the other side if there is one."""
    request = await record(tx, before := await _for_move(tx, ctx, request_id, action), decide(before))
    if comment:
        await remark_store.save_remark(tx, request, comment)
    return request


async def end_consents(tx: Tx, now: datetime) -> int:
    """Record that consents have ended; return their number. They had no effect since the end of their period."""
    over = await consent_store.periods_over(tx, now)
    for request_id, consent_id in over:
        request = await store.locked(tx, request_id)
        if request is not None and request.consents[consent_id].active:
            await record(tx, request, request.end_consent(consent_id, now=now))
    return len(over)


async def _for_move(tx: Tx, ctx: Context, request_id: UUID, action: Action) -> Request:
    request = await store.get(tx, request_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, request).required()
    check_revision(request.revision, ctx.expected)
    return request


async def on_match_changed(tx: Tx, event: Event, fact: MatchFact) -> None:
    """Update a line's fulfilment from a fact of a match, and the request's status if it follows."""
    request = await store.locked(tx, fact.request_id)
    if request is None:
        return
    covers = fact.covers if isinstance(fact, MatchConfirmed) else None
    change = request.on_match_changed(
        fact.line_id, fact.match_id, MATCH_STATUS[type(fact)], fact.provider, covers, now=event.time
    )
    if change is None:
        return
    request = await record(tx, request, change, because=event)
    if isinstance(fact, MatchBegun) and request.status is Status.OPEN:
        await record(tx, request, request.start(now=event.time), because=event)
    if isinstance(fact, MatchRevoked) and request.status is Status.IN_DELIVERY:
        await record(tx, request, request.reopen(GAP_REASON, now=event.time), because=event)


async def on_match_moved(tx: Tx, event: Event, fact: FollowedMatch) -> None:
    """Update the clocks of a match and of its request; an agreed match also changes the request."""
    request = await store.locked(tx, fact.request_id)
    if request is None:
        return
    await clock_actions.follow_match(tx, event, fact, request)
    if isinstance(fact, MatchFact):
        await on_match_changed(tx, event, fact)
    else:
        await clock_actions.follow(tx, request, because=event, now=event.time)


async def on_evaluated(tx: Tx, event: Event, fact: MatchEvaluated) -> None:
    """Store a side's evaluation of a delivery, which closing the request depends on."""
    request = await store.locked(tx, fact.request_id)
    if request is None:
        return
    result = fact.evaluation.result
    change = request.on_evaluated(fact.line_id, fact.match_id, fact.side, result, now=event.time)
    if change is not None:
        await record(tx, request, change, because=event)


async def end_windows(tx: Tx, now: datetime) -> int:
    """Let requests circulate whose objection window ended without an objection; return their number."""
    ended = await consent_store.ended_windows(tx, now)
    for request_id in ended:
        request = await store.locked(tx, request_id)
        if request is not None and request.window_ends_at is not None and request.window_ends_at <= now:
            await record(tx, request, request.end_window(now=now))
    return len(ended)


async def remind_or_lapse(tx: Tx, now: datetime) -> int:
    """Remind each State whose answer is due, and lapse requests after two reminders; return the number of requests."""
    due = await reminder_store.answers_due(tx, now)
    for request_id in due:
        request = await store.locked(tx, request_id)
        if request is not None and request.answer_due_at is not None and request.answer_due_at <= now:
            decide = request.remind if request.reminders < model.REMINDERS_MAX else request.lapse
            await record(tx, request, decide(now=now))
    return len(due)


async def rebuild(tx: Tx, event: Event) -> None:
    """Apply one fact of our own journal to the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "our own journal holds facts of our own contracts"
    if fact.aggregate == "attachment":
        await attachment_store.save(
            tx, attachment.evolve(await attachment_store.get_as_service(tx, event.aggregate_id), fact)
        )
        return
    if isinstance(fact, CriteriaPublished):
        await criteria_store.save(tx, criteria.evolve(fact))
        return
    if fact.aggregate in {"clock", "calendar"}:
        await clock_actions.rebuild(tx, fact, event.aggregate_id)
        return
    if fact.aggregate == "translation":
        await translations.rebuild(tx, TRANSLATIONS, fact)
        return
    if fact.aggregate == "public_summary":
        await summary_store.save(tx, summary.evolve(await summary_store.get_as_service(tx, event.aggregate_id), fact))
        return
    await _fold_and_save(tx, await store.locked(tx, event.aggregate_id), fact)
