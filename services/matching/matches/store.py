"""The matches' rows. Every read for somebody says for whom; `may_see` in the WHERE is the policy in SQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.explanations import ShareBasis
from contracts.matching import Judgement
from contracts.rankings import LineRanked
from contracts.refusals import Missing
from contracts.values import Caller, Money, Period
from services.matching.lines import consent_store
from services.matching.matches.evaluation import Evaluated
from services.matching.matches.model import NOT_CONFIRMED, NOT_SHOWN, Match, MatchStatus
from services.matching.scoring.packed import packed, unpacked

LIST_MAX = 100
STRAYS_MAX = 200


async def get(tx: Tx, match_id: UUID, caller: Caller) -> Match:
    """The match, if this caller may see it, held until the transaction ends. Raises Missing; Unavailable, see below."""
    await consent_store.check_heard_for(tx, caller)
    row = await tx.fetchrow(
        """
        SELECT *, $3 = 'provider_officer' AND told(request_id, provider) AS told
        FROM match WHERE match_id = $1 AND may_see(match, $2, $3) FOR UPDATE
        """,
        match_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _match(row)


async def offering_of(tx: Tx, match_id: UUID, caller: Caller) -> UUID | None:
    """The offering of a match, if this caller may see the match."""
    offering_id: UUID | None = await tx.fetchval(
        "SELECT offering_id FROM match WHERE match_id = $1 AND may_see(match, $2, $3)",
        match_id,
        caller.organization,
        caller.role,
    )
    return offering_id


async def known(tx: Tx, match_id: UUID) -> Match | None:
    """The match for the system itself, held until the transaction ends."""
    row = await tx.fetchrow("SELECT * FROM match WHERE match_id = $1 FOR UPDATE", match_id)
    return _match(row) if row else None


async def between(tx: Tx, line_ids: Sequence[UUID], offering_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], Match]:
    """The matches that any of the lines has with any of the offerings, by line and offering."""
    rows = await tx.fetch(
        "SELECT * FROM match WHERE line_id = ANY ($1::uuid[]) AND offering_id = ANY ($2::uuid[])",
        line_ids,
        offering_ids,
    )
    return {(row["line_id"], row["offering_id"]): _match(row) for row in rows}


async def of_lines(tx: Tx, line_ids: Sequence[UUID], *, lock: bool = False) -> list[Match]:
    """All matches of these lines, whatever has become of them; `lock` holds them until the transaction ends."""
    if lock:
        await tx.execute(
            "SELECT FROM match WHERE line_id = ANY ($1::uuid[]) ORDER BY match_id FOR UPDATE", list(line_ids)
        )
    rows = await tx.fetch("SELECT * FROM match WHERE line_id = ANY ($1::uuid[]) ORDER BY match_id", list(line_ids))
    return [_match(row) for row in rows]


async def of_request(tx: Tx, request_id: UUID) -> list[Match]:
    """All matches of its lines, whatever has become of them, held until the transaction ends."""
    rows = await tx.fetch("SELECT * FROM match WHERE request_id = $1 ORDER BY match_id FOR UPDATE", request_id)
    return [_match(row) for row in rows]


async def not_confirmed_of_request(tx: Tx, request_id: UUID) -> list[Match]:
    """Its matches that live and took no capacity, held until the transaction ends."""
    rows = await tx.fetch(
        """
        SELECT * FROM match WHERE request_id = $1 AND status = ANY ($2::text[]) ORDER BY match_id FOR UPDATE
        """,
        request_id,
        list(NOT_CONFIRMED),
    )
    return [_match(row) for row in rows]


async def not_shown(tx: Tx, line_ids: Sequence[UUID], *, of: UUID | None = None) -> list[Match]:
    """Matches of the lines, with one offering or any, that nobody was shown and that are not over; held until the end
    of the transaction."""
    rows = await tx.fetch(
        """
        SELECT * FROM match WHERE line_id = ANY ($1::uuid[]) AND status = ANY ($2::text[])
          AND ($3::uuid IS NULL OR offering_id = $3) ORDER BY match_id FOR UPDATE
        """,
        line_ids,
        list(NOT_SHOWN),
        of,
    )
    return [_match(row) for row in rows]


async def not_confirmed_of_offering(tx: Tx, offering_id: UUID) -> list[Match]:
    """Its matches that live and took no capacity, held until the transaction ends."""
    rows = await tx.fetch(
        """
        SELECT * FROM match WHERE offering_id = $1 AND status = ANY ($2::text[]) ORDER BY match_id FOR UPDATE
        """,
        offering_id,
        list(NOT_CONFIRMED),
    )
    return [_match(row) for row in rows]


async def orphaned(tx: Tx) -> list[UUID]:
    """Matches begun while their offering or their request was ending: they live, and it does not."""
    rows = await tx.fetch(
        """
        SELECT match_id FROM offering JOIN match USING (offering_id)
        WHERE offering.status IN ('withdrawn', 'lapsed') AND match.status = ANY ($1::text[])
        UNION SELECT match_id FROM wanted_request AS wanted JOIN match USING (request_id)
        WHERE wanted.status IN ('closed', 'not_accepted', 'lapsed', 'withdrawn') AND match.status = ANY ($1::text[])
        LIMIT $2
        """,
        list(NOT_CONFIRMED),
        STRAYS_MAX,
    )
    return [row["match_id"] for row in rows]


async def better_of(tx: Tx, line_ids: Sequence[UUID], scores: Sequence[int], offering_id: UUID) -> dict[UUID, int]:
    """For each line, how many of its matches that are not over rank before this offering with its score."""
    rows = await tx.fetch(
        """
        SELECT given.line_id, count(match_id) AS better
        FROM unnest($1::uuid[], $2::integer[]) AS given(line_id, score)
        LEFT JOIN match ON match.line_id = given.line_id AND ended_at IS NULL AND offering_id <> $3
            AND (-match.score, offering_id) < (-given.score, $3)
        GROUP BY given.line_id
        """,
        line_ids,
        scores,
        offering_id,
    )
    return {row["line_id"]: row["better"] for row in rows}


async def passes_over(tx: Tx, match: Match) -> bool:
    """True where a better ranked match of the line lives and was not presented."""
    return bool(
        await tx.fetchval(
            """
            SELECT EXISTS (SELECT FROM match WHERE line_id = $1 AND match_id <> $2 AND status = ANY ($3::text[])
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
                begun_at, completed_at, state_evaluation, provider_evaluation, ended_at, reason, bases)
            SELECT match_id, request_id, line_id, offering_id, state, provider, status, revision, origin, score,
                shares, algorithm, offering_revision, judged_by, judged_version, closeness, made_at, interested_at,
                presented_at, departs, departure, planned_from, planned_until, accepted_at, provider_confirmed_at,
                confirmed_at, capacity_from,
                capacity_until, funding_minor, funding_currency, begun_at, completed_at, state_evaluation,
                provider_evaluation, ended_at, reason, bases
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
                reason = excluded.reason, bases = excluded.bases
        """
    }
)


_BEGIN = Write(
    parts={
        "begun": """
            INSERT INTO match (match_id, request_id, line_id, offering_id, state, provider, status, revision, origin,
                score, shares, algorithm, offering_revision, made_at, departs)
            SELECT match_id, request_id, line_id, offering_id, state, provider, 'suggested', 0, 'suggested', score,
                to_jsonb(shares), algorithm, offering_revision, made_at, false
            FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::integer[],
                $8::text[], $9::text[], $10::integer[], $11::timestamptz[]) AS suggestion(match_id, request_id, line_id,
                offering_id, state, provider, score, shares, algorithm, offering_revision, made_at)
            RETURNING match_id, revision, line_id, offering_id, status, made_at, score, shares, algorithm,
                offering_revision
        """,
        "moved_first": """
            INSERT INTO match_move (match_id, revision, line_id, offering_id, status, at, score, shares, algorithm,
                offering_revision)
            SELECT * FROM begun
        """,
    }
)


async def begin(tx: Tx, *rankings: LineRanked) -> None:
    """Write the matches that rankings begin, each with its first move, in one statement."""
    rows = [
        (
            one.match_id,
            ranking.request_id,
            ranking.line_id,
            one.offering_id,
            ranking.state,
            one.provider,
            one.score,
            packed(zip(ranking.criteria, one.points, ranking.of, strict=True)),
            ranking.algorithm,
            one.offering_revision,
            ranking.ranked_at,
        )
        for ranking in rankings
        for one in ranking.suggestions
    ]
    await tx.write(_BEGIN, *map(list, zip(*rows, strict=True)))


async def save(tx: Tx, *matches: Match) -> None:
    """Write matches as they now stand, in one statement."""
    await tx.write(
        _SAVE,
        msgspec.json.encode([_row(match) for match in matches]).decode(),
    )


def _row(match: Match) -> dict[str, Any]:
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


def _match(row: Record) -> Match:
    values: dict[str, Any] = dict(row)
    starts, ends = values.pop("capacity_from"), values.pop("capacity_until")
    planned, planned_until = values.pop("planned_from"), values.pop("planned_until")
    minor, currency = values.pop("funding_minor"), values.pop("funding_currency")
    model, version = values.pop("judged_by"), values.pop("judged_version")
    closeness = values.pop("closeness")
    values["judgement"] = Judgement(model=model, version=version, closeness=closeness) if model else None
    values["shares"] = unpacked(values["shares"])
    for side in ("state_evaluation", "provider_evaluation"):
        values[side] = msgspec.json.decode(values[side], type=Evaluated) if values[side] else None
    values["bases"] = msgspec.json.decode(values["bases"], type=tuple[ShareBasis, ...]) if values["bases"] else None
    values["capacity_period"] = Period(starts=starts, ends=ends) if starts else None
    values["planned_period"] = Period(starts=planned, ends=planned_until) if planned else None
    values["funding_needed"] = Money(minor=minor, currency=currency) if minor is not None else None
    return msgspec.convert(values, Match)


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """A match with its place among those of its line that are not over (None when it is over itself)."""

    match: Match
    rank: int | None


async def ranked(tx: Tx, match_id: UUID, caller: Caller) -> Ranked:
    """One match, if this caller may see it. Raises Missing; Unavailable while it is not known what may be shown."""
    await consent_store.check_heard_for(tx, caller)
    row = await tx.fetchrow(
        """
        SELECT match.*, $3 = 'provider_officer' AND told(match.request_id, match.provider) AS told,
            (SELECT count(*) FROM match AS other WHERE other.line_id = match.line_id AND other.ended_at IS NULL
                AND (-other.score, other.offering_id) < (-match.score, match.offering_id)) AS better
        FROM match WHERE match_id = $1 AND may_see(match, $2, $3)
        """,
        match_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _ranked(row)


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
    """The newest line's first, best first within a line, from the one after `after`. Raises Unavailable, see above."""
    await consent_store.check_heard_for(tx, caller)
    rows = await tx.fetch(
        """
        SELECT match.*, $2 = 'provider_officer' AND told(match.request_id, match.provider) AS told,
            (SELECT count(*) FROM match AS other WHERE other.line_id = match.line_id AND other.ended_at IS NULL
                AND (-other.score, other.offering_id) < (-match.score, match.offering_id)) AS better
        FROM match LEFT JOIN match AS last ON last.match_id = $7 AND may_see(last, $1, $2)
        WHERE may_see(match, $1, $2) AND ($3::uuid IS NULL OR match.request_id = $3)
          AND ($4::uuid IS NULL OR match.line_id = $4) AND ($5::uuid IS NULL OR match.offering_id = $5)
          AND ($6::text IS NULL OR match.status = $6)
          AND ($7::uuid IS NULL OR match.line_id < last.line_id OR (match.line_id = last.line_id
               AND (-match.score, match.offering_id) > (-last.score, last.offering_id)))
        ORDER BY match.line_id DESC, match.score DESC, match.offering_id LIMIT $8
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
    return Ranked(match=_match(row), rank=rank)
