"""Idempotent commands (`Idempotency-Key`) and conditional changes (`If-Match`).

The key's row and the work are one transaction. The id of the record is stored, not the answer: a repeat reads the
record again, subject to the policy, in its current state.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

from msgspec import Struct

from chassis.db.database import Database, Tx
from chassis.db.writes import NotWritten, Write
from chassis.ids import new_id
from contracts.refusals import Conflict, Invalid, Mismatch, Stale, Unconditional
from contracts.values import Caller

KEY_HEADER = "Idempotency-Key"
KEPT_DAYS = 30
FORGET_MAX = 5000
_KEY = re.compile(r"[\x21-\x7e]{8,128}\Z")
_REVISION = re.compile(r'"(\d{1,9})(?:-[0-9a-f]{16})?"\Z', re.ASCII)
T = TypeVar("T")


class Command(Struct, frozen=True, kw_only=True):
    """A POST: caller, route, idempotency key and hash of the body."""

    caller: Caller
    route: str
    key: str
    body_hash: bytes
    headers: dict[bytes, bytes] = {}
    """Headers that are added to the answer; of a repeat, `Idempotency-Replayed`."""


def command_key(given: str | None) -> str:
    """Validate a key. Raises Invalid unless it has 8 to 128 visible ASCII characters."""
    if given is None:
        raise Invalid("idempotency-key-missing")
    if not _KEY.match(given):
        raise Invalid("idempotency-key-invalid")
    return given


_TURN = "SELECT pg_try_advisory_xact_lock($1) AS free"
_TAKE = """
    INSERT INTO command (caller, acting_for, route, key, body_hash, outcome)
    SELECT $2, $3, $4, $5, $6, $7 FROM turn WHERE free ON CONFLICT DO NOTHING RETURNING true
"""
_TAKE_KEY = Write(parts={"turn": _TURN, "taken": _TAKE}, needed="taken")


async def once(
    db: Database,
    command: Command,
    outcome: UUID | None = None,
    *,
    first: Callable[[Tx, UUID], Awaitable[T]],
    again: Callable[[Tx, UUID], Awaitable[T]],
    locks: Sequence[str] = (),
) -> T:
    """Execute a command once: `first` writes the record `outcome`, by default a new id; a repeat reads it with `again`.

    The key is inserted together with the first writes of `first`, or before its first query: if it exists, that
    transaction has written nothing. If `first` refuses before its first query or flush, a repeat is refused as well.
    Raises Conflict while the first call is still running, Mismatch if the key was used with another body.
    """
    outcome = outcome or new_id()

    async def carry_out(tx: Tx) -> T:
        await tx.queue(_TAKE_KEY, *_taking(command, outcome))
        return await first(tx, outcome)

    try:
        return await db.run_in_transaction(carry_out, by=command.caller, locks=locks)
    except NotWritten:
        async with db.transaction(by=command.caller, snapshot=True) as tx:
            answer = await again(tx, await _outcome_before(tx, command))
        command.headers[b"idempotency-replayed"] = b"true"
        return answer


def _taking(command: Command, outcome: UUID) -> tuple[object, ...]:
    named = _name(command)
    lock = int.from_bytes(hashlib.blake2b(repr(named).encode(), digest_size=8).digest(), signed=True)
    return lock, *named, command.body_hash, outcome


async def _outcome_before(tx: Tx, command: Command) -> UUID:
    row = await tx.fetchrow(
        "SELECT body_hash, outcome FROM command WHERE caller = $1 AND acting_for = $2 AND route = $3 AND key = $4",
        *_name(command),
    )
    if row is None:
        raise Conflict("command-under-way")
    if row["body_hash"] != command.body_hash:
        raise Mismatch("idempotency-key-reused")
    outcome: UUID = row["outcome"]
    return outcome


def _name(command: Command) -> tuple[UUID, str, str, str]:
    caller = command.caller
    return caller.person_id, f"{caller.organization}:{caller.role}", command.route, command.key


async def forget_old(tx: Tx) -> int:
    """Delete keys older than 30 days, some thousand at a time; return the number of deleted keys."""
    return int(
        await tx.fetchval(
            """
            WITH gone AS (
                DELETE FROM command WHERE ctid = ANY (ARRAY(
                    SELECT ctid FROM command WHERE carried_out_at < now() - $1 * interval '1 day' LIMIT $2))
                RETURNING 1
            ) SELECT count(*) FROM gone
            """,
            KEPT_DAYS,
            FORGET_MAX,
        )
    )


async def delete_outcomes_about(tx: Tx, person_id: UUID, outcomes: Sequence[UUID]) -> int:
    """Delete the keys of a person's commands, and of commands about these records; return their number.

    A client may put personal data into a key, and the hash of a short body can be guessed. Keys inserted by this
    transaction are kept.
    """
    total = int(
        await tx.fetchval(
            """
            WITH gone AS (
                DELETE FROM command WHERE outcome = ANY ($1::uuid[]) AND carried_out_at < now() RETURNING 1
            ) SELECT count(*) FROM gone
            """,
            list(outcomes),
        )
        if outcomes
        else 0
    )
    while True:
        gone = int(
            await tx.fetchval(
                """
                WITH gone AS (
                    DELETE FROM command WHERE ctid = ANY (ARRAY(
                        SELECT ctid FROM command WHERE caller = $1 AND carried_out_at < now() LIMIT $2))
                    RETURNING 1
                ) SELECT count(*) FROM gone
                """,
                person_id,
                FORGET_MAX,
            )
        )
        total += gone
        if gone < FORGET_MAX:
            return total


def etag(revision: int) -> str:
    return f'"{revision}"'


def expected_revision(if_match: str | None) -> int:
    """The revision that a change expects. Raises Unconditional without one, Invalid for a malformed ETag.

    What else an ETag says of a record that was read does not matter.
    """
    if if_match is None:
        raise Unconditional("if-match-missing")
    found = _REVISION.match(if_match.strip())
    if found is None:
        raise Invalid("if-match-invalid")
    return int(found[1])


def check_revision(current: int, expected: int) -> None:
    """Raise Stale unless the record is at the revision that the caller read."""
    if current != expected:
        raise Stale("revision-stale", current=current, expected=expected)
