"""Rows and documents of rounds, and the planning lease. Every read for a caller names the caller."""

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.matching.matches.model import AGREED
from services.matching.rounds.answer import RoundAnswer
from services.matching.rounds.inputs import World
from services.matching.rounds.model import Round
from services.matching.rounds.settings import KeptSettings

LIST_MAX = 100
T = TypeVar("T")


class RoundDocuments(msgspec.Struct, frozen=True, kw_only=True):
    """The settings, inputs and answer of a round."""

    settings: KeptSettings
    world: World | None = None
    answer: RoundAnswer | None = None


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A round claimed by this planner, and the number of attempts."""

    round_id: UUID
    times: int


def hash_of(document: KeptSettings | RoundAnswer) -> str:
    """The hash by which the journal references a document."""
    return hashlib.sha256(msgspec.json.encode(document)).hexdigest()


async def get(tx: Tx, round_id: UUID, caller: Caller, *, lock: bool = False) -> Round:
    """Return the round if this caller may see it; `lock` locks it until the transaction ends. Raise Missing."""
    if lock:
        # Not FOR UPDATE: the foreign keys of its documents would wait for it.
        await tx.execute("SELECT FROM round WHERE round_id = $1 FOR NO KEY UPDATE", round_id)
    row = await tx.fetchrow("SELECT * FROM round WHERE round_id = $1 AND oversees($2)", round_id, caller.role)
    if row is None:
        raise Missing("not-found")
    return _round(row)


async def get_as_service(tx: Tx, round_id: UUID, *, lock: bool = True) -> Round | None:
    """Return the round for the system itself; `lock` locks it until the transaction ends."""
    if lock:
        await tx.execute("SELECT FROM round WHERE round_id = $1 FOR NO KEY UPDATE", round_id)
    row = await tx.fetchrow("SELECT * FROM round WHERE round_id = $1", round_id)
    return _round(row) if row else None


async def page(tx: Tx, caller: Caller, *, before: UUID | None, limit: int) -> list[Round]:
    """List rounds, newest first, after the round `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM round WHERE oversees($1) AND ($2::uuid IS NULL OR round_id < $2)
        ORDER BY round_id DESC LIMIT $3
        """,
        caller.role,
        before,
        limit,
    )
    return [_round(row) for row in rows]


async def waiting(tx: Tx) -> int:
    """Return the number of rounds without an answer."""
    return int(await tx.fetchval("SELECT count(*) FROM round WHERE status = 'asked'"))


async def waiting_of(tx: Tx, person_id: UUID) -> int:
    """Return the number of rounds without an answer that this person created."""
    query = """
        SELECT count(*) FROM round JOIN journal ON aggregate_id = round_id AND version = 1
        WHERE status = 'asked' AND (event ->> 'actorid')::uuid = $1
    """
    return int(await tx.fetchval(query, person_id))


_SAVE = Write(
    parts={
        "round_saved": """
            INSERT INTO round (round_id, status, revision, seed, seconds, based_on, settings_hash, asked_at,
                answer_hash, outcome, ended, lines, deliveries, value, bound, gap_millionths, answered_at, presented,
                adopted_at, discarded_at)
            SELECT round_id, status, revision, seed, seconds, based_on, settings_hash, asked_at, answer_hash, outcome,
                ended, lines, deliveries, value, bound, gap_millionths, answered_at, presented, adopted_at,
                discarded_at
            FROM json_populate_record(NULL::round, $1::text::json)
            ON CONFLICT (round_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                answer_hash = excluded.answer_hash, outcome = excluded.outcome, ended = excluded.ended,
                lines = excluded.lines, deliveries = excluded.deliveries, value = excluded.value,
                bound = excluded.bound, gap_millionths = excluded.gap_millionths,
                answered_at = excluded.answered_at, presented = excluded.presented,
                adopted_at = excluded.adopted_at, discarded_at = excluded.discarded_at
        """
    }
)


async def save(tx: Tx, one: Round) -> None:
    """Write the round without its documents."""
    await tx.queue(_SAVE, msgspec.json.encode(one).decode())


def _round(row: Record) -> Round:
    return msgspec.convert(dict(row), Round)


# -- documents --------------------------------------------------------------------------------------------------------


async def insert_documents(tx: Tx, round_id: UUID, settings: KeptSettings, world: World | None) -> None:
    """Store the settings and, with a `world`, the inputs of another round."""
    await tx.execute(
        "INSERT INTO round_papers (round_id, settings, world) VALUES ($1, $2, $3)",
        round_id,
        _encoded(settings),
        None if world is None else _encoded(world),
    )


async def save_world(tx: Tx, round_id: UUID, world: World) -> bool:
    """Store the inputs; later attempts use the same.

    Return False if another planner has stored its inputs meanwhile.
    """
    return bool(
        await tx.fetchval(
            "UPDATE round_papers SET world = $2 WHERE round_id = $1 AND world IS NULL RETURNING true",
            round_id,
            _encoded(world),
        )
    )


async def save_answer(tx: Tx, round_id: UUID, answer: RoundAnswer) -> None:
    await tx.execute("UPDATE round_papers SET answer = $2 WHERE round_id = $1", round_id, _encoded(answer))


async def documents(tx: Tx, round_id: UUID) -> RoundDocuments:
    """Return the documents of a round already read for its caller."""
    row = await tx.fetchrow("SELECT settings, world, answer FROM round_papers WHERE round_id = $1", round_id)
    assert row is not None, "documents are created with the round"
    return RoundDocuments(
        settings=msgspec.json.decode(row["settings"], type=KeptSettings),
        world=_decoded(row["world"], World),
        answer=_decoded(row["answer"], RoundAnswer),
    )


def _encoded(document: Any) -> str:
    return msgspec.json.encode(document).decode()


def _decoded(text: str | None, kind: type[T]) -> T | None:
    return None if text is None else msgspec.json.decode(text, type=kind)


# -- the lease --------------------------------------------------------------------------------------------------------


async def claim(tx: Tx, *, holder: UUID, lease_seconds: float) -> Claimed | None:
    """Claim the round that has waited longest, until the lease expires; return None if there is none.

    Of two concurrent claims the second waits for the row lock, finds a new lease, and returns None.
    """
    row = await tx.fetchrow(
        """
        WITH due AS (
            SELECT round_id FROM round
            WHERE status = 'asked' AND NOT EXISTS (SELECT FROM round_lease
                WHERE round_lease.round_id = round.round_id AND until > clock_timestamp())
            ORDER BY asked_at, round_id LIMIT 1
        )
        INSERT INTO round_lease (round_id, holder, until, times)
        SELECT round_id, $1, clock_timestamp() + $2 * interval '1 second', 1 FROM due
        ON CONFLICT (round_id) DO UPDATE
        SET holder = excluded.holder, until = excluded.until, times = round_lease.times + 1
        WHERE round_lease.until <= clock_timestamp()
        RETURNING round_id, times
        """,
        holder,
        lease_seconds,
    )
    return Claimed(round_id=row["round_id"], times=row["times"]) if row else None


async def due_in_seconds(tx: Tx) -> float | None:
    """Return the seconds until the next lease of an unplanned round expires."""
    found: float | None = await tx.fetchval(
        """
        SELECT extract(epoch FROM min(until) - clock_timestamp())::float8 FROM round JOIN round_lease USING (round_id)
        WHERE status = 'asked' AND until > clock_timestamp()
        """
    )
    return found


async def renew(tx: Tx, round_id: UUID, *, holder: UUID, lease_seconds: float) -> bool:
    """Extend the lease; return False if another planner has it."""
    row = await tx.fetchrow(
        """
        UPDATE round_lease SET until = clock_timestamp() + $3 * interval '1 second'
        WHERE round_id = $1 AND holder = $2 RETURNING true
        """,
        round_id,
        holder,
        lease_seconds,
    )
    return row is not None


async def put_back(tx: Tx, round_id: UUID, *, holder: UUID, seconds: float) -> None:
    """Release a round that could not be started; it may be claimed after `seconds`, and no attempt is counted."""
    await tx.execute(
        """
        UPDATE round_lease SET times = times - 1, until = clock_timestamp() + $3 * interval '1 second'
        WHERE round_id = $1 AND holder = $2
        """,
        round_id,
        holder,
        seconds,
    )


async def end_lease(tx: Tx, round_id: UUID) -> None:
    await tx.execute("DELETE FROM round_lease WHERE round_id = $1", round_id)


# -- promises ---------------------------------------------------------------------------------------------------------


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """A match before its State that has taken no capacity yet.

    It represents one delivery, within the window of its line. `planned` is the first day of the period that a round
    planned it for.
    """

    line_id: UUID
    offering_id: UUID
    starts: date
    ends: date
    planned: date | None = None


async def promises(tx: Tx, statuses: Sequence[str]) -> list[Promise]:
    """List the matches in these statuses whose lines still exist, in order of presentation.

    Those of one joint delivery are one promise; it is no longer listed once one of them is agreed.
    """
    rows = await tx.fetch(
        """
        SELECT line_id, m.offering_id, coalesce(j.starts, l.starts) AS starts, coalesce(j.ends, l.ends) AS ends,
            planned_from AS planned
        FROM match AS m JOIN wanted_line AS l USING (line_id) LEFT JOIN joint_delivery AS j USING (joint_delivery_id)
        WHERE m.status = ANY ($1::text[]) AND NOT EXISTS (
            SELECT FROM match AS other WHERE other.joint_delivery_id = m.joint_delivery_id
                AND (other.status = ANY ($2::text[])
                    OR (other.status = ANY ($1::text[]) AND other.match_id < m.match_id)))
        ORDER BY presented_at, match_id
        """,
        list(statuses),
        list(AGREED),
    )
    return [Promise(**dict(row)) for row in rows]
