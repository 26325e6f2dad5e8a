"""Rows of matches. Every read names its caller; `may_see` in the WHERE is the policy in SQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.explanations import ShareBasis
from contracts.matching import Judgement, Override, Share
from contracts.rankings import LineRanked
from contracts.refusals import Missing
from contracts.values import Caller, Money, Period, Role
from services.matching.lines import consent_store
from services.matching.matches.evaluation import Evaluated
from services.matching.matches.model import NOT_CONFIRMED, NOT_SHOWN, Match, MatchStatus

_SEEN = "sees_match(request_id, state, provider, presented_at, interested_at, confirmed_at, $2, $3)"
LIST_MAX = 100
ORPHANED_MAX = 200


async def get(tx: Tx, match_id: UUID, caller: Caller) -> Match:
    """Return the match if this caller may see it, locked until the transaction ends. Raise Missing or Unavailable."""
    await consent_store.check_consents_current_for(tx, caller)
    found = await _held(tx, match_id, caller.organization, caller.role)
    if found is None:
        raise Missing("not-found")
    return found


async def get_as_service(tx: Tx, match_id: UUID) -> Match | None:
    """Return the match for the system itself, locked until the transaction ends."""
    return await _held(tx, match_id, "", Role.SERVICE)


async def _held(tx: Tx, match_id: UUID, organization: str, role: Role) -> Match | None:
    """Return the match, locked. If it has no row yet, its line's ranking is locked instead."""
    row = await _row(tx, match_id, organization, role)
    if row is None:
        await tx.execute("SELECT FROM line_ranking WHERE id_prefix(match_ids[1]) = id_prefix($1) FOR UPDATE", match_id)
        # A concurrent transaction, which this one waited for, may have created the row.
        row = await _row(tx, match_id, organization, role)
    if row is None:
        row = await tx.fetchrow(
            f"SELECT *, false AS disclosed FROM match_by_id($1) WHERE {_SEEN}",
            match_id,
            organization,
            role,
        )
    return match_of(row) if row else None


async def _row(tx: Tx, match_id: UUID, organization: str, role: Role) -> Record | None:
    return await tx.fetchrow(
        f"""
        SELECT *, $3 = 'provider_officer' AND disclosed(request_id, provider) AS disclosed
        FROM match WHERE match_id = $1 AND {_SEEN} FOR UPDATE
        """,
        match_id,
        organization,
        role,
    )


async def ends_of(tx: Tx, match_id: UUID, caller: Caller) -> tuple[UUID, UUID]:
    """Return the line and the offering of a match that this caller may see. Raise Missing or Unavailable."""
    await consent_store.check_consents_current_for(tx, caller)
    row = await tx.fetchrow(
        f"SELECT line_id, offering_id FROM match_by_id($1) WHERE {_SEEN}",
        match_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return row["line_id"], row["offering_id"]


async def between(tx: Tx, line_ids: Sequence[UUID], offering_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], Match]:
    """Return the matches between the lines and the offerings, by line and offering."""
    rows = await tx.fetch(
        """
        SELECT match.*
        FROM unnest($1::uuid[]) AS given(line_id) CROSS JOIN LATERAL matches_of_line(given.line_id) AS match
        WHERE match.offering_id = ANY ($2::uuid[])
        """,
        line_ids,
        offering_ids,
    )
    return {(row["line_id"], row["offering_id"]): match_of(row) for row in rows}


async def lines_of(tx: Tx, match_ids: Sequence[UUID]) -> set[UUID]:
    """Return the lines of these matches."""
    rows = await tx.fetch(
        "SELECT line_id FROM unnest($1::uuid[]) AS given(id) CROSS JOIN LATERAL match_by_id(given.id)", match_ids
    )
    return {row["line_id"] for row in rows}


async def of_lines(tx: Tx, line_ids: Sequence[UUID], *, lock: bool = False) -> list[Match]:
    """List all matches of these lines in any status; `lock` locks them until the transaction ends."""
    if lock:
        await tx.execute(
            "SELECT FROM line_ranking WHERE line_id = ANY ($1::uuid[]) ORDER BY line_id FOR UPDATE", list(line_ids)
        )
        await tx.execute(
            "SELECT FROM match WHERE line_id = ANY ($1::uuid[]) ORDER BY match_id FOR UPDATE", list(line_ids)
        )
    rows = await tx.fetch(
        """
        SELECT match.*
        FROM unnest($1::uuid[]) AS given(line_id) CROSS JOIN LATERAL matches_of_line(given.line_id) AS match
        ORDER BY match.match_id
        """,
        list(line_ids),
    )
    return [match_of(row) for row in rows]


async def of_request(tx: Tx, request_id: UUID) -> list[Match]:
    """List all matches of a request's lines in any status, locked until the transaction ends."""
    await tx.execute(
        """
        SELECT FROM line_ranking WHERE request_id = $1 AND untouched <> '{}' ORDER BY line_id FOR UPDATE
        """,
        request_id,
    )
    await tx.execute("SELECT FROM match WHERE request_id = $1 ORDER BY match_id FOR UPDATE", request_id)
    rows = await tx.fetch("SELECT * FROM matches_of_request($1) ORDER BY match_id", request_id)
    return [match_of(row) for row in rows]


async def not_confirmed_of_request(tx: Tx, request_id: UUID) -> list[Match]:
    """List the open matches of a request without capacity taken, locked until the transaction ends."""
    return [one for one in await of_request(tx, request_id) if one.status in NOT_CONFIRMED]


async def never_shown(tx: Tx, line_ids: Sequence[UUID], *, of: UUID | None = None) -> list[Match]:
    """List the open matches of the lines that were not shown, with one offering or any.

    They are locked until the transaction ends.
    """
    found = await of_lines(tx, line_ids, lock=True)
    return [one for one in found if one.status in NOT_SHOWN and of in (None, one.offering_id)]


async def not_confirmed_of_offering(tx: Tx, offering_id: UUID) -> list[Match]:
    """List the open matches of an offering without capacity taken, locked until the transaction ends."""
    await tx.execute(
        "SELECT FROM line_ranking WHERE untouched @> ARRAY[$1::uuid] ORDER BY line_id FOR UPDATE", offering_id
    )
    await tx.execute(
        """
        SELECT FROM match WHERE offering_id = $1 AND status = ANY ($2::text[]) ORDER BY match_id FOR UPDATE
        """,
        offering_id,
        list(NOT_CONFIRMED),
    )
    rows = await tx.fetch(
        "SELECT * FROM matches_of_offering($1) WHERE status = ANY ($2::text[]) ORDER BY match_id",
        offering_id,
        list(NOT_CONFIRMED),
    )
    return [match_of(row) for row in rows]


async def orphaned(tx: Tx) -> list[UUID]:
    """List open matches of an offering or request that has ended; a concurrent transaction began them."""
    rows = await tx.fetch(
        """
        WITH over AS MATERIALIZED (SELECT offering_id FROM offering WHERE status IN ('withdrawn', 'lapsed')),
        ended AS MATERIALIZED (
            SELECT request_id FROM wanted_request WHERE status IN ('closed', 'not_accepted', 'lapsed', 'withdrawn'))
        SELECT match_id FROM over JOIN match USING (offering_id) WHERE status = ANY ($1::text[])
        UNION SELECT match_id FROM ended JOIN match USING (request_id) WHERE status = ANY ($1::text[])
        UNION SELECT match_id FROM over JOIN line_ranking AS r ON untouched @> ARRAY[offering_id]
        CROSS JOIN LATERAL untouched_matches(r.line_id) AS match WHERE match.offering_id = over.offering_id
        UNION SELECT match_id FROM ended JOIN line_ranking AS r ON r.request_id = ended.request_id AND untouched <> '{}'
        CROSS JOIN LATERAL untouched_matches(r.line_id) AS match
        LIMIT $2
        """,
        list(NOT_CONFIRMED),
        ORPHANED_MAX,
    )
    return [row["match_id"] for row in rows]


async def count_better(tx: Tx, line_ids: Sequence[UUID], scores: Sequence[int], offering_id: UUID) -> dict[UUID, int]:
    """Return, for each line, how many of its open matches rank above this offering with its score."""
    rows = await tx.fetch(
        """
        SELECT given.line_id, count(match_id) AS better
        FROM unnest($1::uuid[], $2::integer[]) AS given(line_id, score)
        LEFT JOIN LATERAL matches_of_line(given.line_id) AS match ON ended_at IS NULL AND offering_id <> $3
            AND (-match.score, offering_id) < (-given.score, $3)
        GROUP BY given.line_id
        """,
        line_ids,
        scores,
        offering_id,
    )
    return {row["line_id"]: row["better"] for row in rows}


async def skips_better_match(tx: Tx, match: Match) -> bool:
    """Return True if a better ranked open match of the line was not presented."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM matches_of_line($1) WHERE match_id <> $2 AND status = ANY ($3::text[])
                AND (-score, offering_id) < (-$4::integer, $5))
            """,
            match.line_id,
            match.match_id,
            list(NOT_SHOWN),
            match.score,
            match.offering_id,
        )
    )


_SAVE = Write(
    parts={
        "saved": """
            INSERT INTO match (match_id, request_id, line_id, offering_id, state, provider, status, revision, origin,
                score, shares, algorithm, offering_revision, judged_by, judged_version, closeness, made_at,
                interested_at, presented_at, departs, departure, planned_from, planned_until, accepted_at,
                provider_confirmed_at, confirmed_at, capacity_from, capacity_until, funding_minor, funding_currency,
                begun_at, completed_at, state_evaluation, provider_evaluation, ended_at, reason, bases, covers,
                override, joint_delivery_id)
            SELECT match_id, request_id, line_id, offering_id, state, provider, status, revision, origin, score,
                shares, algorithm, offering_revision, judged_by, judged_version, closeness, made_at, interested_at,
                presented_at, departs, departure, planned_from, planned_until, accepted_at, provider_confirmed_at,
                confirmed_at, capacity_from,
                capacity_until, funding_minor, funding_currency, begun_at, completed_at, state_evaluation,
                provider_evaluation, ended_at, reason, bases, covers, override, joint_delivery_id
            FROM json_populate_recordset(NULL::match, $1::text::json)
            ON CONFLICT (match_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                origin = excluded.origin, score = excluded.score, shares = excluded.shares,
                algorithm = excluded.algorithm, offering_revision = excluded.offering_revision,
                judged_by = excluded.judged_by, judged_version = excluded.judged_version,
                closeness = excluded.closeness,
                made_at = excluded.made_at, interested_at = excluded.interested_at,
                presented_at = excluded.presented_at, departs = excluded.departs, departure = excluded.departure,
                planned_from = excluded.planned_from, planned_until = excluded.planned_until,
                accepted_at = excluded.accepted_at, provider_confirmed_at = excluded.provider_confirmed_at,
                confirmed_at = excluded.confirmed_at, capacity_from = excluded.capacity_from,
                capacity_until = excluded.capacity_until, funding_minor = excluded.funding_minor,
                funding_currency = excluded.funding_currency, begun_at = excluded.begun_at,
                completed_at = excluded.completed_at, state_evaluation = excluded.state_evaluation,
                provider_evaluation = excluded.provider_evaluation, ended_at = excluded.ended_at,
                reason = excluded.reason, bases = excluded.bases, covers = excluded.covers,
                override = excluded.override, joint_delivery_id = excluded.joint_delivery_id
        """,
        # The first fact of a match creates its row, with revision 1.
        "touched": """
            UPDATE line_ranking SET untouched = ARRAY(
                SELECT one FROM unnest(untouched) WITH ORDINALITY AS kept(one, place)
                WHERE one <> ALL (began.offering_ids) ORDER BY place)
            FROM (SELECT line_id, array_agg(offering_id) AS offering_ids
                FROM unnest($2::uuid[], $3::uuid[]) AS began(line_id, offering_id) GROUP BY line_id) AS began
            WHERE line_ranking.line_id = began.line_id AND untouched && began.offering_ids
        """,
    }
)


_RANK = Write(
    parts={
        "ranked": """
            INSERT INTO line_ranking (line_id, request_id, state, algorithm, criteria, weights, match_ids, offering_ids,
                providers, offering_revisions, scores, points, ranked_at, untouched)
            SELECT line_id, request_id, state, algorithm, criteria, weights, match_ids, offering_ids,
                providers, offering_revisions, scores, points, ranked_at, offering_ids
            FROM json_populate_recordset(NULL::line_ranking, $1::text::json)
        """,
    }
)


async def rank(tx: Tx, *rankings: LineRanked) -> None:
    """Write the first rankings of lines, one row for each line."""
    rows = [
        {
            "line_id": ranking.line_id,
            "request_id": ranking.request_id,
            "state": ranking.state,
            "algorithm": ranking.algorithm,
            "criteria": ranking.criteria,
            "weights": ranking.of,
            "match_ids": [one.match_id for one in ranking.suggestions],
            "offering_ids": [one.offering_id for one in ranking.suggestions],
            "providers": [one.provider for one in ranking.suggestions],
            "offering_revisions": [one.offering_revision for one in ranking.suggestions],
            "scores": [one.score for one in ranking.suggestions],
            "points": [points for one in ranking.suggestions for points in one.points],
            "ranked_at": ranking.ranked_at,
        }
        for ranking in rankings
    ]
    await tx.queue(_RANK, msgspec.json.encode(rows).decode())


async def save(tx: Tx, *matches: Match) -> None:
    """Write matches in one statement."""
    begun = [match for match in matches if match.revision == 1]
    await tx.queue(
        _SAVE,
        msgspec.json.encode([_values(match) for match in matches]).decode(),
        [match.line_id for match in begun],
        [match.offering_id for match in begun],
    )


def _values(match: Match) -> dict[str, Any]:
    period, planned, money = match.capacity_period, match.planned_period, match.funding_needed
    judgement = match.judgement
    return {
        **msgspec.structs.asdict(match),
        "planned_from": planned.starts if planned else None,
        "planned_until": planned.ends if planned else None,
        "judged_by": judgement.model if judgement else None,
        "judged_version": judgement.version if judgement else None,
        "closeness": judgement.closeness if judgement else None,
        "capacity_from": period.starts if period else None,
        "capacity_until": period.ends if period else None,
        "funding_minor": money.minor if money else None,
        "funding_currency": money.currency if money else None,
    }


def match_of(row: Record) -> Match:
    values: dict[str, Any] = dict(row)
    starts, ends = values.pop("capacity_from"), values.pop("capacity_until")
    planned, planned_until = values.pop("planned_from"), values.pop("planned_until")
    minor, currency = values.pop("funding_minor"), values.pop("funding_currency")
    model, version = values.pop("judged_by"), values.pop("judged_version")
    closeness = values.pop("closeness")
    values["judgement"] = Judgement(model=model, version=version, closeness=closeness) if model else None
    values["shares"] = msgspec.json.decode(values["shares"], type=tuple[Share, ...])
    for side in ("state_evaluation", "provider_evaluation"):
        values[side] = msgspec.json.decode(values[side], type=Evaluated) if values[side] else None
    values["bases"] = msgspec.json.decode(values["bases"], type=tuple[ShareBasis, ...]) if values["bases"] else None
    values["override"] = msgspec.json.decode(values["override"], type=Override) if values["override"] else None
    values["capacity_period"] = Period(starts=starts, ends=ends) if starts else None
    values["planned_period"] = Period(starts=planned, ends=planned_until) if planned else None
    values["funding_needed"] = Money(minor=minor, currency=currency) if minor is not None else None
    return msgspec.convert(values, Match)


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A match with its rank among the open matches of its line; None if it has ended."""

    match: Match
    rank: int | None


async def ranked(tx: Tx, match_id: UUID, caller: Caller) -> Ranked:
    """Return one match if this caller may see it. Raise Missing; Unavailable if consents are outdated."""
    return (await ranked_in_order(tx, [match_id], caller))[0]


async def ranked_in_order(tx: Tx, match_ids: Sequence[UUID], caller: Caller) -> list[Ranked]:
    """List these matches in their order if this caller may see them all. Raise as `ranked` does."""
    await consent_store.check_consents_current_for(tx, caller)
    rows = await tx.fetch(
        """
        SELECT match.*, $3 = 'provider_officer' AND disclosed(match.request_id, match.provider) AS disclosed,
            (SELECT count(*) FROM matches_of_line(match.line_id) AS other WHERE other.ended_at IS NULL
                AND (-other.score, other.offering_id) < (-match.score, match.offering_id)) AS better
        FROM unnest($1::uuid[]) WITH ORDINALITY AS given(id, place) CROSS JOIN LATERAL match_by_id(given.id) AS match
        WHERE sees_match(match.request_id, match.state, match.provider, match.presented_at, match.interested_at,
            match.confirmed_at, $2, $3)
        ORDER BY given.place
        """,
        match_ids,
        caller.organization,
        caller.role,
    )
    if len(rows) < len(match_ids):
        raise Missing("not-found")
    return [_ranked(row) for row in rows]


async def page(
    tx: Tx,
    caller: Caller,
    *,
    request_id: UUID | None,
    line_id: UUID | None,
    offering_id: UUID | None,
    status: MatchStatus | None,
    after: UUID | None,
    limit: int,
) -> list[Ranked]:
    """List matches, newest line first, best first within a line, after `after`.

    Raise Unavailable if consents are outdated.
    """
    await consent_store.check_consents_current_for(tx, caller)
    rows = await tx.fetch(
        """
        WITH last AS (SELECT * FROM match_by_id($7)
            WHERE sees_match(request_id, state, provider, presented_at, interested_at, confirmed_at, $1, $2)),
        found AS (
            (SELECT match.* FROM match LEFT JOIN last ON true
            WHERE sees_match(match.request_id, match.state, match.provider, match.presented_at, match.interested_at,
                match.confirmed_at, $1, $2) AND ($3::uuid IS NULL OR match.request_id = $3)
              AND ($4::uuid IS NULL OR match.line_id = $4) AND ($5::uuid IS NULL OR match.offering_id = $5)
              AND ($6::text IS NULL OR match.status = $6)
              AND ($7::uuid IS NULL OR match.line_id < last.line_id OR (match.line_id = last.line_id
                   AND (-match.score, match.offering_id) > (-last.score, last.offering_id)))
            ORDER BY match.line_id DESC, match.score DESC, match.offering_id LIMIT $8)
            UNION ALL
            (SELECT match.*
            FROM line_ranking AS r LEFT JOIN last ON true CROSS JOIN LATERAL untouched_matches(r.line_id) AS match
            WHERE oversees($2) AND r.untouched <> '{}' AND ($3::uuid IS NULL OR r.request_id = $3)
              AND ($4::uuid IS NULL OR r.line_id = $4) AND ($7::uuid IS NULL OR r.line_id <= last.line_id)
              AND ($5::uuid IS NULL OR (r.untouched @> ARRAY[$5::uuid] AND match.offering_id = $5))
              AND ($6::text IS NULL OR $6 = 'suggested')
              AND ($7::uuid IS NULL OR match.line_id < last.line_id OR (match.line_id = last.line_id
                   AND (-match.score, match.offering_id) > (-last.score, last.offering_id)))
            ORDER BY match.line_id DESC, match.score DESC, match.offering_id LIMIT $8))
        SELECT match.*, $2 = 'provider_officer' AND disclosed(match.request_id, match.provider) AS disclosed,
            (SELECT count(*) FROM matches_of_line(match.line_id) AS other WHERE other.ended_at IS NULL
                AND (-other.score, other.offering_id) < (-match.score, match.offering_id)) AS better
        FROM found AS match ORDER BY match.line_id DESC, match.score DESC, match.offering_id LIMIT $8
        """,
        caller.organization,
        caller.role,
        request_id,
        line_id,
        offering_id,
        status,
        after,
        limit,
    )
    return [_ranked(row) for row in rows]


def _ranked(row: Record) -> Ranked:
    rank = None if row["ended_at"] else row["better"] + 1
    return Ranked(match=match_of(row), rank=rank)
