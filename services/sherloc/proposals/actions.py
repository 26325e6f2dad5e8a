"""Actions on proposals: load for the caller, decide, save, announce. The edge or the handler opens the transaction."""

from uuid import UUID

from msgspec.structs import replace

from chassis import clock
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from contracts.conversion import from_attributes
from contracts.deliveries import DeliveryCompleted
from contracts.facts import Event, Fact
from contracts.legislation_proposals import KINDS
from contracts.requests import RequestSubmitted
from services.sherloc import policy
from services.sherloc.legislation import actions as legislation_actions
from services.sherloc.legislation import store as legislation_store
from services.sherloc.legislation.model import LegislationTexts, Statement, legislation_id_of
from services.sherloc.policy import Action
from services.sherloc.proposals import line_store, model, store
from services.sherloc.proposals.evolve import evolve
from services.sherloc.proposals.model import Completed, LegislationProposal


async def on_submitted(tx: Tx, event: Event, fact: RequestSubmitted) -> None:
    """Store the lines of a request, and make the proposals of deliveries received before them."""
    await line_store.lock(tx, fact.request_id)
    await line_store.save(tx, fact)
    for completed in await line_store.take_waiting(tx, [one.line_id for one in fact.lines]):
        await _propose(tx, completed, event)


async def on_completed(tx: Tx, event: Event, fact: DeliveryCompleted) -> None:
    """Make the proposals of a completed delivery, or store it until its line is received."""
    await line_store.lock(tx, fact.request_id)
    completed = from_attributes(Completed, fact)
    if not await _propose(tx, completed, event):
        await line_store.wait(tx, completed)


async def accept(
    tx: Tx,
    ctx: Context,
    legislation_proposal_id: UUID,
    article: str | None,
    statement: Statement,
    texts: LegislationTexts,
    *,
    legislation_revision: int,
    comment: str,
) -> None:
    """Accept a proposal: record the law, or revise the record in the revision that was read.

    Raises Missing, Forbidden, Stale, Conflict, Invalid.
    """
    before = await _locked(tx, ctx, legislation_proposal_id, Action.ACCEPT_PROPOSAL)
    before.require("accept_proposal")
    article = before.article_of(article)
    legislation_id = legislation_id_of(before.state, article)
    async with tx.as_service():
        recorded = await legislation_store.get_as_service(tx, legislation_id)
    if recorded is None:
        await legislation_actions.record_legislation(
            tx, ctx, legislation_id, before.state, article, statement, texts, comment=comment
        )
    else:
        read = replace(ctx, expected=legislation_revision)
        await legislation_actions.revise_legislation(tx, read, legislation_id, statement, texts, comment=comment)
    async with tx.as_service():
        await _record(tx, before, before.accept(legislation_id, now=ctx.now))


async def drop(tx: Tx, ctx: Context, legislation_proposal_id: UUID, reason: str) -> None:
    """Drop a proposal. Raises Missing, Forbidden, Stale, Conflict."""
    before = await _locked(tx, ctx, legislation_proposal_id, Action.DROP_PROPOSAL)
    async with tx.as_service():
        await _record(tx, before, before.drop(reason, now=ctx.now))


async def _locked(tx: Tx, ctx: Context, legislation_proposal_id: UUID, action: Action) -> LegislationProposal:
    policy.decide(ctx.caller, action, await store.get(tx, legislation_proposal_id, ctx.caller)).required()
    async with tx.as_service():
        found = await store.get_as_service(tx, legislation_proposal_id)
    assert found is not None, "the caller may see the proposal, so it exists"
    check_revision(found.revision, ctx.expected)
    return found


async def _propose(tx: Tx, completed: Completed, because: Event) -> bool:
    """Make a proposal for each article of the line, or one without an article.

    Return False if the line is not known yet. Other kinds of assistance than KINDS lead to no proposal.
    """
    line = await line_store.line(tx, completed.line_id)
    if line is None:
        return False
    kind, articles = line
    for article in (articles or (None,)) if kind in KINDS else ():
        await _record(tx, None, model.make(new_id(), completed, kind, article, now=clock.now()), because)
    return True


async def _record(
    tx: Tx, before: LegislationProposal | None, fact: Fact, because: Event | None = None
) -> LegislationProposal:
    """Fold, save and announce a fact."""
    after = evolve(before, fact)
    await store.save(tx, after)
    await announce(tx, fact, version=after.revision, because=because)
    return after
