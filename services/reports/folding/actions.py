"""Fold facts into rows, in batches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from chassis.db.database import Tx
from contracts import reference
from contracts.facts import Event, Fact
from contracts.registry import FACTS, decode_fact
from services.reports.demand.evolve import EVOLVE as DEMAND
from services.reports.desk.evolve import EVOLVE as DESK
from services.reports.figures.counting import OfState
from services.reports.folding import store
from services.reports.folding.store import Known
from services.reports.money.evolve import EVOLVE as MONEY

EVOLVE = {**DEMAND, **MONEY, **DESK}
BATCH_MAX = 2_000
OF_NO_STATE = frozenset({"extension", "meeting"})
"""Aggregates whose facts name States that take part, and that are not records of one."""

FOLDED = frozenset(kind.rpartition(".v")[0].rpartition(".")[0] for kind, fact in FACTS.items() if fact in EVOLVE)
"""Aggregates with a fact that counts, as `<owner>.<aggregate>`; the versions of all their facts are stored."""

OF_FOLDED = tuple(fact for kind, fact in FACTS.items() if kind.rpartition(".v")[0].rpartition(".")[0] in FOLDED)


async def keep(tx: Tx, event: Event, _fact: Fact) -> None:
    """Store a fact that has arrived; it is folded with others a second later."""
    await store.keep(tx, event)


async def fold_arrived(tx: Tx) -> int:
    """Fold arrived facts, at most one batch; return the number folded."""
    if not await store.lock(tx):
        return 0
    events = await store.arrived(tx, limit=BATCH_MAX)
    if not events:
        return 0
    done = await fold(tx, events)
    await store.drop(tx, [event.id for event in done])
    return len(done)


async def fold(tx: Tx, events: Sequence[Event]) -> Sequence[Event]:
    """Fold facts in the order of each aggregate; return those that have been folded, now or before.

    Facts of an aggregate are left out if an earlier one is missing.
    """
    known = await store.rows_of(tx, list({event.aggregate_id for event in events}))
    folded, done = fold_rows(known, events)
    await store.save(tx, folded.values())
    await store.refresh(tx, newest_of(done))
    return done


def fold_rows(known: Mapping[UUID, Known], events: Iterable[Event]) -> tuple[dict[UUID, Known], list[Event]]:
    """Return the rows that these facts change, and the facts that have been folded, now or before; a pure function."""
    folded: dict[UUID, Known] = {}
    done: list[Event] = []
    for event in events:
        one = folded.get(event.aggregate_id) or known.get(event.aggregate_id)
        version = one.version if one else 0
        if event.aggregateversion > version + 1:
            continue
        done.append(event)
        if event.aggregateversion == version + 1 and (fact := decode_fact(event)) is not None:
            folded[event.aggregate_id] = _folded(one, event, fact)
    return folded, done


def _folded(one: Known | None, event: Event, fact: Any) -> Known:
    evolve = EVOLVE.get(type(fact))
    row = one.row if one else None
    return Known(
        event.aggregate_id,
        event.owner,
        getattr(fact, "request_id", None) or (one.group_id if one else event.aggregate_id),
        None if event.aggregate in OF_NO_STATE else _state_of(fact) or (one.state if one else None),
        event.aggregateversion,
        evolve(row, fact, event.time.astimezone(UTC).date()) if evolve else row,
    )


def _state_of(fact: Any) -> str | None:
    """Return the State that asked, or the donor if it is a State; None if there is none, or several States."""
    if hasattr(fact, "states"):
        return str(fact.states[0]) if len(fact.states) == 1 else None
    found: str | None = getattr(fact, "state", None) or getattr(fact, "donor", None)
    return found if found in reference.countries() else None


def by_group(rows: Iterable[Known]) -> Mapping[UUID, list[OfState]]:
    groups: dict[UUID, list[OfState]] = defaultdict(list)
    for one in rows:
        if one.row is not None:
            groups[one.group_id].append(OfState(one.state, one.row))
    return groups


def newest_of(events: Iterable[Event]) -> Mapping[str, datetime]:
    newest: dict[str, datetime] = {}
    for event in events:
        newest[event.owner] = max(event.time, newest.get(event.owner, event.time))
    return newest
