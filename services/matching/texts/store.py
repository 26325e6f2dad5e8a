"""Readings of the texts of lines and offerings, and the queue of texts to read; for the service itself only."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from services.matching.texts.meaning import Model, Vector
from services.matching.texts.reading import Reading

ATTEMPTS_MAX = 12
PAUSE_SECONDS = 2
PAUSE_SECONDS_MAX = 600
"""Maximum interval between attempts, in seconds; the last attempt is more than half an hour after the first."""

WORDS_MAX = 100
"""Maximum number of texts compared by words."""

FLOAT_BYTES = 4
LEASE_SECONDS = 20
"""Duration of a lease, longer than a reading takes.

After it another reader tries, and only one of the readings is saved.
"""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A request or an offering whose text is to be read; `texts_hash` identifies the text if a fact has it."""

    about_id: UUID
    about: str
    texts_hash: str | None
    attempts: int


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Texts left of a requeue by an operator: the number that wait, and the number that are parked, by reason."""

    waiting: int
    parked: Mapping[str, int]


# -- queue ------------------------------------------------------------------------------------------------------------


_QUEUE_SUBMITTED = Write(
    parts={
        "to_be_read": """
            INSERT INTO to_read (about_id, about, texts_hash, due_at) VALUES ($1, 'request', $2, now())
            ON CONFLICT (about_id) DO UPDATE
            SET texts_hash = excluded.texts_hash, due_at = now(), attempts = 0, parked = NULL
        """
    }
)


async def queue_submitted(tx: Tx, request_id: UUID, texts_hash: str | None) -> None:
    """Queue the texts of this submission, for rescoring of its lines."""
    await tx.queue(_QUEUE_SUBMITTED, request_id, texts_hash)


async def queue_request(tx: Tx, request_id: UUID) -> None:
    """Queue the texts of the last submission, for rescoring of its lines."""
    await tx.execute(
        """
        INSERT INTO to_read (about_id, about, texts_hash, due_at)
        SELECT request_id, 'request', texts_hash, now() FROM wanted_request WHERE request_id = $1
        ON CONFLICT (about_id) DO UPDATE
        SET texts_hash = excluded.texts_hash, due_at = now(), attempts = 0, parked = NULL
        """,
        request_id,
    )


async def queue_offering(tx: Tx, offering_id: UUID) -> None:
    await tx.execute(
        """
        INSERT INTO to_read (about_id, about, texts_hash, due_at)
        SELECT offering_id, 'offering', texts_hash, now() FROM offering WHERE offering_id = $1
        ON CONFLICT (about_id) DO UPDATE
        SET texts_hash = excluded.texts_hash, due_at = now(), attempts = 0, parked = NULL
        """,
        offering_id,
    )


async def queue_all(tx: Tx) -> int:
    """Queue everything that may be read, including parked texts; return the number of texts."""
    return int(
        await tx.fetchval(
            """
            WITH wanted (about_id, about, texts_hash) AS (
                SELECT request_id, 'request', texts_hash FROM wanted_request
                WHERE status NOT IN ('returned', 'not_accepted', 'lapsed', 'withdrawn')
                UNION ALL
                SELECT offering_id, 'offering', texts_hash FROM offering WHERE status IN ('available', 'suspended')
            ), put AS (
                INSERT INTO to_read (about_id, about, texts_hash, due_at, again)
                SELECT about_id, about, texts_hash, now(), true FROM wanted
                ON CONFLICT (about_id) DO UPDATE
                SET texts_hash = excluded.texts_hash, due_at = now(), attempts = 0, parked = NULL, again = true
                RETURNING 1
            )
            SELECT count(*) FROM put
            """
        )
    )


async def requeue_all(tx: Tx) -> Left:
    """Queue everything, unless texts of an earlier call still wait."""
    left = await count_requeued(tx)
    if left.waiting:
        return left
    await queue_all(tx)
    return await count_requeued(tx)


async def count_requeued(tx: Tx) -> Left:
    rows = await tx.fetch("SELECT parked, count(*) AS texts FROM to_read WHERE again GROUP BY parked ORDER BY parked")
    by_reason = {row["parked"]: row["texts"] for row in rows}
    return Left(waiting=by_reason.pop(None, 0), parked=by_reason)


async def claim(tx: Tx) -> Task | None:
    """Claim the text due first, under a lease; return None if there is none."""
    row = await tx.fetchrow(
        """
        UPDATE to_read SET attempts = attempts + 1, due_at = now() + $1 * interval '1 second'
        WHERE about_id = (SELECT about_id FROM to_read WHERE parked IS NULL AND due_at <= now()
            ORDER BY due_at, about_id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING about_id, about, texts_hash, attempts
        """,
        LEASE_SECONDS,
    )
    return msgspec.convert(dict(row), Task) if row else None


async def due_in_seconds(tx: Tx) -> float | None:
    """Return the seconds until the next text is due, for a retry or because a reader's lease expires."""
    found: float | None = await tx.fetchval(
        "SELECT extract(epoch FROM min(due_at) - now())::float8 FROM to_read WHERE parked IS NULL AND due_at > now()"
    )
    return found


async def hold(tx: Tx, task: Task) -> bool:
    """Lock the task until the transaction ends; return False if its texts are no longer to be read."""
    return bool(
        await tx.fetchval(
            """
            SELECT true FROM to_read WHERE about_id = $1 AND texts_hash IS NOT DISTINCT FROM $2 FOR UPDATE
            """,
            task.about_id,
            task.texts_hash,
        )
    )


async def done(tx: Tx, task: Task) -> None:
    await tx.execute(
        "DELETE FROM to_read WHERE about_id = $1 AND texts_hash IS NOT DISTINCT FROM $2", task.about_id, task.texts_hash
    )


async def retry_later(tx: Tx, task: Task, reason: str) -> bool:
    """Retry later; after the last attempt park it with the reason, until an operator requeues everything.

    Return True if it was parked.
    """
    return bool(
        await tx.fetchval(
            """
            UPDATE to_read SET due_at = now() + least($3 * 2 ^ attempts, $4) * interval '1 second',
                parked = CASE WHEN attempts >= $5 THEN $6 END
            WHERE about_id = $1 AND texts_hash IS NOT DISTINCT FROM $2 RETURNING parked IS NOT NULL
            """,
            task.about_id,
            task.texts_hash,
            PAUSE_SECONDS,
            PAUSE_SECONDS_MAX,
            ATTEMPTS_MAX,
            reason,
        )
    )


# -- readings ---------------------------------------------------------------------------------------------------------


async def save(tx: Tx, readings: Sequence[Reading], texts_hash: str, *, request_id: UUID | None = None) -> None:
    """Replace readings; for a request, those of all its lines."""
    if request_id is not None:
        await tx.execute("DELETE FROM reading WHERE request_id = $1", request_id)
    await tx.executemany(
        """
        INSERT INTO reading (about_id, request_id, texts_hash, language, tokens, model, model_version, vector, read_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now())
        ON CONFLICT (about_id) DO UPDATE SET texts_hash = excluded.texts_hash, language = excluded.language,
            tokens = excluded.tokens, model = excluded.model, model_version = excluded.model_version,
            vector = excluded.vector, read_at = excluded.read_at
        """,
        [(one.about_id, request_id, texts_hash, one.language, one.tokens, *_columns(one.vector)) for one in readings],
    )


def _columns(vector: Vector | None) -> tuple[str | None, str | None, bytes | None]:
    return (vector.model.name, vector.model.version, vector.values) if vector else (None, None, None)


async def delete(tx: Tx, about_id: UUID) -> None:
    """Delete the readings of a request or an offering, and remove it from the queue."""
    await tx.execute("DELETE FROM to_read WHERE about_id = $1", about_id)
    await tx.execute("DELETE FROM reading WHERE about_id = $1 OR request_id = $1", about_id)


async def readings_of(tx: Tx, about_ids: Sequence[UUID]) -> dict[UUID, Reading]:
    """Return the readings of these lines or offerings, if any."""
    rows = await tx.fetch(
        """
        SELECT about_id, language, tokens, model, model_version, vector FROM reading WHERE about_id = ANY ($1::uuid[])
        """,
        about_ids,
    )
    return {row["about_id"]: _reading(row) for row in rows}


async def vectors(tx: Tx, about_ids: Sequence[UUID]) -> dict[UUID, Vector]:
    """Return the vectors of these lines or offerings, if any."""
    rows = await tx.fetch(
        """
        SELECT about_id, model, model_version, vector FROM reading
        WHERE about_id = ANY ($1::uuid[]) AND vector IS NOT NULL
        """,
        about_ids,
    )
    return {row["about_id"]: _vector(row["model"], row["model_version"], row["vector"]) for row in rows}


def _vector(name: str, version: str, values: bytes) -> Vector:
    return Vector(Model(name, version, len(values) // FLOAT_BYTES), values)


async def comparable_with(tx: Tx, to: Reading, about_ids: Sequence[UUID]) -> dict[UUID, Reading]:
    """Return what is compared with a reading: vectors, and tokens if one of the two has no vector.

    Tokens are returned for the first `WORDS_MAX` texts only: a long text has thousands of tokens, which cost more than
    all work on vectors.
    """
    rows = await tx.fetch(
        """
        SELECT about_id, language, model, model_version, vector,
            CASE WHEN about_id = ANY ($2::uuid[]) AND ($3 OR vector IS NULL) THEN tokens ELSE '{}' END AS tokens
        FROM reading WHERE about_id = ANY ($1::uuid[])
        """,
        about_ids,
        about_ids[:WORDS_MAX],
        to.vector is None,
    )
    return {row["about_id"]: _reading(row) for row in rows}


def _reading(row: Record) -> Reading:
    values: dict[str, Any] = dict(row)
    name, version, vector = values.pop("model"), values.pop("model_version"), values.pop("vector")
    values["vector"] = _vector(name, version, vector) if name else None
    return Reading(**{**values, "tokens": tuple(values["tokens"])})
