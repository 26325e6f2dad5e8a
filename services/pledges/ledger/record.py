"""Recording of facts: announce a fact, fold it into the tables of its aggregate, and write its entry in the ledger.

Every action of this service that changes something ends here; the rebuild from the journal folds in the same way.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from chassis import clock
from chassis.db.database import Tx
from chassis.journal.outbox import announce_all
from contracts.facts import Event, Fact
from contracts.ledger import ProposalMade
from contracts.refusals import Conflict, Invalid
from contracts.registry import decode_fact
from services.pledges.activities import store as activity_store
from services.pledges.allocations import store as allocation_store
from services.pledges.funds import store as fund_store
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import fiscal_years
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import Entry, entry_of
from services.pledges.money import rate_store
from services.pledges.open_data.imports import store as import_store
from services.pledges.pledge import store as pledge_store
from services.pledges.proposals import store as proposal_store

FOLDS: Mapping[str, Callable[[Tx, Event, Any], Awaitable[None]]] = {
    "activity": activity_store.fold,
    "allocation": allocation_store.fold_allocation,
    "fund": fund_store.fold,
    "import": import_store.fold,
    "in_kind_contribution": in_kind_store.fold,
    "period": fiscal_years.fold,
    "pledge": pledge_store.fold,
    "proposal": proposal_store.fold,
    "rate_table": rate_store.fold,
    "requirement": allocation_store.fold_requirement,
}
"""Maps each aggregate to the function that folds its facts into its tables."""


async def record(tx: Tx, fact: Fact, *, version: int, because: Event | None = None) -> None:
    """Announce a fact and fold it into the tables and the ledger.

    Raises Conflict if the fact takes effect in a closed year, or takes more from a fund or an allocation than it had by
    the value date.
    """
    await record_all(tx, [(fact, version)], because=because)


async def record_all(tx: Tx, facts: Sequence[tuple[Fact, int]], *, because: Event | None = None) -> None:
    """Record several facts, each with its version, by one statement for the journal and one for the ledger."""
    for fact, _ in facts:
        on = getattr(fact, "effective_on", None)
        if on is not None:
            # Consumers move an event of a closed year to the first open year, so it may be later than the fact.
            check_not_ahead(on, fact.time if because is None else max(fact.time, clock.now()))
        if on is not None and not isinstance(fact, ProposalMade):
            await fiscal_years.share_lock_open_years(tx, on)
    events = await announce_all(tx, facts, because=because)
    async with tx.as_service():
        entries = await fold(tx, [(event, fact) for event, (fact, _) in zip(events, facts, strict=True)])
        await _check_days(tx, entries)


async def _check_days(tx: Tx, entries: Sequence[Entry]) -> None:
    """Raise Conflict if an entry makes the balance of its fund or allocation negative, by value date.

    The balance row has only the current balance. Today is checked as well, because receipts may have tomorrow's date.
    Allocations are checked likewise, because a reversed spending returns to them on its own date.
    """
    for entry in entries:
        used = -entry.set_aside_usd_minor
        if used > 0 and entry.allocation_id is not None:
            left = await ledger.lowest_unspent(tx, entry.allocation_id)
            if left < 0:
                raise Conflict("allocation-exceeded", unspent_usd_minor=max(0, left + used))
        taken = -entry.available_usd_minor
        if taken > 0 and entry.effective_on < latest_value_date(entry.recorded_at):
            least = await ledger.lowest_available(tx, entry.fund, since=entry.effective_on)
            if least < 0:
                raise Conflict("balance-exceeded", available_usd_minor=max(0, least + taken))


def check_not_ahead(on: date, now: datetime) -> None:
    """Raise Invalid for a future value date."""
    if on > latest_value_date(now):
        raise Invalid("date-ahead", on=on.isoformat())


def latest_value_date(now: datetime) -> date:
    """Return the latest value date that has begun anywhere: east of Greenwich it is tomorrow already."""
    return now.date() + timedelta(days=1)


async def fold(tx: Tx, facts: Sequence[tuple[Event, Fact]]) -> Sequence[Entry]:
    """Write facts into the tables and the ledger, and return their entries; a rebuild does nothing else."""
    for event, fact in facts:
        await FOLDS[fact.aggregate](tx, event, fact)
    entries = [entry for event, fact in facts if (entry := entry_of(event.id, event.time, fact))]
    if entries:
        await ledger.write_many(tx, entries)
    return entries


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of our own journal into the tables, like the action that announced it."""
    fact = decode_fact(event)
    assert fact is not None, "our own journal holds facts of our own contracts"
    await fold(tx, [(event, fact)])
