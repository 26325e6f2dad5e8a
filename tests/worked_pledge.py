"""The pledge at the beginning of docs/ledger.md, calculated by the rules that record every pledge."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import Rate, Valuation
from contracts.values import Money
from services.pledges.allocations import model as allocations
from services.pledges.allocations.model import Spending
from services.pledges.ledger.postings import Entry, entry_of
from services.pledges.money.model import value
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import pledge
from services.pledges.pledge.schedule import single_instalment

FUND = "SHERLOC-MNT"
PLEDGED_ON, SIGNED_ON, RECEIVED_ON, SPENT_ON = (date(2026, month, 15) for month in (2, 3, 4, 5))
AMOUNT = Money(minor=100_000_00, currency="EUR")
RATES = [
    Rate(source="fictitious", currency="EUR", valid_from=on, usd_per_unit=rate)
    for on, rate in ((PLEDGED_ON, "1.1569"), (SIGNED_ON, "1.1523"), (RECEIVED_ON, "1.1442"))
]
SUPPORT_COST_BASIS_POINTS = 1300
ALLOCATED_USD_MINOR, SPENT_USD_MINOR = 60_000_00, 12_000_00
HEADINGS = ("entry", "book", "account", "EUR", "USD")
ID = UUID(int=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def entries() -> list[Entry]:
    """List the entries of the facts, in order."""
    made = (entry_of(UUID(int=number), NOW, fact) for number, fact in enumerate(facts(), 1))
    return [entry for entry in made if entry is not None]


def facts() -> Iterator[Fact]:
    donated: Fact = pledge(
        ID, FUND, AMOUNT, worth(PLEDGED_ON), Earmarking.EARMARKED, "hash", donor="NOR", on=PLEDGED_ON, now=NOW
    )
    yield donated
    record = evolve(None, donated)
    parts = single_instalment(AMOUNT.minor, SIGNED_ON)
    signed = record.commit(
        worth(SIGNED_ON), SUPPORT_COST_BASIS_POINTS, agreement=None, schedule=parts, on=SIGNED_ON, now=NOW
    )
    yield signed
    received = evolve(record, signed).receive(AMOUNT, worth(RECEIVED_ON), on=RECEIVED_ON, now=NOW)
    yield received
    net = received.valuation.usd_minor - received.support_cost_usd_minor
    allocated = allocations.allocate(
        ID, FUND, ALLOCATED_USD_MINOR, "hosting", available_usd_minor=net, fund_donors=(), on=RECEIVED_ON, now=NOW
    )
    yield allocated
    yield allocations.allocated(allocated).spend(SPENT_USD_MINOR, Spending.EXPENDITURE, on=SPENT_ON, now=NOW)


def worth(on: date) -> Valuation:
    return value(AMOUNT, on, RATES)


def table() -> str:
    """Return the entries as a Markdown table, with one row per posting."""
    rows: list[Sequence[str]] = [HEADINGS, ("---", "---", "---", "---:", "---:")]
    for entry in entries():
        name = f"`{entry.type}` {entry.effective_on}"
        for one in entry.postings:
            euros = amount(one.minor) if one.currency == "EUR" else ""
            rows.append((name, one.book, f"`{one.account}`", euros, amount(one.usd_minor)))
            name = ""
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def amount(minor: int) -> str:
    """Format an amount with a true minus sign, at which no line of the table breaks."""
    return f"{minor / 100:,.2f}".replace("-", "−")
