"""Translations of texts, beside their source: how they change, and their SQL.

A service states in a `Translating` what differs by its records. Row-level security of a translation is that of its
source.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.db.writes import Write
from chassis.http.idempotency import check_revision
from chassis.ids import new_id
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.decisions import Decision
from contracts.facts import Fact
from contracts.refusals import Missing, Refusal
from contracts.translations import TranslatedBy, TranslationRecord, Translations, Version
from contracts.values import Language

T = TypeVar("T", bound=TranslationRecord)


class SentTranslation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every body of a translation has beside its texts."""

    source_revision: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    machine: bool = False


class Translating(Struct, frozen=True, kw_only=True):
    """How texts of one type of record, the source, are translated.

    `source` returns the source for a caller, locked, so that there is one translation per language. `decide` is the
    service's policy, asked of the `action` on the source, and on `translated`, a translation of the source by
    its author. `check` compares translated texts with those of the source; `unknown` is the refusal of a revision
    that the source never had.
    """

    of: Translations[Any]
    action: StrEnum
    decide: Callable[[Any, Any, Any], Decision]
    translated: Callable[[Any, TranslatedBy], Struct]
    author: Callable[..., TranslatedBy]
    source: Callable[..., Awaitable[Any]]
    check: Callable[[Tx, Any, Any], Awaitable[None]]
    save_texts: Callable[[Tx, Any, Any, bytes], Awaitable[None]]
    unknown: Callable[[], Refusal]


# -- actions ----------------------------------------------------------------------------------------------------------


async def add(
    tx: Tx, ctx: Context, by: Translating, source_id: UUID, language: Language, texts: Struct, sent: SentTranslation
) -> None:
    """Translate a record into a language."""
    source = await _source(tx, ctx, by, source_id)
    version, salt = await _version(tx, ctx, by, source, texts, sent)
    existing = {one.language for one in await of_source(tx, by.of, source_id)}
    fact = by.of.add(new_id(), source, language, version, existing, now=ctx.now)
    await by.save_texts(tx, await _record(tx, by.of, None, fact), texts, salt)


async def replace(
    tx: Tx, ctx: Context, by: Translating, source_id: UUID, language: Language, texts: Struct, sent: SentTranslation
) -> None:
    """Translate a record again; the former texts are deleted."""
    source, before = await _for_change(tx, ctx, by, source_id, language)
    version, salt = await _version(tx, ctx, by, source, texts, sent)
    await _delete_texts(tx, by.of, before)
    after = await _record(tx, by.of, before, by.of.replace(before, version, now=ctx.now))
    await by.save_texts(tx, after, texts, salt)


async def withdraw(tx: Tx, ctx: Context, by: Translating, source_id: UUID, language: Language) -> None:
    """Withdraw a translation; its texts are deleted."""
    _, before = await _for_change(tx, ctx, by, source_id, language)
    await _record(tx, by.of, before, by.of.withdraw(before, now=ctx.now))
    await _delete_texts(tx, by.of, before)


async def rebuild(tx: Tx, of: Translations[Any], fact: Fact) -> None:
    """Apply a fact of the journal to the table, as the action that announced it did."""
    row = await tx.fetchrow(f"SELECT * FROM {of.table} WHERE {of.key} = $1 FOR UPDATE", fact.aggregate_id)
    await _save(tx, of, of.evolve(msgspec.convert(dict(row), of.record) if row else None, fact))


async def _record(tx: Tx, of: Translations[T], before: T | None, fact: Fact) -> T:
    after = of.evolve(before, fact)
    await _save(tx, of, after)
    await announce(tx, fact, version=after.revision)
    return after


async def _source(tx: Tx, ctx: Context, by: Translating, source_id: UUID) -> Any:
    source = await by.source(tx, source_id, ctx.caller, lock=True)
    by.decide(ctx.caller, by.action, source).required()
    return source


async def _for_change(tx: Tx, ctx: Context, by: Translating, source_id: UUID, language: Language) -> tuple[Any, Any]:
    source = await _source(tx, ctx, by, source_id)
    found = await of_source(tx, by.of, source_id, language, lock=True)
    if not found:
        raise Missing("not-found")
    by.decide(ctx.caller, by.action, by.translated(source, found[0].made_by)).required()
    check_revision(found[0].revision, ctx.expected)
    return source, found[0]


async def _version(
    tx: Tx, ctx: Context, by: Translating, source: Any, texts: Struct, sent: SentTranslation
) -> tuple[Version, bytes]:
    """Return the version, of the texts in that revision of the source, and the salt of the translation's hash."""
    await by.check(tx, source, texts)
    source_hash = await _source_hash(tx, getattr(source, by.of.source_key), sent.source_revision)
    if source_hash is None:
        raise by.unknown()
    salt, texts_hash = hash_texts(texts)
    version = Version(
        made_by=by.author(ctx.caller, machine=sent.machine),
        source_language=source.language,
        source_hash=source_hash,
        texts_hash=texts_hash,
    )
    return version, salt


# -- SQL --------------------------------------------------------------------------------------------------------------


async def of_source(
    tx: Tx, of: Translations[T], source_id: UUID, language: Language | None = None, *, lock: bool = False
) -> list[T]:
    """Return the translations of a record that was read for the caller, by language; with `language` only that one."""
    rows = await tx.fetch(
        f"SELECT * FROM {of.table} WHERE {of.source_key} = $1 AND status = 'current'"
        f" AND ($2::text IS NULL OR language = $2) ORDER BY language {'FOR UPDATE' if lock else ''}",
        source_id,
        language,
    )
    return [msgspec.convert(dict(row), of.record) for row in rows]


async def _source_hash(tx: Tx, source_id: UUID, revision: int) -> str | None:
    """Return the hash of a record's texts as of a revision; None if there is no such revision."""
    row = await tx.fetchrow(
        """
        SELECT event -> 'data' ->> 'texts_hash' AS texts_hash,
            EXISTS (SELECT FROM journal AS j WHERE j.aggregate_id = $1 AND j.version = $2) AS exists
        FROM journal
        WHERE aggregate_id = $1 AND version <= $2 AND event -> 'data' ->> 'texts_hash' IS NOT NULL
        ORDER BY version DESC LIMIT 1
        """,
        source_id,
        revision,
    )
    return str(row["texts_hash"]) if row and row["exists"] else None


async def _save(tx: Tx, of: Translations[T], one: T) -> None:
    await tx.queue(_saving(of), msgspec.json.encode(one).decode())


@cache
def _saving(of: Translations[Any]) -> Write:
    changing = ("status", "revision", "made_at", *Version.__struct_fields__)
    return Write(
        parts={
            f"{of.table}_saved": (
                f"INSERT INTO {of.table} SELECT * FROM json_populate_record(NULL::{of.table}, $1::text::json)"
                f" ON CONFLICT ({of.key}) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in changing)}"
            )
        }
    )


async def _delete_texts(tx: Tx, of: Translations[T], one: T) -> None:
    for table in of.texts_tables:
        await tx.execute(f"DELETE FROM {table} WHERE {of.key} = $1", getattr(one, of.key))
