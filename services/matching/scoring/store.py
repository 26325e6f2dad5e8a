"""Reading of the scoring context: the weights in force, and providers' completed deliveries."""

from collections.abc import Collection

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from contracts.refusals import Missing
from contracts.weights import Weight, WeightsAdopted
from services.matching.scoring.criteria import Experience, ScoringContext, mean_rating
from services.matching.scoring.weights import FIRST, Weights, counted


async def current_context(tx: Tx, providers: Collection[str]) -> ScoringContext:
    """Return the current context for scores of these providers' offerings."""
    return ScoringContext(weights=await in_force(tx), experience=await experience(tx, providers))


async def experience(tx: Tx, providers: Collection[str]) -> dict[str, Experience]:
    """Return the completed deliveries of each provider, by kind and topic, with the States' ratings.

    Deliveries of kinds that may put persons at risk are left out.
    """
    rows = await tx.fetch(
        """
        WITH completed AS (
            SELECT match_id, provider, match.state, kind, topics, state_evaluation AS said
            FROM match JOIN wanted_line USING (line_id)
            JOIN wanted_request ON wanted_request.request_id = match.request_id
            WHERE match.status = 'completed' AND provider = ANY ($1::text[]) AND NOT restricted
        ), rated AS (
            SELECT provider, count(DISTINCT state) AS states, 3 * count(*) AS ratings,
                sum((said ->> 'relevance')::integer + (said ->> 'quality')::integer
                    + (said ->> 'timeliness')::integer) AS total
            FROM completed WHERE said IS NOT NULL GROUP BY provider
        )
        SELECT provider, kind, count(DISTINCT match_id) AS deliveries, array_agg(DISTINCT topic) AS topics,
            coalesce(states, 0) AS states, coalesce(ratings, 0) AS ratings, coalesce(total, 0) AS total
        FROM completed LEFT JOIN rated USING (provider) LEFT JOIN LATERAL unnest(topics) AS topic ON true
        GROUP BY provider, kind, states, ratings, total
        """,
        list(providers),
    )
    found: dict[str, Experience] = {}
    for row in rows:
        before = found.get(row["provider"], Experience())
        found[row["provider"]] = Experience(
            deliveries={**before.deliveries, row["kind"]: row["deliveries"]},
            topics=before.topics | {topic for topic in row["topics"] if topic is not None},
            rating=mean_rating(row["states"], row["total"], row["ratings"]),
        )
    return found


async def in_force(tx: Tx) -> Weights:
    """Return the newest version of the weights."""
    row = await tx.fetchrow("SELECT version, weights, reason, adopted_at FROM weights ORDER BY version DESC LIMIT 1")
    return _weights(row) if row else FIRST


async def version(tx: Tx, number: int) -> Weights:
    """Return the weights of a version. Raise Missing."""
    if number == FIRST.version:
        return FIRST
    row = await tx.fetchrow("SELECT version, weights, reason, adopted_at FROM weights WHERE version = $1", number)
    if row is None:
        raise Missing("not-found")
    return _weights(row)


def _weights(row: Record) -> Weights:
    given = msgspec.json.decode(row["weights"], type=tuple[Weight, ...])
    return Weights(version=row["version"], of=counted(given), reason=row["reason"], adopted_at=row["adopted_at"])


async def save(tx: Tx, fact: WeightsAdopted) -> None:
    """Store a version; the journal rejects a concurrent one."""
    await tx.execute(
        """
        INSERT INTO weights (version, weights, reason, adopted_at) VALUES ($1, $2::text::jsonb, $3, $4)
        ON CONFLICT (version) DO NOTHING
        """,
        fact.version,
        msgspec.json.encode(fact.weights).decode(),
        fact.reason,
        fact.adopted_at,
    )
