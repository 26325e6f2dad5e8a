"""A command sent again has one effect and one outcome (`Idempotency-Key`), and says what it changes (`If-Match`).

The key's row and the work are one transaction. Kept is not the answer but what it was about: a repeat is rendered
anew, through the policy, from the record as it now stands.
"""

import hashlib
import re
from uuid import UUID

from msgspec import Struct

from chassis.db import Tx
from contracts.refusals import Conflict, Invalid, Mismatch, Stale, Unconditional
from contracts.values import Caller

KEY_HEADER = "Idempotency-Key"
KEPT_DAYS = 30
FORGET_MAX = 5000
_KEY = re.compile(r"[\x21-\x7e]{8,128}\Z")
_REVISION = re.compile(r'"(\d{1,9})"\Z')


class Command(Struct, frozen=True, kw_only=True):
    """One POST: whose, on which route, under which key, with which body."""

    caller: Caller
    route: str
    key: str
    body_hash: bytes


class Claim(Struct, frozen=True, kw_only=True):
    """`first` when the work is to be done now; `outcome` is the id of the record the command is about, then and now."""

    first: bool
    outcome: UUID


def command_key(given: str | None) -> str:
    """Raises Invalid for a key that is missing or is not 8 to 128 visible ASCII characters."""
    if given is None:
        raise Invalid("idempotency-key-missing")
    if not _KEY.match(given):
        raise Invalid("idempotency-key-invalid")
    return given


async def claim(tx: Tx, command: Command, *, outcome: UUID) -> Claim:
    """Take the command's key for this transaction, or learn what it was used for before.

    Raises Conflict while the first one is still under way, Mismatch when the key came with another body.
    """
    named = (
        command.caller.person_id,
        f"{command.caller.organization}:{command.caller.role}",
        command.route,
        command.key,
    )
    lock = int.from_bytes(hashlib.blake2b(repr(named).encode(), digest_size=8).digest(), signed=True)
    taken = await tx.fetchval(
        """
        WITH turn AS MATERIALIZED (SELECT pg_try_advisory_xact_lock($1) AS free)
        INSERT INTO command (caller, acting_for, route, key, body_hash, outcome)
        SELECT $2, $3, $4, $5, $6, $7 FROM turn WHERE free ON CONFLICT DO NOTHING RETURNING true
        """,
        lock,
        *named,
        command.body_hash,
        outcome,
    )
    if taken:
        return Claim(first=True, outcome=outcome)
    row = await tx.fetchrow(
        "SELECT body_hash, outcome FROM command WHERE caller = $1 AND acting_for = $2 AND route = $3 AND key = $4",
        *named,
    )
    if row is None:
        raise Conflict("command-under-way")
    if row["body_hash"] != command.body_hash:
        raise Mismatch("idempotency-key-reused")
    return Claim(first=False, outcome=row["outcome"])


async def forget_old(tx: Tx) -> int:
    """Drop keys older than 30 days, some thousand at a time."""
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


def etag(revision: int) -> str:
    return f'"{revision}"'


def expected_revision(if_match: str | None) -> int:
    """The revision a change is meant for. Raises Unconditional without one, Invalid for what is no ETag of ours."""
    if if_match is None:
        raise Unconditional("if-match-missing")
    found = _REVISION.match(if_match.strip())
    if found is None:
        raise Invalid("if-match-invalid")
    return int(found[1])


def check_revision(current: int, expected: int) -> None:
    """Raises Stale when the record is not at the revision the caller read."""
    if current != expected:
        raise Stale("revision-stale", current=current, expected=expected)
