"""Queries on the criteria, and their texts in six languages."""

from collections.abc import Mapping
from typing import Any

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.texts import hash_bytes
from services.requests.criteria.model import Criteria

Texts = Mapping[str, Mapping[str, str]]
"""Maps each code to its text by language."""


async def in_force(tx: Tx) -> Criteria:
    """Return the newest version; version 0 if none was published."""
    return _criteria(await tx.fetchrow("SELECT * FROM criteria ORDER BY version DESC LIMIT 1"))


async def version(tx: Tx, number: int) -> Criteria:
    return _criteria(await tx.fetchrow("SELECT * FROM criteria WHERE version = $1", number))


def _criteria(row: Record | None) -> Criteria:
    if row is None:
        return Criteria()
    values: dict[str, Any] = {**dict(row), "priority": msgspec.json.decode(row["priority"])}
    return msgspec.convert(values, Criteria)


async def save(tx: Tx, one: Criteria) -> None:
    await tx.execute(
        """
        INSERT INTO criteria (version, eligibility, priority, texts_hash, published_at)
        VALUES ($1, $2, $3::text::json, $4, $5)
        """,
        one.version,
        list(one.eligibility),
        msgspec.json.encode(one.priority).decode(),
        one.texts_hash,
        one.published_at,
    )


def hashed(texts: Texts) -> tuple[bytes, str]:
    """Return the salt and the salted hash of all texts."""
    return hash_bytes(msgspec.json.encode(texts, order="deterministic"))


async def save_texts(tx: Tx, number: int, texts: Texts, salt: bytes) -> None:
    await tx.executemany(
        "INSERT INTO criterion_text (version, code, language, salt, text) VALUES ($1, $2, $3, $4, $5)",
        [(number, code, language, salt, text) for code, each in texts.items() for language, text in each.items()],
    )


async def texts(tx: Tx, number: int) -> dict[str, dict[str, str]]:
    rows = await tx.fetch("SELECT code, language, text FROM criterion_text WHERE version = $1", number)
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["code"], {})[row["language"]] = row["text"]
    return found
