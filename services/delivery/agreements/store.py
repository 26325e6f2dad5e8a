"""Rows of agreements, their versions and texts. A caller who may see a delivery may see its agreement."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec import Struct

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.agreements import AgreementProposed, AgreementSigned, AgreementTerms, AmendmentDropped
from contracts.facts import Fact
from contracts.refusals import Missing
from contracts.values import Caller, Language, Period, Side
from services.delivery.agreements.model import Agreement


class AgreementTexts(Struct, frozen=True, kw_only=True):
    """The texts of a version; the clauses are in the order of their kinds in the terms."""

    scope: str
    place: str = ""
    clauses: tuple[str, ...] = ()


class Version(Struct, frozen=True, kw_only=True):
    """A version as it was proposed, and the signatures of both sides."""

    version: int
    side: Side
    terms: AgreementTerms
    language: Language
    proposed_at: datetime
    state_signed_on: date | None
    provider_signed_on: date | None
    state_file_id: UUID | None
    provider_file_id: UUID | None
    dropped_at: datetime | None
    texts: AgreementTexts


async def get(tx: Tx, agreement_id: UUID, caller: Caller) -> Agreement:
    """Return the agreement. Raises Missing if none was proposed or the caller may not see it."""
    row = await tx.fetchrow(
        """
        SELECT * FROM agreement WHERE agreement_id = $1 AND EXISTS (
            SELECT FROM delivery AS d WHERE d.delivery_id = agreement.delivery_id
              AND reads_along(d.state, d.provider, false, $2, $3))
        """,
        agreement_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _agreement(row)


async def get_as_service(tx: Tx, agreement_id: UUID) -> Agreement | None:
    """Return the agreement, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM agreement WHERE agreement_id = $1 FOR UPDATE", agreement_id)
    return _agreement(row) if row else None


async def versions(tx: Tx, agreement_id: UUID) -> list[Version]:
    """List all versions that the caller may see, the last one first, with their texts."""
    rows = await tx.fetch(
        """
        SELECT version, side, terms, language, proposed_at, state_signed_on, provider_signed_on, state_file_id,
            provider_file_id, dropped_at, scope, place, clauses
        FROM agreement_version JOIN agreement_text USING (agreement_id, version)
        WHERE agreement_id = $1 ORDER BY version DESC
        """,
        agreement_id,
    )
    return [_version(row) for row in rows]


async def period(tx: Tx, agreement_id: UUID, version: int) -> Period:
    """Return the period of a version, read as the service."""
    terms = await tx.fetchval(
        "SELECT terms FROM agreement_version WHERE agreement_id = $1 AND version = $2", agreement_id, version
    )
    return msgspec.json.decode(terms, type=AgreementTerms).period


_SAVE = Write(
    parts={
        "agreement_saved": """
            INSERT INTO agreement SELECT * FROM json_populate_record(NULL::agreement, $1::text::json)
            ON CONFLICT (agreement_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                version = excluded.version, proposed_by = excluded.proposed_by, proposed_at = excluded.proposed_at,
                turn = excluded.turn, state_signed_on = excluded.state_signed_on,
                provider_signed_on = excluded.provider_signed_on, in_force = excluded.in_force,
                in_force_since = excluded.in_force_since
        """
    }
)
_PROPOSED = Write(
    parts={
        "version_proposed": """
            INSERT INTO agreement_version (agreement_id, version, side, terms, language, texts_hash, proposed_at)
            VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7)
        """
    }
)
_SIGNED = Write(
    parts={
        "version_signed": """
            UPDATE agreement_version SET
                state_signed_on = CASE $3 WHEN 'state' THEN $4 ELSE state_signed_on END,
                state_file_id = CASE $3 WHEN 'state' THEN $5 ELSE state_file_id END,
                provider_signed_on = CASE $3 WHEN 'provider' THEN $4 ELSE provider_signed_on END,
                provider_file_id = CASE $3 WHEN 'provider' THEN $5 ELSE provider_file_id END
            WHERE agreement_id = $1 AND version = $2
        """
    }
)
_DROPPED = Write(
    parts={
        "version_dropped": "UPDATE agreement_version SET dropped_at = $3 WHERE agreement_id = $1 AND version = $2",
    }
)
_TEXTS = Write(
    parts={
        "agreement_texts": """
            INSERT INTO agreement_text (agreement_id, version, salt, scope, place, clauses)
            VALUES ($1, $2, $3, $4, $5, $6)
        """
    }
)


async def save(tx: Tx, agreement: Agreement, fact: Fact) -> None:
    """Save the agreement, and the fact's change of its versions."""
    await tx.queue(_SAVE, msgspec.json.encode(agreement).decode())
    match fact:
        case AgreementProposed():
            terms = msgspec.json.encode(fact.terms).decode()
            key = fact.agreement_id, fact.version
            await tx.queue(_PROPOSED, *key, fact.side, terms, fact.language, fact.texts_hash, fact.proposed_at)
        case AgreementSigned():
            await tx.queue(_SIGNED, fact.agreement_id, fact.version, fact.side, fact.signed_on, fact.file_id)
        case AmendmentDropped():
            await tx.queue(_DROPPED, fact.agreement_id, fact.version, fact.dropped_at)


async def save_texts(tx: Tx, agreement_id: UUID, version: int, texts: AgreementTexts, salt: bytes) -> None:
    await tx.queue(_TEXTS, agreement_id, version, salt, texts.scope, texts.place, list(texts.clauses))


async def ids_of(tx: Tx, delivery_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of the deliveries for which an agreement was proposed."""
    rows = await tx.fetch("SELECT delivery_id FROM agreement WHERE delivery_id = ANY ($1::uuid[])", list(delivery_ids))
    return {row["delivery_id"] for row in rows}


def _agreement(row: Record) -> Agreement:
    return msgspec.convert(dict(row), Agreement)


def _version(row: Record) -> Version:
    columns: dict[str, Any] = dict(row)
    texts = AgreementTexts(
        scope=columns.pop("scope"), place=columns.pop("place"), clauses=tuple(columns.pop("clauses"))
    )
    columns["terms"] = msgspec.json.decode(columns["terms"])
    return msgspec.convert({**columns, "texts": texts}, Version)
