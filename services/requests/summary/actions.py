"""Actions on public summaries: lock the request for this caller, decide, save, announce."""

from collections.abc import Callable
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.translations import TranslatedBy
from contracts.values import Language
from services.requests import policy
from services.requests.policy import Action
from services.requests.request import store
from services.requests.request.model import Request
from services.requests.summary import model
from services.requests.summary import store as summary_store
from services.requests.summary.model import PublicSummary
from services.requests.summary.store import SummaryText


async def record(tx: Tx, before: PublicSummary | None, fact: Fact) -> PublicSummary:
    """Apply a fact to the summary, save it, and announce the fact."""
    after = model.evolve(before, fact)
    await summary_store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


async def draft(
    tx: Tx, ctx: Context, public_summary_id: UUID, request_id: UUID, language: Language, text: SummaryText
) -> None:
    """Draft the summary of a request that has none."""
    request = await _request(tx, ctx, request_id, Action.DRAFT_SUMMARY)
    if await summary_store.of_request(tx, request_id):
        raise Conflict("summary-exists")
    salt, texts_hash = hash_texts(text)
    by = policy.author(ctx.caller, machine=False)
    fact = model.draft(public_summary_id, request, language, by, texts_hash, now=ctx.now)
    await summary_store.save_text(tx, await record(tx, None, fact), texts_hash, salt, text)


async def revise(tx: Tx, ctx: Context, request_id: UUID, language: Language, text: SummaryText) -> None:
    """Replace the source text of the draft."""
    await _write(
        tx, ctx, request_id, text, False, lambda one, by, hashed: one.revise(language, by, hashed, now=ctx.now)
    )


async def translate(
    tx: Tx, ctx: Context, request_id: UUID, language: Language, text: SummaryText, *, machine: bool
) -> None:
    """Translate the draft, for the first time or again."""
    await _write(
        tx, ctx, request_id, text, machine, lambda one, by, hashed: one.translate(language, by, hashed, now=ctx.now)
    )


async def change(
    tx: Tx, ctx: Context, request_id: UUID, action: Action, decide: Callable[[PublicSummary, Request], Fact]
) -> None:
    """Change a summary without a new text; texts that are no longer in either edition are deleted."""
    request, before = await _for_change(tx, ctx, request_id, action)
    after = await record(tx, before, decide(before, request))
    await summary_store.delete_texts_but(tx, after.public_summary_id, after.texts)


async def _write(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    text: SummaryText,
    machine: bool,
    decide: Callable[[PublicSummary, TranslatedBy, str], Fact],
) -> None:
    request, before = await _for_change(tx, ctx, request_id, Action.DRAFT_SUMMARY)
    model.check_publishable(request)
    salt, texts_hash = hash_texts(text)
    after = await record(tx, before, decide(before, policy.author(ctx.caller, machine=machine), texts_hash))
    await summary_store.save_text(tx, after, texts_hash, salt, text)
    await summary_store.delete_texts_but(tx, after.public_summary_id, after.texts)


async def _for_change(tx: Tx, ctx: Context, request_id: UUID, action: Action) -> tuple[Request, PublicSummary]:
    request = await _request(tx, ctx, request_id, action)
    found = await summary_store.get(tx, request_id)
    check_revision(found.revision, ctx.expected)
    return request, found


async def _request(tx: Tx, ctx: Context, request_id: UUID, action: Action) -> Request:
    """Return the request, locked, so that concurrent changes of its summary are made one after the other."""
    request = await store.get(tx, request_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, request).required()
    return request
