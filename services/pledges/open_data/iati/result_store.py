"""Results of deliveries, from facts of the service `delivery`: each report, and the time in which it was confirmed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.deliveries import delivery_id_of
from contracts.facts import Event
from contracts.results import ResultReported
from services.pledges.open_data.iati.parts import Delivered


async def report(tx: Tx, event: Event, fact: ResultReported) -> None:
    """Save a report that replaces the previous one, which is kept for the time in which it was confirmed."""
    await end(tx, event, fact.result_id)
    await tx.execute(
        """
        INSERT INTO measured_result (result_id, version, delivery_id, indicator, actual, target, measured_on)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        fact.result_id,
        event.aggregateversion,
        fact.delivery_id,
        fact.indicator,
        fact.actual,
        fact.target,
        fact.measured_on,
    )


async def confirm(tx: Tx, event: Event, result_id: UUID) -> None:
    await tx.execute(
        "UPDATE measured_result SET confirmed_at = $2 WHERE result_id = $1 AND ended_at IS NULL", result_id, event.time
    )


async def end(tx: Tx, event: Event, result_id: UUID) -> None:
    """End the validity of the current report, because there is another one or the State disputes it."""
    await tx.execute("DELETE FROM measured_result WHERE result_id = $1 AND confirmed_at IS NULL", result_id)
    await tx.execute(
        "UPDATE measured_result SET ended_at = $2 WHERE result_id = $1 AND ended_at IS NULL", result_id, event.time
    )


async def confirmed_of(
    tx: Tx, requirement_ids: Collection[UUID], *, as_of: datetime
) -> Mapping[str, tuple[Delivered, ...]]:
    """Return the results confirmed as of a moment of the deliveries that these requirements pay for, by requirement id.

    Kinds of assistance that may endanger people are excluded; their requirements have no codes.
    """
    matches = await tx.fetch(
        """
        SELECT requirement_id, match_id FROM requirement
        WHERE requirement_id = ANY ($1::uuid[]) AND about IS NOT NULL
        """,
        list(requirement_ids),
    )
    requirement_of = {delivery_id_of(row["match_id"]): str(row["requirement_id"]) for row in matches}
    rows = await tx.fetch(
        """
        SELECT delivery_id, indicator, actual, target, measured_on FROM measured_result
        WHERE delivery_id = ANY ($1::uuid[]) AND confirmed_at <= $2 AND (ended_at IS NULL OR ended_at > $2)
        ORDER BY delivery_id, indicator, measured_on
        """,
        list(requirement_of),
        as_of,
    )
    found: dict[str, list[Delivered]] = {}
    for row in rows:
        one = msgspec.convert({name: row[name] for name in Delivered.__struct_fields__}, Delivered)
        found.setdefault(requirement_of[row["delivery_id"]], []).append(one)
    return {requirement_id: tuple(of_one) for requirement_id, of_one in found.items()}
