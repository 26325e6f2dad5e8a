"""Rows of results. A caller who may see a delivery may see its results."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.results.model import Result


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The comment on the last report, and the State's comment in answer."""

    comment: str = ""
    answer: str = ""


async def get(tx: Tx, result_id: UUID, caller: Caller) -> Result:
    """Return the result. Raises Missing unless the caller may see its delivery."""
    row = await tx.fetchrow(
        """
        SELECT * FROM result WHERE result_id = $1 AND EXISTS (
            SELECT FROM delivery AS d WHERE d.delivery_id = result.delivery_id
              AND reads_along(d.state, d.provider, false, $2, $3))
        """,
        result_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _result(row)


async def of_delivery(tx: Tx, delivery_id: UUID) -> list[Result]:
    """List the results of a delivery that the caller may see, in the order of their last reports."""
    rows = await tx.fetch("SELECT * FROM result WHERE delivery_id = $1 ORDER BY reported_at, result_id", delivery_id)
    return [_result(row) for row in rows]


async def get_as_service(tx: Tx, result_id: UUID) -> Result | None:
    """Return the result, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM result WHERE result_id = $1 FOR UPDATE", result_id)
    return _result(row) if row else None


_SAVE = Write(
    parts={
        "result_saved": """
            INSERT INTO result SELECT * FROM json_populate_record(NULL::result, $1::text::json)
            ON CONFLICT (result_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                baseline = excluded.baseline, target = excluded.target, actual = excluded.actual,
                measured_on = excluded.measured_on, file_id = excluded.file_id, reported_by = excluded.reported_by,
                reported_at = excluded.reported_at, confirmed_at = excluded.confirmed_at,
                disputed_at = excluded.disputed_at, reason = excluded.reason
        """
    }
)
_SAVE_COMMENT = Write(
    parts={
        "result_comment": """
            INSERT INTO result_text (result_id, salt, comment, answer) VALUES ($1, $2, $3, '')
            ON CONFLICT (result_id) DO UPDATE SET salt = excluded.salt, comment = excluded.comment, answer = ''
        """
    }
)
_SAVE_ANSWER = Write(parts={"result_answer": "UPDATE result_text SET answer = $2 WHERE result_id = $1"})


async def save(tx: Tx, result: Result) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(result).decode())


async def save_comment(tx: Tx, result_id: UUID, comment: str, salt: bytes) -> None:
    """Save the comment, which the journal references by its salted hash, and remove the State's answer."""
    await tx.queue(_SAVE_COMMENT, result_id, salt, comment)


async def save_answer(tx: Tx, result_id: UUID, answer: str) -> None:
    await tx.queue(_SAVE_ANSWER, result_id, answer)


async def texts_of(tx: Tx, result_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    rows = await tx.fetch(
        "SELECT result_id, comment, answer FROM result_text WHERE result_id = ANY ($1::uuid[])", result_ids
    )
    return {row["result_id"]: Texts(comment=row["comment"], answer=row["answer"]) for row in rows}


def _result(row: Record) -> Result:
    return msgspec.convert(dict(row), Result)
