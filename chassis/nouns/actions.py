"""How a noun changes: load for the caller, decide, fold, save, announce. The edge opens the transaction."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.nouns import statements
from chassis.texts import hash_texts
from contracts.conversion import from_attributes
from contracts.facts import Event, Fact
from contracts.nouns import Move, MoveContext, Noun, revision_of
from contracts.refusals import Conflict
from contracts.registry import decode_fact

R = TypeVar("R", bound=Struct)


Lookup = Callable[[Tx, Any], Awaitable[Any]]
"""Reads, as the service, what the decision on a move needs besides the record; the decision has it as `found`."""


async def create(tx: Tx, ctx: Context, noun: Noun[R], key: UUID, command: Any, found: Any = None) -> None:
    """Make a record. Raises Forbidden, Conflict for a second of one key, and what the decision raises.

    `found` is what a route written by hand has read for the decision.
    """
    made = noun.create
    noun.decide(ctx.caller, made.name, command).required()
    texts = from_attributes(noun.texts, command)
    salt, texts_hash = hash_texts(texts)
    fact = made.decide(key, command, _context(ctx, texts_hash, found))
    async with tx.as_service():
        if made.key:
            await statements.lock(tx, key)
            if await statements.get_locked(tx, noun, key):
                raise Conflict(made.taken_slug)
        await _save(tx, noun, None, fact)
        await statements.save_texts(tx, noun, key, texts, salt)


async def make(
    tx: Tx, ctx: Context, noun: Noun[R], move: Move[R, Any], key: UUID, command: Any, lookup: Lookup | None = None
) -> tuple[R, bytes]:
    """Make a move of a record. Raises Missing, Forbidden, Stale, Conflict, and what the decision raises.

    Returns the record after it, and the salt of the hash of its texts.
    """
    assert move.fact is not None, f"{move.name} has no fact"
    assert move.decide is not None, f"{move.name} has no decision"
    noun.decide(ctx.caller, move.name, await statements.get(tx, noun, key)).required()
    kind = noun.texts_of(move)
    texts = from_attributes(kind, command) if kind else None
    salt, texts_hash = hash_texts(texts) if texts else (b"", "")
    async with tx.as_service():
        before = await statements.get_locked(tx, noun, key)
        assert before is not None, "the caller may see the record, so it exists"
        if move.if_match:
            check_revision(revision_of(before), ctx.expected)
        noun.require(move, before, ctx.today)
        found = await lookup(tx, before) if lookup else None
        after = await _save(tx, noun, before, move.decide(before, command, _context(ctx, texts_hash, found)))
        if move.deletes_texts:
            await statements.delete_texts(tx, noun, key)
        elif texts and not move.texts:
            await statements.save_texts(tx, noun, key, texts, salt)
        if noun.comment and not move.deletes_texts and "comment" in command.__struct_fields__:
            await statements.save_comment(tx, noun, key, command.comment)
    return after, salt


async def rebuild(tx: Tx, noun: Noun[R], event: Event) -> None:
    """Fold one fact of the journal into the table, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the service's own journal has only known facts"
    known = await statements.get_locked(tx, noun, event.aggregate_id)
    await statements.save(tx, noun, noun.fold(known, fact))


async def _save(tx: Tx, noun: Noun[R], before: R | None, fact: Fact) -> R:
    after = noun.fold(before, fact)
    await statements.save(tx, noun, after)
    await announce(tx, fact, version=revision_of(after))
    return after


def _context(ctx: Context, texts_hash: str, found: Any = None) -> MoveContext:
    return MoveContext(caller=ctx.caller, now=ctx.now, texts_hash=texts_hash, found=found)
