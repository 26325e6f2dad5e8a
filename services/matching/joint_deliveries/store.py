"""Rows of joint deliveries. Every read for a caller names the caller; `may_see` in the WHERE is the policy in SQL."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.joint_deliveries import JointMember
from contracts.refusals import Missing
from contracts.values import Caller, Money, Period, Role
from services.matching.joint_deliveries.model import JointDelivery
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.matches.model import Match
from services.matching.matches.store import match_of

LIST_MAX = 100


async def get(tx: Tx, joint_delivery_id: UUID, caller: Caller, *, lock: bool = False) -> JointDelivery:
    """Return the joint delivery if this caller may see it; `lock` locks it and its matches until the transaction ends.

    Raise Missing; raise Unavailable if consents are outdated.
    """
    await consent_store.check_consents_current_for(tx, caller)
    if lock:
        await _lock(tx, joint_delivery_id)
    row = await tx.fetchrow(
        "SELECT * FROM joint_delivery WHERE joint_delivery_id = $1 AND sees_joint_delivery(joint_delivery_id, $2, $3)",
        joint_delivery_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return (await _whole(tx, [row], caller, lock=lock))[0]


async def page(
    tx: Tx, caller: Caller, *, offering_id: UUID | None, before: UUID | None, limit: int
) -> list[JointDelivery]:
    """List joint deliveries, newest first, after the joint delivery `before`. Raise Unavailable, as `get`."""
    await consent_store.check_consents_current_for(tx, caller)
    rows = await tx.fetch(
        """
        SELECT * FROM joint_delivery WHERE sees_joint_delivery(joint_delivery_id, $1, $2)
            AND ($3::uuid IS NULL OR offering_id = $3) AND ($4::uuid IS NULL OR joint_delivery_id < $4)
        ORDER BY joint_delivery_id DESC LIMIT $5
        """,
        caller.organization,
        caller.role,
        offering_id,
        before,
        limit,
    )
    return await _whole(tx, rows, caller)


async def _lock(tx: Tx, joint_delivery_id: UUID) -> None:
    # Not FOR UPDATE: the foreign keys of its members would wait for it.
    await tx.execute("SELECT FROM joint_delivery WHERE joint_delivery_id = $1 FOR NO KEY UPDATE", joint_delivery_id)


async def of_match(tx: Tx, match_id: UUID, caller: Caller) -> JointDelivery | None:
    """Return the joint delivery of a match that this caller may see, locked; None if it has none.

    It is locked until the transaction ends, and before the match: its matches take and give back their common unit of
    capacity one after the other.
    """
    joint_delivery_id = await tx.fetchval(
        """
        SELECT joint_delivery_id FROM match
        WHERE match_id = $1
          AND sees_match(request_id, state, provider, presented_at, interested_at, confirmed_at, $2, $3)
        """,
        match_id,
        caller.organization,
        caller.role,
    )
    if joint_delivery_id is None:
        return None
    async with tx.as_service():
        return await _locked(tx, joint_delivery_id)


async def of_known_match(tx: Tx, match_id: UUID) -> JointDelivery | None:
    """Like `of_match`, for the service itself."""
    joint_delivery_id = await tx.fetchval("SELECT joint_delivery_id FROM match WHERE match_id = $1", match_id)
    return None if joint_delivery_id is None else await _locked(tx, joint_delivery_id)


async def _locked(tx: Tx, joint_delivery_id: UUID) -> JointDelivery:
    await _lock(tx, joint_delivery_id)
    row = await tx.fetchrow("SELECT * FROM joint_delivery WHERE joint_delivery_id = $1", joint_delivery_id)
    assert row is not None, "its matches refer to it"
    return (await _whole(tx, [row], None))[0]


async def other_states(tx: Tx, one: Match) -> int | None:
    """Return the number of other States to which the delivery of a match is proposed; None if it is not a joint one."""
    count = "SELECT count(*) - 1 FROM joint_delivery_member WHERE joint_delivery_id = $1"
    return None if one.joint_delivery_id is None else int(await tx.fetchval(count, one.joint_delivery_id))


async def _whole(tx: Tx, rows: Sequence[Record], caller: Caller | None, *, lock: bool = False) -> list[JointDelivery]:
    """Return joint deliveries with all members and matches.

    The policy and the view decide what of them the caller may see.
    """
    ids = [row["joint_delivery_id"] for row in rows]
    async with tx.as_service():
        members: defaultdict[UUID, list[JointMember]] = defaultdict(list)
        for row in await tx.fetch(
            "SELECT * FROM joint_delivery_member WHERE joint_delivery_id = ANY ($1::uuid[]) ORDER BY place", ids
        ):
            members[row["joint_delivery_id"]].append(_member(row))
        matches = await _matches(tx, [one for some in members.values() for one in some], caller, lock=lock)
    return [
        _joint_delivery(row, some, [matches[one.match_id] for one in some])
        for row in rows
        if (some := members[row["joint_delivery_id"]])
    ]


async def _matches(tx: Tx, members: Sequence[JointMember], caller: Caller | None, *, lock: bool) -> dict[UUID, Match]:
    match_ids = [one.match_id for one in members]
    if lock:
        await line_store.lock_lines(tx, [one.line_id for one in members])
        await tx.execute("SELECT FROM match WHERE match_id = ANY ($1::uuid[]) ORDER BY match_id FOR UPDATE", match_ids)
    officer = caller is not None and caller.role is Role.PROVIDER_OFFICER
    rows = await tx.fetch(
        "SELECT *, $2 AND disclosed(request_id, provider) AS disclosed FROM match WHERE match_id = ANY ($1::uuid[])",
        match_ids,
        officer,
    )
    return {row["match_id"]: match_of(row) for row in rows}


_SAVE = Write(
    parts={
        "proposed": """
            INSERT INTO joint_delivery (joint_delivery_id, offering_id, provider, kind, modality, topics, languages,
                starts, ends, people, proposed_at)
            SELECT joint_delivery_id, offering_id, provider, kind, modality, topics, languages, starts, ends, people,
                proposed_at
            FROM json_populate_record(NULL::joint_delivery, $1::text::json)
        """,
        "joined": """
            INSERT INTO joint_delivery_member (joint_delivery_id, match_id, place, request_id, line_id, state, persons,
                funding_minor, funding_currency)
            SELECT joint_delivery_id, match_id, place, request_id, line_id, state, persons, funding_minor,
                funding_currency
            FROM json_populate_recordset(NULL::joint_delivery_member, $2::text::json)
        """,
    }
)


async def save(tx: Tx, one: JointDelivery) -> None:
    """Write a new joint delivery and its members; neither changes later."""
    row = {**msgspec.structs.asdict(one), "starts": one.window.starts, "ends": one.window.ends, "matches": None}
    members = [
        {
            **msgspec.structs.asdict(member),
            "joint_delivery_id": one.joint_delivery_id,
            "place": place,
            "funding_minor": member.funding_needed.minor if member.funding_needed else None,
            "funding_currency": member.funding_needed.currency if member.funding_needed else None,
        }
        for place, member in enumerate(one.members, 1)
    ]
    await tx.queue(_SAVE, msgspec.json.encode(row).decode(), msgspec.json.encode(members).decode())


def _member(row: Record) -> JointMember:
    values: dict[str, Any] = dict(row)
    minor, currency = values["funding_minor"], values["funding_currency"]
    values["funding_needed"] = Money(minor=minor, currency=currency) if minor is not None else None
    return msgspec.convert(values, JointMember)


def _joint_delivery(row: Record, members: Sequence[JointMember], matches: Sequence[Match]) -> JointDelivery:
    values: dict[str, Any] = dict(row)
    values["window"] = Period(starts=values.pop("starts"), ends=values.pop("ends"))
    return msgspec.convert(values | {"members": tuple(members), "matches": tuple(matches)}, JointDelivery)
