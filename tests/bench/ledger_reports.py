"""Reports as of a time over a fund of very many postings, each made as its route makes it; and the fund's contents.

Half of the money that came to the fund is of one donor, the rest of three hundred, each with agreements of its own.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID, uuid5

import asyncpg
import msgspec

from chassis.db.database import Database, Tx
from chassis.ids import new_id
from contracts.facts import Event, Fact
from contracts.pledges import Instalment, PledgeCommitted, PledgePledged, Valuation
from contracts.refusals import Conflict
from contracts.registry import decode_fact
from contracts.values import Caller, Money, Role
from services.pledges.funds import store as funds
from services.pledges.funds import views as fund_views
from services.pledges.ledger import balances
from services.pledges.ledger import store as ledger
from services.pledges.ledger.postings import entry_of
from services.pledges.money.model import PAR, USD
from services.pledges.open_data.flows import store as flow_store
from services.pledges.open_data.flows.api import TABLE_ROWS_MAX
from services.pledges.open_data.flows.model import Boundary, FlowType
from services.pledges.open_data.flows.store import Filters
from services.pledges.open_data.iati import store as iati_store
from services.pledges.open_data.iati.published import TRANSACTIONS_MAX, activities
from services.pledges.open_data.iati.writing import write
from services.pledges.pledge import store
from services.pledges.statements import store as statement_store
from services.pledges.statements.model import statement_of
from tests.bench import ledger_writer
from tests.bench.figures import percentile
from tests.bench.ledger_writer import DAY, NAMESPACE

DONORS = [f"S{number:03}" for number in range(300)]
"""Fictitious donors, all with the same number of agreements."""

LARGEST_DONOR = ledger_writer.DONOR
LOAD_BATCH = 2000
INSTALMENTS = 3
COMMITTED = 300_000
FINANCE = Caller(person_id=UUID(int=1), organization="UNODC", role=Role("finance_officer"))
REPORTER = "XM-DAC-41128"

_FACTS = """
    INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
    SELECT event_id, 'pledge', aggregate_id, version, type, $6, event::json
    FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[])
        AS f(event_id, aggregate_id, version, type, event)
"""
_AGREEMENTS = """
    INSERT INTO pledge (pledge_id, donor, fund, status, revision, minor, currency, earmarking, pledged_on, pledged_at,
        usd_minor, rate, rate_source, rate_date, texts_hash, open_usd_minor, receipts, received_minor,
        received_usd_minor, support_cost_usd_minor, charges_usd_minor, relieved_usd_minor, written_off_minor,
        refunded_minor, refunded_usd_minor, carried_over_usd_minor, committed_on, committed_usd_minor, committed_rate,
        committed_rate_source, committed_rate_date, support_cost_basis_points, recognized_minor)
    SELECT pledge_id, donor, $3, 'committed', 2, $5, 'USD', 'unearmarked', $4, now(), $5, '1', 'par', $4, '',
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $4, $5, '1', 'par', $4, 0, $5
    FROM unnest($1::uuid[], $2::text[]) AS f(pledge_id, donor)
"""
_OPENED = """
    INSERT INTO journal (event_id, aggregate, aggregate_id, version, type, recorded_at, event)
    SELECT gen_random_uuid(), 'fund', fund_id, 1, 'pledges.fund.opened.v1', clock_timestamp(), '{}' FROM fund
    WHERE fund = ANY ($1::text[])
"""


# -- the fund's contents ----------------------------------------------------------------------------------------------


async def load(url: str, fund: str, postings: int, agreements: int = 0) -> None:
    """Write `postings` postings of entries as `ledger_writer` makes them, and `agreements` agreements before them."""
    connection = await ledger_writer.connect(url)
    await connection.execute(_OPENED, [fund])
    await _agree(connection, fund, agreements)
    chance = random.Random(0)
    for start in range(0, postings // ledger_writer.POSTINGS, LOAD_BATCH):
        size = min(LOAD_BATCH, postings // ledger_writer.POSTINGS - start)
        entries = ledger_writer.batch([fund], size, chance)
        for place, entry in enumerate(entries):
            if agreements and entry.donor and chance.random() < 0.5:
                of = chance.randrange(agreements)
                entries[place] = msgspec.structs.replace(entry, donor=_donor_of(of), pledge_id=_agreement(fund, of))
        await ledger.write_many(cast(Tx, connection), entries)
    await connection.execute("RESET ROLE")
    await connection.execute("ANALYZE pledges.entry, pledges.journal, pledges.pledge")
    await connection.close()


def _agreement(fund: str, number: int) -> UUID:
    return uuid5(NAMESPACE, f"{fund} agreement {number}")


def _donor_of(number: int) -> str:
    return DONORS[number % len(DONORS)]


async def _agree(connection: asyncpg.Connection, fund: str, count: int) -> None:
    """Write `count` agreements with an instalment in each of three years: their rows, facts and entries."""
    for start in range(0, count, LOAD_BATCH):
        numbers = range(start, min(count, start + LOAD_BATCH))
        now = datetime.now(UTC)
        events = [event for number in numbers for event in _agreed(fund, number, now)]
        ids = [_agreement(fund, number) for number in numbers]
        await connection.execute(_AGREEMENTS, ids, [_donor_of(number) for number in numbers], fund, DAY, COMMITTED)
        await connection.execute(
            _FACTS,
            [event.id for event in events],
            [UUID(event.subject.partition("/")[2]) for event in events],
            [event.aggregateversion for event in events],
            [event.type for event in events],
            [msgspec.json.encode(event).decode() for event in events],
            now,
        )
        facts = [(event, decode_fact(event)) for event in events]
        entries = [entry_of(event.id, now, fact) for event, fact in facts if fact is not None]
        await ledger.write_many(cast(Tx, connection), [entry for entry in entries if entry is not None])


def _agreed(fund: str, number: int, now: datetime) -> Sequence[Event]:
    about: dict[str, Any] = {
        "pledge_id": _agreement(fund, number),
        "donor": _donor_of(number),
        "fund": fund,
        "money": Money(minor=COMMITTED, currency=USD),
        "valuation": Valuation(usd_minor=COMMITTED, rate="1", rate_source=PAR, rate_date=DAY),
        "effective_on": DAY,
    }
    first = DAY.year + number % 5
    parts = tuple(
        Instalment(due_on=date(first + year, 6, 30), minor=COMMITTED // INSTALMENTS) for year in range(INSTALMENTS)
    )
    facts: tuple[Fact, ...] = (
        PledgePledged(**about, earmarking="unearmarked", texts_hash="", pledged_at=now),
        PledgeCommitted(
            **about,
            support_cost_basis_points=0,
            committed_at=now,
            schedule=parts,
            recognized_minor=COMMITTED,
            pledged_usd_minor=COMMITTED,
        ),
    )
    return [
        Event(
            specversion="1.0",
            id=new_id(),
            source="/pledges",
            type=fact.type,
            subject=f"{fact.aggregate}/{fact.aggregate_id}",
            time=now,
            aggregateversion=version,
            correlationid="bench",
            datacontenttype="application/json",
            data=msgspec.Raw(msgspec.json.encode(fact)),
        )
        for version, fact in enumerate(facts, 1)
    ]


# -- reports ----------------------------------------------------------------------------------------------------------

Times = tuple[float, float]


async def timed(ask: Callable[[], Awaitable[Any]], times: int) -> Times:
    """Return the milliseconds of a call, p50 and p99."""
    taken = []
    for _ in range(times):
        asked = time.perf_counter()
        await ask()
        taken.append(time.perf_counter() - asked)
    return percentile(taken, 0.5) * 1000, percentile(taken, 0.99) * 1000


class Reports:
    """Reports over one fund as at any moment from `began` to `final_until`; fund `published` has a full file."""

    def __init__(self, db: Database, fund: str, published: str, began: datetime, final_until: datetime) -> None:
        self._db = db
        self._fund = fund
        self._published = published
        self._began = began
        self._final_until = final_until
        self._chance = random.Random(1)

    async def taken(self, times: int) -> dict[str, Times]:
        """Return the time of each report, called `times` times; the largest of its kind comes first."""
        reports: dict[str, Callable[[], Awaitable[Any]]] = {
            "balances of a donor of a quarter of the entries": lambda: self._balances(LARGEST_DONOR),
            "balances of one of three hundred donors": lambda: self._balances(self._chance.choice(DONORS)),
            "a donor's statement, as data": lambda: self._statement(self._chance.choice(DONORS)),
            "a fund's years": self._years,
            "a page of flows": lambda: self._flows(Filters()),
            "a page of incoming flows of the fund": lambda: self._flows(
                Filters(fund=self._fund, boundary=Boundary.INCOMING)
            ),
            "a page of flows of a donor": lambda: self._flows(Filters(donor=self._chance.choice(DONORS))),
            "a page of parked flows": lambda: self._flows(Filters(flow_type=FlowType.PARKED)),
            "the refusal of a too long table of flows": self._refused_table,
            f"an IATI file of {TRANSACTIONS_MAX:,} transactions": self._file,
            "the refusal of a too large IATI file": self._refused_file,
        }
        return {name: await timed(report, times) for name, report in reports.items()}

    def _moment(self) -> datetime:
        return self._began + (self._final_until - self._began) * self._chance.random()

    async def _balances(self, donor: str) -> None:
        async with self._db.transaction(by=FINANCE) as tx, tx.as_service():
            await balances.balances(tx, as_of=self._moment(), donor=donor)

    async def _statement(self, donor: str) -> None:
        moment = self._moment()
        ends = moment.date()
        async with self._db.transaction(by=FINANCE) as tx:
            found = await statement_store.promises(tx, FINANCE, donor, fund=None, ends=ends, as_of=moment)
            entries = await statement_store.recorded(tx, FINANCE, found, ends=ends, as_of=moment)
            in_kind = await statement_store.in_kind(tx, FINANCE, donor, fund=None, as_of=moment)
            codes = await statement_store.funds_of(tx, FINANCE, found, as_of=moment)
            async with tx.as_service():
                # The moment may be before anything of this donor was recorded.
                fund_balances = await statement_store.fund_balances(tx, codes or [self._fund], ends=ends, as_of=moment)
        statement_of(
            donor, found, entries, fund_balances, in_kind, starts=None, ends=ends, as_of=moment, funds_as_of=moment
        )

    async def _years(self) -> None:
        moment = self._moment()
        async with self._db.transaction(by=FINANCE) as tx:
            (fund,) = await funds.funds(tx, only=self._fund, as_of=self._final_until)
            async with tx.as_service():
                moved = await balances.progress_by_year(tx, self._fund, as_of=moment)
                agreed = await store.committed_by_year(tx, self._fund, as_of=moment)
        fund_views.years_view(fund, agreed, moved, as_of=moment)

    async def _flows(self, filters: Filters) -> None:
        filters = msgspec.structs.replace(filters, as_of=self._moment())
        async with self._db.transaction(by=FINANCE) as tx:
            rows = await flow_store.rows(tx, FINANCE, filters, before=None, limit=51)
        for row in rows:
            flow_store.flow(row)

    async def _refused_table(self) -> None:
        async with self._db.transaction(by=FINANCE) as tx:
            await flow_store.count(tx, FINANCE, Filters(as_of=self._moment()), up_to=TABLE_ROWS_MAX + 1)

    async def _file(self) -> None:
        async with self._db.transaction(by=FINANCE) as tx:
            reported = await iati_store.ledger_of(tx, self._published, FINANCE, as_of=self._final_until)
        await asyncio.to_thread(
            lambda: write(activities(reported, reporter=REPORTER), generated_at=self._final_until).decode()
        )

    async def _refused_file(self) -> None:
        async with self._db.transaction(by=FINANCE) as tx:
            try:
                await iati_store.ledger_of(tx, self._fund, FINANCE, as_of=self._final_until)
            except Conflict:
                return
