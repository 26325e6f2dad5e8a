"""Queries on drafts that nobody touches, and on their texts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from asyncpg import Record

from chassis.db.database import Tx


async def untouched(tx: Tx, before: datetime) -> list[UUID]:
    """Return the requests never submitted that have texts, no change since `before`, and no hold."""
    rows = await tx.fetch(
        """
        SELECT request_id FROM request AS r
        WHERE submitted_at IS NULL AND status IN ('draft', 'withdrawn')
            AND EXISTS (SELECT FROM request_text t WHERE t.request_id = r.request_id)
            AND (SELECT max(recorded_at) FROM journal WHERE aggregate_id = r.request_id) < $1
            AND NOT EXISTS (SELECT FROM retention_hold h WHERE h.record_id = r.request_id)
        ORDER BY request_id
        """,
        before,
    )
    return [row["request_id"] for row in rows]


async def delete_texts(tx: Tx, request_ids: Sequence[UUID]) -> Mapping[str, int]:
    """Delete the texts of these requests; return the number of rows by table. Files without names are deleted later."""
    row = await tx.fetchrow(
        """
        WITH translated_line_text AS (
            DELETE FROM translated_line_text WHERE request_id = ANY ($1) RETURNING 1
        ), translation_text AS (
            DELETE FROM translation_text WHERE request_id = ANY ($1) RETURNING 1
        ), line_text AS (
            DELETE FROM line_text WHERE request_id = ANY ($1) RETURNING 1
        ), request_text AS (
            DELETE FROM request_text WHERE request_id = ANY ($1) RETURNING 1
        ), attachment_text AS (
            DELETE FROM attachment_text WHERE request_id = ANY ($1) RETURNING 1
        ), received_text AS (
            DELETE FROM received_text WHERE request_id = ANY ($1) RETURNING 1
        ), remark AS (
            DELETE FROM remark WHERE request_id = ANY ($1) RETURNING 1
        )
        SELECT (SELECT count(*) FROM translated_line_text) AS translated_line_text,
            (SELECT count(*) FROM translation_text) AS translation_text,
            (SELECT count(*) FROM line_text) AS line_text,
            (SELECT count(*) FROM request_text) AS request_text,
            (SELECT count(*) FROM attachment_text) AS attachment_text,
            (SELECT count(*) FROM received_text) AS received_text,
            (SELECT count(*) FROM remark) AS remark
        """,
        list(request_ids),
    )
    return dict(cast(Record, row))
