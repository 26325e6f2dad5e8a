"""Actions on offerings: load for the caller, decide, save, announce. The edge opens the transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.facts import Event, Fact
from contracts.matching import OfferingDrafted, OfferingRevised, OfferingSubmitted
from services.matching import policy
from services.matching.matches import store as match_store
from services.matching.matches import suggestions
from services.matching.matches.model import NOT_CONFIRMED
from services.matching.offerings import model as offering
from services.matching.offerings import remark_store
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Content, Offering, OfferingStatus
from services.matching.offerings.store import Texts
from services.matching.policy import Action
from services.matching.texts import store as reading_store


async def record(tx: Tx, before: Offering | None, fact: Fact, *, because: Event | None = None) -> Offering:
    """Fold a fact into the offering, save it, and announce the fact."""
    after = await fold(tx, before, fact)
    await announce(tx, fact, version=after.revision, because=because)
    return after


async def fold(tx: Tx, before: Offering | None, fact: Fact) -> Offering:
    """Save the offering after a fact, with its capacity periods if the fact has them."""
    after = offering.evolve(before, fact)
    await offering_store.save(tx, after)
    if isinstance(fact, OfferingDrafted | OfferingRevised) or (before is None and isinstance(fact, OfferingSubmitted)):
        await offering_store.save_capacity(tx, after)
    return after


async def create(
    tx: Tx, ctx: Context, offering_id: UUID, content: Content, texts: Texts, salt: bytes, *, submit: bool
) -> Offering:
    """Create an offering of the caller's organization, as a draft or submitted."""
    begin = offering.offer if submit else offering.draft
    created = await record(tx, None, begin(offering_id, ctx.caller.organization, content, now=ctx.now))
    await offering_store.save_texts(tx, offering_id, texts, salt)
    return created


async def to_revise(tx: Tx, ctx: Context, offering_id: UUID) -> tuple[Offering, Texts]:
    """Return an offering to be revised, locked, with its texts."""
    before = await for_move(tx, ctx, offering_id, Action.REVISE, whole=True)
    texts = await offering_store.texts(tx, [offering_id])
    return before, texts.get(offering_id, Texts(title="", summary=""))


async def revise(tx: Tx, ctx: Context, before: Offering, content: Content, texts: Texts, salt: bytes) -> Offering:
    """Replace the content; an approved offering needs approval again, its matches are kept."""
    offering_id = before.offering_id
    revised = await record(tx, before, before.revise(content, now=ctx.now))
    async with tx.as_service():
        await reading_store.delete(tx, offering_id)
    await offering_store.save_texts(tx, offering_id, texts, salt)
    return revised


async def move(
    tx: Tx, ctx: Context, offering_id: UUID, action: Action, decide: Callable[[Offering], Fact], *, comment: str
) -> Offering:
    """Make one of the moves in `offering.MOVES`, with its effects on matches."""
    before = await for_move(tx, ctx, offering_id, action)
    after = await record(tx, before, decide(before))
    if comment:
        await remark_store.save(tx, offering_id, after.revision, comment)
    cause = tx.announced[-1]
    async with tx.as_service():
        if after.status is OfferingStatus.AVAILABLE and before.status is not OfferingStatus.AVAILABLE:
            await reading_store.queue_offering(tx, offering_id)
            await suggestions.for_offering(tx, after, because=cause, now=ctx.now)
        if after.status is OfferingStatus.WITHDRAWN:
            await reading_store.delete(tx, offering_id)
            await _expire_matches(tx, offering_id, because=cause, now=ctx.now)
    return after


async def for_move(tx: Tx, ctx: Context, offering_id: UUID, action: Action, *, whole: bool = False) -> Offering:
    """Return the offering, locked, if the caller may change it in the expected revision."""
    found = await offering_store.get(tx, offering_id, ctx.caller, lock=True, whole=whole)
    policy.decide(ctx.caller, action, found).required()
    check_revision(found.revision, ctx.expected)
    return found


async def _expire_matches(tx: Tx, offering_id: UUID, *, because: Event, now: datetime) -> None:
    await suggestions.expire(tx, await match_store.not_confirmed_of_offering(tx, offering_id), because=because, now=now)


async def lapse(tx: Tx, offering_id: UUID, *, now: datetime) -> None:
    """End an offering past its validity, and its unconfirmed matches."""
    before = await offering_store.get_as_service(tx, offering_id, lock=True)
    if before is None or before.status not in offering.MOVES["lapse"] or now.date() <= before.terms.valid.ends:
        return
    await record(tx, before, before.lapse(now=now))
    await reading_store.delete(tx, offering_id)
    await _expire_matches(tx, offering_id, because=tx.announced[-1], now=now)


async def remind(tx: Tx, now: datetime) -> int:
    """Remind the providers of offerings whose validity ends soon; return the number of offerings."""
    due = await offering_store.to_remind(tx, now)
    for one in due:
        await record(tx, one, one.remind(now=now))
    return len(due)


async def reconsider(tx: Tx, offering_id: UUID, *, now: datetime) -> None:
    """Suggest an offering again, to lines that were submitted while it was becoming available."""
    found = await offering_store.get_as_service(tx, offering_id)
    if found is None or found.status is not OfferingStatus.AVAILABLE:
        return
    if await suggestions.for_offering(tx, found, because=None, now=now):
        await reading_store.queue_offering(tx, offering_id)


async def expire_orphaned(tx: Tx, match_id: UUID, *, now: datetime) -> None:
    """End a match that began while its offering or its request was ending."""
    stray = await match_store.get_as_service(tx, match_id)
    if stray is not None and stray.status in NOT_CONFIRMED:
        await suggestions.expire(tx, [stray], because=None, now=now)
