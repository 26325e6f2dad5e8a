"""What can be done with funds, pledges and allocations: load for this caller, decide, record.

The edge opens the transaction.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from chassis import clock
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce_all
from contracts.facts import Event, Fact
from contracts.funds import FundGenderMarkerStated, FundOpened, FundRequirementRevised, YearlyRequirement
from contracts.ledger import PeriodClosed, PeriodReopened, ProposalApproved, ProposalMade, ProposalRefused
from contracts.pledges import (
    AllocationMade,
    AllocationReturned,
    AllocationReversed,
    AllocationSpendingReversed,
    AllocationSpent,
    ImportRecorded,
    Instalment,
    Rate,
    RatesLoaded,
    RequirementCancelled,
    RequirementOpened,
    Valuation,
)
from contracts.refusals import Conflict, Invalid, Missing
from contracts.values import Caller, Money
from services.pledges import policy
from services.pledges.activities import model as activities
from services.pledges.activities import store as activity_store
from services.pledges.allocations import model as allocations
from services.pledges.allocations import store as allocation_store
from services.pledges.allocations.model import AllocationStatus
from services.pledges.funds import store as funds
from services.pledges.in_kind import model as in_kind
from services.pledges.in_kind import store as in_kind_store
from services.pledges.ledger import fiscal_years
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import Entry, entry_of
from services.pledges.money import rate_store
from services.pledges.money.model import USD, Validity, read_rate, value
from services.pledges.money.rates_csv import Line
from services.pledges.open_data.imports import store as import_store
from services.pledges.pledge import model, store
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge
from services.pledges.pledge.schedule import at_once, in_order, unconditional
from services.pledges.policy import Action
from services.pledges.proposals import model as proposals
from services.pledges.proposals import store as proposal_store

SALT_BYTES = 16


async def record(tx: Tx, fact: Fact, *, version: int, because: Event | None = None) -> None:
    """Announce a fact and fold it into the tables and the ledger: always these together.

    Raises Conflict for a fact that takes effect in a year whose books are closed, or takes more from a fund, or from
    what was set aside, than this had by its value date.
    """
    await record_all(tx, [(fact, version)], because=because)


async def record_all(tx: Tx, facts: Sequence[tuple[Fact, int]], *, because: Event | None = None) -> None:
    """The same of several facts, each with its version: one statement for the journal, one for the ledger."""
    for fact, _ in facts:
        on = getattr(fact, "effective_on", None)
        if on is not None:
            said_at = next(getattr(fact, name) for name in fact.__struct_fields__ if name.endswith("_at"))
            # What is heard late may be of a year that is closed by now, and takes effect in one that was to come.
            check_not_ahead(on, said_at if because is None else max(said_at, clock.now()))
        if on is not None and not isinstance(fact, ProposalMade):
            await fiscal_years.share_lock_open_years(tx, on)
    events = await announce_all(tx, facts, because=because)
    async with tx.as_service():
        entries = await fold(tx, [(event, fact) for event, (fact, _) in zip(events, facts, strict=True)])
        await _check_days(tx, entries)


async def _check_days(tx: Tx, entries: Sequence[Entry]) -> None:
    """The counter says what there is; what takes effect on an earlier day takes of what there was from that day on.

    Also today: what came may have come with tomorrow's date. So it is with what was set aside, to which what was spent
    by mistake comes back on a day of its own.
    """
    for entry in entries:
        used = -entry.set_aside_usd_minor
        if used > 0 and entry.allocation_id is not None:
            left = await ledger.least_left(tx, entry.allocation_id)
            if left < 0:
                raise Conflict("allocation-exceeded", unspent_usd_minor=max(0, left + used))
        taken = -entry.available_usd_minor
        if taken > 0 and entry.effective_on < last_day(entry.recorded_at):
            least = await ledger.least_available(tx, entry.fund, since=entry.effective_on)
            if least < 0:
                raise Conflict("balance-exceeded", available_usd_minor=max(0, least + taken))


def check_not_ahead(on: date, now: datetime) -> None:
    """Raises Invalid for a value date to come: of it nothing is known."""
    if on > last_day(now):
        raise Invalid("date-ahead", on=on.isoformat())


def last_day(now: datetime) -> date:
    """The last value date that has come: east of Greenwich it is tomorrow already."""
    return now.date() + timedelta(days=1)


async def fold(tx: Tx, told: Sequence[tuple[Event, Fact]]) -> Sequence[Entry]:
    """What facts mean to the tables and to the ledger, the entries; rebuilding from the journal does nothing else."""
    for event, fact in told:
        await _fold_into_tables(tx, event, fact)
    entries = [entry for event, fact in told if (entry := entry_of(event.id, event.time, fact))]
    if entries:
        await ledger.write_many(tx, entries)
    return entries


async def _fold_into_tables(tx: Tx, event: Event, fact: Fact) -> None:
    match fact:
        case FundOpened():
            await funds.open_fund(tx, fact, recorded_at=event.time)
        case FundRequirementRevised():
            await funds.revise_requirement(tx, fact, revision=event.aggregateversion, recorded_at=event.time)
        case FundGenderMarkerStated():
            await funds.state_gender_marker(tx, fact, revision=event.aggregateversion, recorded_at=event.time)
        case RatesLoaded():
            await rate_store.load_rates(tx, fact, loaded_by=event.actorid)
        case ProposalMade() | ProposalApproved() | ProposalRefused():
            assert event.actorid is not None, "somebody proposes and somebody decides"
            proposed = await proposal_store.locked(tx, fact.proposal_id)
            await proposal_store.save(tx, proposals.evolve(proposed, fact, by=event.actorid))
        case PeriodClosed():
            await fiscal_years.save_closed(tx, fact)
        case PeriodReopened():
            await fiscal_years.save_reopened(tx, fact)
        case RequirementOpened():
            await allocation_store.add_requirement(tx, allocations.opened(fact))
        case RequirementCancelled():
            await allocation_store.cancel_requirement(tx, fact.requirement_id)
        case AllocationMade():
            await allocation_store.add_allocation(tx, allocations.allocated(fact))
            if fact.requirement_id is not None:
                await allocation_store.cover(tx, fact.requirement_id, fact.usd_minor)
        case AllocationReturned():
            await allocation_store.end_allocation(tx, fact.allocation_id, AllocationStatus.RETURNED)
            if fact.requirement_id is not None:
                await allocation_store.cover(tx, fact.requirement_id, -fact.usd_minor)
        case ImportRecorded():
            await import_store.add(tx, fact)
        case AllocationReversed():
            await allocation_store.end_allocation(tx, fact.allocation_id, AllocationStatus.REVERSED)
            if fact.requirement_id is not None:
                await allocation_store.cover(tx, fact.requirement_id, -fact.usd_minor)
        case AllocationSpent():
            await allocation_store.spend(tx, fact.allocation_id, fact.usd_minor)
        case AllocationSpendingReversed():
            await allocation_store.spend(tx, fact.allocation_id, -fact.usd_minor)
            if fact.returned and fact.requirement_id is not None:
                await allocation_store.cover(tx, fact.requirement_id, -fact.usd_minor)
        case _ if fact.aggregate == "in_kind_contribution":
            declared = await in_kind_store.locked(tx, event.aggregate_id)
            await in_kind_store.save(tx, in_kind.evolve(declared, fact))
        case _ if fact.aggregate == "activity":
            planned = await activity_store.locked(tx, event.aggregate_id)
            await activity_store.save(tx, activities.evolve(planned, fact))
        case _ if fact.aggregate == "pledge":
            before = await store.locked_pledge(tx, event.aggregate_id)
            await store.save_pledge(tx, evolve(before, fact))
        case _:
            raise AssertionError(f"{fact.type} is not a fact of pledges")


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of our own journal into the tables, as the action that announced it did."""
    fact = event.fact()
    assert fact is not None, "our own journal holds facts of our own contracts"
    await fold(tx, [(event, fact)])


def hash_texts(texts: object) -> tuple[bytes, str]:
    """A new salt, and the hash by which the journal names these words without telling them."""
    salt = secrets.token_bytes(SALT_BYTES)
    return salt, hashlib.sha256(salt + msgspec.json.encode(texts)).hexdigest()


# -- funds and rates --------------------------------------------------------------------------------------------------


async def open_fund(
    tx: Tx,
    code: str,
    labels: funds.Labels,
    requirements: tuple[YearlyRequirement, ...],
    *,
    gender_marker: int | None = None,
    now: datetime,
) -> None:
    """Raises Conflict where the fund is open already, or for a need in a year whose books are closed."""
    if await funds.is_open(tx, code):
        raise Conflict("fund-open-already", fund=code)
    for requirement in requirements:
        await fiscal_years.share_lock_open_years(tx, date(requirement.year, 12, 31))
    salt, texts_hash = hash_texts(labels)
    fact = allocations.open_fund(code, requirements, texts_hash, gender_marker=gender_marker, now=now)
    await record(tx, fact, version=1)
    await funds.save_labels(tx, code, labels, salt)


async def revise_requirement(
    tx: Tx, code: str, requirement: YearlyRequirement, reason: str, *, expected: int, now: datetime
) -> None:
    """State anew what a fund needs in a year. Raises Conflict for a year whose books are closed."""
    revision = await funds.hold(tx, code)
    check_revision(revision, expected)
    await fiscal_years.share_lock_open_years(tx, date(requirement.year, 12, 31))
    before = await funds.needed(tx, code, requirement.year, requirement.work_package)
    fact = allocations.revise_requirement(code, requirement, reason, before_usd_minor=before, now=now)
    await record(tx, fact, version=revision + 1)


async def state_gender_marker(
    tx: Tx, code: str, work_package: str | None, gender_marker: int | None, *, expected: int, now: datetime
) -> None:
    """State how far a fund, or a work package of it, is for the equality of women and men."""
    revision = await funds.hold(tx, code)
    check_revision(revision, expected)
    fact = allocations.state_gender_marker(code, work_package, gender_marker, now=now)
    await record(tx, fact, version=revision + 1)


async def load_rates(tx: Tx, rate_table_id: UUID, table: tuple[Rate, ...], *, now: datetime) -> None:
    """Raises Conflict for a rate that says otherwise than the one of its day, Invalid for one that is no rate."""
    for rate in table:
        if read_rate(rate.usd_per_unit) != 1 and rate.currency == USD:
            raise Conflict("rate-differs", currency=USD, valid_from=rate.valid_from.isoformat())
    await record(tx, RatesLoaded(rate_table_id=rate_table_id, rates=table, loaded_at=now), version=1)


async def load_lines(tx: Tx, rate_table_id: UUID, lines: tuple[Line, ...], *, now: datetime) -> None:
    """The rates of a file. Raises Conflict with every line that says otherwise than what its source said before."""
    table = tuple(line.rate for line in lines)
    if others := await rate_store.differing(tx, table):
        raise Conflict("rate-differs", lines=[{"line": lines[at].number, "slug": "rate-differs"} for at in others])
    await load_rates(tx, rate_table_id, table, now=now)


async def worth(tx: Tx, money: Money, on: date, validity: Validity) -> Valuation:
    """What an amount is worth on its value date. Raises Mismatch where no rate is in force."""
    return value(money, on, await rate_store.candidates_of(tx, money.currency, on, validity), validity)


async def require_fund(tx: Tx, fund: str) -> None:
    """Raises Invalid for a fund that is not open."""
    if not await funds.is_open(tx, fund):
        raise Invalid("unknown-code", field="fund", code=fund)


# -- pledges ----------------------------------------------------------------------------------------------------------


async def pledge(
    tx: Tx,
    pledge_id: UUID,
    fund: str,
    money: Money,
    earmarking: Earmarking,
    note: str,
    *,
    donor: str,
    requirement_id: UUID | None = None,
    import_id: UUID | None = None,
    import_line: int | None = None,
    on: date,
    validity: Validity,
    now: datetime,
) -> None:
    """A new pledge, for a requirement where one is named: the edge asks who sees it; of a flow where one is."""
    await require_fund(tx, fund)
    if requirement_id is not None:
        async with tx.as_service():
            requirement = await allocation_store.locked_requirement(tx, requirement_id)
        if requirement is None:
            raise Missing("not-found")
        requirement.require_gap()
    valuation = await worth(tx, money, on, validity)
    salt, texts_hash = hash_texts(note)
    fact = model.pledge(
        pledge_id,
        fund,
        money,
        valuation,
        earmarking,
        texts_hash,
        donor=donor,
        requirement_id=requirement_id,
        import_id=import_id,
        import_line=import_line,
        on=on,
        now=now,
    )
    await record(tx, fact, version=1)
    await store.save_note(tx, pledge_id, note, salt)


async def reword(tx: Tx, pledge_id: UUID, note: str, *, caller: Caller, expected: int, now: datetime) -> None:
    """Another note; what the pledge said before is forgotten."""
    before = await for_move(tx, pledge_id, Action.REWORD, caller, expected)
    salt, texts_hash = hash_texts(note)
    await record(tx, before.reword(texts_hash, now=now), version=before.revision + 1)
    await store.save_note(tx, pledge_id, note, salt)


async def move(
    tx: Tx, pledge_id: UUID, action: Action, decide: Callable[[Pledge], Fact], *, caller: Caller, expected: int
) -> None:
    """One move of the table in `domain` that brings in no money."""
    before = await for_move(tx, pledge_id, action, caller, expected)
    await record(tx, decide(before), version=before.revision + 1)


async def commit(
    tx: Tx,
    pledge_id: UUID,
    support_cost_basis_points: int,
    *,
    agreement: str | None,
    schedule: tuple[Instalment, ...],
    on: date,
    validity: Validity,
    caller: Caller,
    expected: int,
    now: datetime,
) -> None:
    """An agreement over the pledge, at the rate of its own day; without instalments all of it is due at once."""
    before = await for_move(tx, pledge_id, Action.COMMIT, caller, expected)
    before.require("commit")
    check_not_ahead(on, now)
    parts = in_order(schedule) or at_once(before.minor, on)
    valuation = await worth(tx, Money(minor=unconditional(parts), currency=before.currency), on, validity)
    fact = before.commit(valuation, support_cost_basis_points, agreement=agreement, schedule=parts, on=on, now=now)
    await record(tx, fact, version=before.revision + 1)


async def receive(
    tx: Tx,
    pledge_id: UUID,
    money: Money,
    *,
    settles: Money | None,
    charges_minor: int,
    on: date,
    validity: Validity,
    caller: Caller,
    expected: int,
    now: datetime,
) -> None:
    """Cash for an agreement: from now on the fund can allocate it.

    `settles` is what it settles of the agreement, where the cash came in another currency; nothing is converted here.
    """
    before = await for_move(tx, pledge_id, Action.RECEIVE, caller, expected)
    before.require("receive")
    valuation = await worth(tx, money, on, validity)
    charges = Money(minor=charges_minor, currency=money.currency) if charges_minor else None
    fact = before.receive(
        settles or money,
        valuation,
        cash=money if settles else None,
        charges=charges,
        charges_usd_minor=(await worth(tx, charges, on, validity)).usd_minor if charges else 0,
        on=on,
        now=now,
    )
    await record(tx, fact, version=before.revision + 1)


async def for_move(tx: Tx, pledge_id: UUID, action: Action, caller: Caller, expected: int) -> Pledge:
    """The pledge, held until the transaction ends, for whoever may make this move of it."""
    pledge = await store.get_pledge(tx, pledge_id, caller, lock=True)
    policy.decide(caller, action, pledge).required()
    check_revision(pledge.revision, expected)
    return pledge
