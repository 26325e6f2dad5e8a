"""Queries on the texts of translations of a request that was read for the caller.

Row-level security of a translation is that of the request's texts.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Language
from services.requests.translation.model import Translation
from services.requests.translation.texts import TitleTranslation, TranslatedLine, TranslatedTexts


async def require_words(tx: Tx, request_id: UUID) -> None:
    """Raise Missing if the request does not exist or the transaction's caller may read none of its words."""
    if not await tx.fetchval("SELECT sees_some_words($1)", request_id):
        raise Missing("not-found")


async def texts(tx: Tx, translation_id: UUID) -> TranslatedTexts:
    """Return the texts of a translation that the caller may read; they are empty if erased."""
    head = await tx.fetchrow("SELECT title, need FROM translation_text WHERE translation_id = $1", translation_id)
    rows = await tx.fetch(
        """
        SELECT line_id, institution_name, outcome, in_place, markers_justification
        FROM translated_line_text WHERE translation_id = $1 ORDER BY line_id
        """,
        translation_id,
    )
    return TranslatedTexts(
        title=head["title"] if head else "",
        need=head["need"] if head else "",
        lines=tuple(msgspec.convert(dict(row), TranslatedLine) for row in rows),
    )


async def titles(tx: Tx, request_ids: Sequence[UUID], language: Language) -> dict[UUID, TitleTranslation]:
    """Return the titles of requests in a language, where they are translated and the caller may read them."""
    rows = await tx.fetch(
        """
        SELECT t.request_id, title, t.language, made_by, source_hash <> request.texts_hash AS stale
        FROM translation AS t JOIN translation_text USING (translation_id)
            JOIN request ON request.request_id = t.request_id
        WHERE t.request_id = ANY ($1::uuid[]) AND t.language = $2 AND t.status = 'current' AND title <> ''
          AND t.language <> request.language
        """,
        request_ids,
        language,
    )
    return {row["request_id"]: msgspec.convert(dict(row), TitleTranslation) for row in rows}


_SAVE_TEXTS = Write(
    parts={
        "translated": """
            INSERT INTO translation_text (translation_id, request_id, state, salt, title, need)
            VALUES ($1, $2, $3, $4, $5, $6)
        """,
        "lines_translated": """
            INSERT INTO translated_line_text (translation_id, line_id, request_id, state, institution_name, outcome,
                in_place, markers_justification)
            SELECT $1, line_id, $2, $3, institution_name, outcome, in_place, markers_justification
            FROM unnest($7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[])
                AS t(line_id, institution_name, outcome, in_place, markers_justification)
        """,
    }
)


async def save_texts(tx: Tx, one: Translation, texts: TranslatedTexts, salt: bytes) -> None:
    await tx.queue(
        _SAVE_TEXTS,
        one.translation_id,
        one.request_id,
        one.state,
        salt,
        texts.title,
        texts.need,
        [line.line_id for line in texts.lines],
        [line.institution_name for line in texts.lines],
        [line.outcome for line in texts.lines],
        [line.in_place for line in texts.lines],
        [line.markers_justification for line in texts.lines],
    )


async def delete_removed_lines(tx: Tx, request_id: UUID, line_ids: Sequence[UUID]) -> None:
    """Delete the translated texts of lines that the request no longer has."""
    await tx.execute(
        "DELETE FROM translated_line_text WHERE request_id = $1 AND line_id <> ALL ($2::uuid[])", request_id, line_ids
    )
