"""The SQL of a noun: get, lock, page and save its rows and texts. Names are those of its declaration alone."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.nouns import Noun
from contracts.refusals import Missing

R = TypeVar("R", bound=Struct)


COLUMN_TYPES: Mapping[Any, str] = {UUID: "uuid", int: "bigint", bool: "boolean", date: "date"}
"""The type of a column by which a list is filtered, if it is not text."""


class Statements(Struct, frozen=True, kw_only=True):
    """The statements of one noun. Those for a caller have the rule of who sees a record in their WHERE."""

    get: str
    lock: str
    page: str
    texts: str
    save: Write
    save_texts: Write
    save_comment: Write
    delete_texts: Write


@cache
def statements_of(noun: Noun[Any]) -> Statements:
    """Return the statements, which are made once."""
    table, key, words, kinds = noun.table, noun.key, noun.texts.__struct_fields__, get_type_hints(noun.record)
    columns = [name for name in noun.record.__struct_fields__ if name != key]
    wanted = " ".join(
        f"AND (${at}::{COLUMN_TYPES.get(kinds[name], 'text')} IS NULL OR {name} = ${at})"
        for at, name in enumerate(noun.filter_fields.values(), 3)
    )
    said = (*words, noun.comment) if noun.comment else words
    numbered = [f"${at}" for at in range(3, len(words) + 3)]
    empty = ["''"] if noun.comment else []
    return Statements(
        get=f"SELECT * FROM {table} WHERE {key} = $1 AND {noun.visible}",
        lock=f"SELECT * FROM {table} WHERE {key} = $1 FOR UPDATE",
        page=(
            f"SELECT * FROM {table} WHERE {noun.visible} AND ($1::uuid IS NULL OR {key} < $1) {wanted}"
            f" ORDER BY {key} DESC LIMIT $2"
        ),
        texts=f"SELECT {key}, {', '.join(said)} FROM {noun.texts_table} WHERE {key} = ANY ($1::uuid[])",
        save=Write(
            parts={
                f"{table}_saved": (
                    f"INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, $1::text::json)"
                    f" ON CONFLICT ({key}) DO UPDATE SET {_excluded(columns)}"
                )
            }
        ),
        save_texts=Write(
            parts={
                f"{noun.texts_table}_saved": (
                    f"INSERT INTO {noun.texts_table} ({key}, salt, {', '.join(said)})"
                    f" VALUES ($1, $2, {', '.join((*numbered, *empty))})"
                    f" ON CONFLICT ({key}) DO UPDATE SET {_excluded(['salt', *words])}"
                )
            }
        ),
        save_comment=Write(
            parts={
                f"{noun.texts_table}_commented": (
                    f"UPDATE {noun.texts_table} SET {noun.comment or key} = $2 WHERE {key} = $1"
                )
            }
        ),
        delete_texts=Write(parts={f"{noun.texts_table}_deleted": f"DELETE FROM {noun.texts_table} WHERE {key} = $1"}),
    )


def _excluded(columns: Sequence[str]) -> str:
    return ", ".join(f"{name} = excluded.{name}" for name in columns)


async def get(tx: Tx, noun: Noun[R], key: UUID) -> R:
    """Return the record. Raises Missing unless the transaction's caller may see it."""
    row = await tx.fetchrow(statements_of(noun).get, key)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), noun.record)


async def get_locked(tx: Tx, noun: Noun[R], key: UUID) -> R | None:
    """Return the record for the service itself, or None, and lock it until the transaction ends."""
    row = await tx.fetchrow(statements_of(noun).lock, key)
    return msgspec.convert(dict(row), noun.record) if row else None


async def page(tx: Tx, noun: Noun[R], *, filters: Mapping[str, Any], before: UUID | None, limit: int) -> list[R]:
    """List the records that the transaction's caller may see, newest first."""
    rows = await tx.fetch(statements_of(noun).page, before, limit, *(filters[name] for name in noun.filter_fields))
    return [msgspec.convert(dict(row), noun.record) for row in rows]


async def save(tx: Tx, noun: Noun[R], record: R) -> None:
    await tx.queue(statements_of(noun).save, msgspec.json.encode(record).decode())


async def save_texts(tx: Tx, noun: Noun[R], key: UUID, texts: Struct, salt: bytes) -> None:
    """Save the texts of a record in place of the earlier ones."""
    await tx.queue(statements_of(noun).save_texts, key, salt, *asdict(texts).values())


async def save_comment(tx: Tx, noun: Noun[R], key: UUID, comment: str) -> None:
    """Save the comment on the last move of a record in place of the earlier one."""
    await tx.queue(statements_of(noun).save_comment, key, comment)


async def delete_texts(tx: Tx, noun: Noun[R], key: UUID) -> None:
    await tx.queue(statements_of(noun).delete_texts, key)


async def texts_of(tx: Tx, noun: Noun[R], keys: Sequence[UUID]) -> dict[UUID, Mapping[str, str]]:
    """Return the texts of each record, and the comment, by name; they are empty if they were deleted."""
    words = (*noun.texts.__struct_fields__, *([noun.comment] if noun.comment else []))
    rows = {row[noun.key]: row for row in await tx.fetch(statements_of(noun).texts, keys)}
    return {key: {name: rows[key][name] if key in rows else "" for name in words} for key in keys}


async def lock(tx: Tx, key: UUID) -> None:
    """Prevent other transactions from creating a record of this key until this one ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))", str(key))
