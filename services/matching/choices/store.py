"""Moves of matches, saved with their facts, and the rankings shown in lists."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record
from msgspec import Struct

from chassis.db.database import Tx
from chassis.db.writes import Write
from chassis.ids import new_id
from contracts.matching import Share
from contracts.values import Role
from services.matching.choices.model import Move
from services.matching.matches.model import NOT_ENDED, MatchStatus
from services.matching.matches.store import Ranked

LIST_MAX = 100
DIGEST_BYTES = 16
SHOWN_TO = frozenset({Role.COORDINATOR, Role.FOCAL_POINT, Role.OFFICIAL})
"""Roles that choose from rankings; a provider sees only its own matches."""

_SAVE = Write(
    parts={
        "moved": """
            INSERT INTO match_move (match_id, revision, line_id, offering_id, status, at, reason, score, shares,
                algorithm, offering_revision)
            SELECT match_id, revision, line_id, offering_id, status, at, reason, score, shares, algorithm,
                offering_revision
            FROM json_populate_recordset(NULL::match_move, $1::text::json)
        """
    }
)

_RECORD_SHOWN = Write(
    parts={
        "shown": """
            INSERT INTO ranking_shown (ranking_id, line_id, state, role, digest, shown_at, matches, revisions, places)
            SELECT ranking_id, line_id, state, role, digest, shown_at, matches, revisions, places
            FROM json_populate_recordset(NULL::ranking_shown, $1::text::json) AS shown
            WHERE NOT EXISTS (SELECT FROM ranking_shown AS before WHERE before.line_id = shown.line_id
                AND before.role = shown.role AND before.digest = shown.digest)
            ON CONFLICT DO NOTHING
        """
    }
)
"""Statement that writes nothing if the ranking was shown before, so that COMMIT has nothing to flush."""


async def save(tx: Tx, moves: Sequence[Move]) -> None:
    """Write moves in one statement, together with the matches' rows."""
    await tx.queue(_SAVE, msgspec.json.encode(moves).decode())


async def record_shown(tx: Tx, found: Sequence[Ranked], role: Role, *, now: datetime) -> None:
    """Record the rankings of lines that a list shows, in its order, for roles that choose from them.

    Each ranking is written once per role.
    """
    if role not in SHOWN_TO:
        return
    ranked = [one for one in found if one.rank is not None]
    by_line = groupby(ranked, key=lambda one: one.match.line_id)
    if rows := [_shown(list(ranking), role, now) for _, ranking in by_line]:
        await tx.queue(_RECORD_SHOWN, msgspec.json.encode(rows).decode())


def _shown(ranking: Sequence[Ranked], role: Role, now: datetime) -> dict[str, Any]:
    first = ranking[0].match
    entries = [(one.match.match_id, one.rank, one.match.score, one.match.algorithm) for one in ranking]
    return {
        "ranking_id": new_id(),
        "line_id": first.line_id,
        "state": first.state,
        "role": role,
        "digest": f"\\x{hashlib.sha256(msgspec.json.encode(entries)).hexdigest()[: 2 * DIGEST_BYTES]}",
        "shown_at": now,
        "matches": [one.match.match_id for one in ranking],
        "revisions": [one.match.revision for one in ranking],
        "places": [one.rank for one in ranking],
    }


class Chosen(Struct, frozen=True, kw_only=True):
    """A move with its place among the `of` open matches of its line at that time.

    `before` is the previous status; `ranking_id` is the last ranking with this match shown to the side that chose.
    """

    move: Move
    before: MatchStatus | None
    place: int
    of: int
    rankings: dict[Role, UUID]


async def page(tx: Tx, *, line_id: UUID | None, after: UUID | None, limit: int) -> list[list[Chosen]]:
    """List the moves of each match in order, the newest line's matches first, after the match `after`.

    They are not filtered by `may_see`: row-level security limits these rows to callers who oversee all matches.
    """
    rows = await tx.fetch(
        """
        WITH last AS (SELECT line_id, match_id FROM match_by_id($2)),
        page AS (
            (SELECT DISTINCT line_id, match_id FROM match_move
            WHERE ($1::uuid IS NULL OR line_id = $1)
              AND ($2::uuid IS NULL OR (line_id, match_id) < (SELECT line_id, match_id FROM last))
            ORDER BY line_id DESC, match_id DESC LIMIT $3)
            UNION
            (SELECT line_id, match_id FROM line_ranking CROSS JOIN LATERAL unnest(match_ids) AS match_id
            WHERE ($1::uuid IS NULL OR line_id = $1)
              AND ($2::uuid IS NULL OR (line_id, match_id) < (SELECT line_id, match_id FROM last))
            ORDER BY line_id DESC, match_id DESC LIMIT $3)
            ORDER BY line_id DESC, match_id DESC LIMIT $3)
        SELECT move.*, lag(move.status) OVER (PARTITION BY move.match_id ORDER BY move.revision) AS before,
            stood.better + 1 AS place, stood.others + 1 AS of, shown.rankings
        FROM page CROSS JOIN LATERAL moves_of_line(page.line_id, page.match_id) AS move
        CROSS JOIN LATERAL (
            SELECT count(*) AS others, count(*) FILTER (
                WHERE (-last.score, last.offering_id) < (-move.score, move.offering_id)) AS better
            FROM (
                SELECT DISTINCT ON (match_id) status, score, offering_id FROM moves_of_line(move.line_id) AS other
                -- What lapsed because of the move stood beside it.
                WHERE other.match_id <> move.match_id AND other.at <= move.at
                    AND NOT (other.at = move.at AND other.status = 'expired')
                ORDER BY match_id, revision DESC) AS last
            WHERE last.status = ANY ($4::text[])) AS stood
        CROSS JOIN LATERAL (
            SELECT coalesce(json_object_agg(role, ranking_id), '{}') AS rankings FROM (
                SELECT DISTINCT ON (role) role, ranking_id FROM ranking_shown
                WHERE line_id = move.line_id AND shown_at <= move.at AND move.match_id = ANY (matches)
                ORDER BY role, shown_at DESC) AS newest) AS shown
        ORDER BY page.line_id DESC, page.match_id DESC, move.revision
        """,
        line_id,
        after,
        limit,
        list(NOT_ENDED),
    )
    return [[_chosen(row) for row in of_match] for _, of_match in groupby(rows, key=lambda row: row["match_id"])]


def _chosen(row: Record) -> Chosen:
    values: dict[str, Any] = dict(row)
    beside = {name: values.pop(name) for name in ("before", "place", "of", "rankings")}
    beside["rankings"] = msgspec.json.decode(beside["rankings"])
    values["shares"] = msgspec.json.decode(values["shares"])
    return msgspec.convert({"move": msgspec.convert(values, Move), **beside}, Chosen)


class Entry(Struct, frozen=True, kw_only=True):
    """A match as shown in a ranking."""

    match_id: UUID
    offering_id: UUID
    place: int
    score: int
    shares: tuple[Share, ...]
    algorithm: str
    offering_revision: int


class Ranking(Struct, frozen=True, kw_only=True):
    """The part of a line's ranking that a list showed, the role it was shown to, and when it was first shown."""

    ranking_id: UUID
    line_id: UUID
    role: Role
    shown_at: datetime
    entries: tuple[Entry, ...]


async def rankings(tx: Tx, *, line_id: UUID | None, after: UUID | None, limit: int) -> list[Ranking]:
    """List rankings, newest first, after the ranking `after`; only for callers who oversee all matches, as above."""
    rows = await tx.fetch(
        """
        SELECT ranking_id, line_id, role, shown_at, (
            SELECT coalesce(json_agg(json_build_object('match_id', move.match_id, 'offering_id', offering_id,
                'place', place, 'score', score, 'shares', shares, 'algorithm', algorithm,
                'offering_revision', offering_revision)
                ORDER BY position), '[]')
            FROM unnest(matches, revisions, places) WITH ORDINALITY AS one(match_id, revision, place, position)
            JOIN LATERAL moves_of_line(line_id, one.match_id) AS move ON move.revision = one.revision) AS entries
        FROM ranking_shown
        WHERE ($1::uuid IS NULL OR line_id = $1) AND ($2::uuid IS NULL OR ranking_id < $2)
        ORDER BY ranking_id DESC LIMIT $3
        """,
        line_id,
        after,
        limit,
    )
    return [_ranking(row) for row in rows]


def _ranking(row: Record) -> Ranking:
    return msgspec.convert({**dict(row), "entries": msgspec.json.decode(row["entries"])}, Ranking)
