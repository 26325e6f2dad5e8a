"""The base of the ledger's state machine: the latest known records, and the drawing of the next operation."""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from msgspec import Struct

from chassis import clock
from services.pledges.ledger.snapshots import Finality
from services.pledges.wiring import close_and_write_snapshots
from tests.conftest import Servers
from tests.pledges.ledger.count import Change, Count
from tests.pledges.ledger.driven_ledger import DrivenLedger
from tests.pledges.ledger.steps import BALANCES, Trial, check_books, trial_of
from tests.pledges.steps import LAST_YEAR

T = TypeVar("T")
Record = dict[str, Any]

FIRST_YEAR, THIS_YEAR = LAST_YEAR - 1, LAST_YEAR + 1
FIRST_DAY = date(FIRST_YEAR, 1, 1)
MOMENTS_KEPT = 3
LISTED = "?limit=100"
REPORTED_AS_OF = (
    BALANCES,
    f"{BALANCES}?until={LAST_YEAR}-12-31",
    f"/v1/funds{LISTED}",
    "/v1/funds/SHERLOC-MNT/years",
    f"/v1/ledger/entries{LISTED}",
)
ENTRIES_AT_ONCE = 100
INVARIANTS_EACH = 4
"""Number of facts after which the invariants are checked: at each fact it would take a quarter of the time."""


def about(entry: Record) -> str:
    return str(entry["allocation_id"] or entry["pledge_id"])


Do = Callable[[Any, Any], Coroutine[Any, Any, None]]


class Operation(Struct, frozen=True):
    """An operation on any of the records `of`; a higher weight makes it more frequent."""

    of: Callable[[Any], Sequence[Any]]
    do: Do
    weight: int


OPERATIONS: dict[str, Operation] = {}


def operation(of: Callable[[Any], Sequence[Any]], weight: int = 2) -> Callable[[Do], Do]:
    def marked(do: Do) -> Do:
        OPERATIONS[do.__name__.replace("_", " ")] = Operation(of, do, weight)
        return do

    return marked


class Machine(RuleBasedStateMachine):
    """The running service and all known records."""

    servers: Servers
    template: str
    done: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.ledger, self.count = DrivenLedger(self.servers, self.template), Count()
        self.funds: dict[str, Record] = {}
        self.pledges: dict[str, Record] = {}
        self.said: dict[str, Record] = {}
        """The donor's statements on each pledge, which change only by rewording or a released earmark."""
        self.allocations: dict[str, Record] = {}
        self.activities: dict[str, Record] = {}
        self.requirements: dict[str, Record] = {}
        self.in_kind: dict[str, Record] = {}
        self.proposals: dict[str, Record] = {}
        self.matches: dict[str, Record] = {}
        self.purpose_of: dict[str, str] = {}
        self.trials: dict[int, Any] = {}
        """The trial balance of each closed year when it was closed."""
        self.closed_years: dict[tuple[str, int], Record] = {}
        self.ever_closed: set[int] = set()
        self.kept: list[tuple[str, dict[str, bytes]]] = []
        self.closed: Finality | None = None
        self.seen = 0
        self.begun = False
        self.steps = 0
        self.sound = True

    def teardown(self) -> None:
        try:
            if self.sound:
                self.run(self.check_at_the_end())
        finally:
            self.ledger.stop()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        sound, self.sound = self.sound, False
        self.ledger.run(work)
        self.sound = sound

    # -- drawing -----------------------------------------------------------------------------------------------------

    draw: Callable[..., Any]

    def pick(self, some: Iterable[T]) -> T:
        """Draw by index, so that failing examples are short."""
        among = list(some)
        if isinstance(among[0], dict | Struct):
            return among[self.draw(st.integers(0, len(among) - 1))]
        return self.draw(st.sampled_from(among))

    def seldom(self, of: int = 15) -> bool:
        return bool(self.draw(st.integers(1, of)) == of)

    def any_of(self, records: dict[str, Record], *states: str) -> list[Record]:
        return [one for one in records.values() if one["status"] in states]

    def this_or_any(self, one: Record, records: dict[str, Record]) -> Record:
        """Return the suitable record, or sometimes any other."""
        return self.pick(records.values()) if self.seldom() else one

    def revision(self, one: Record) -> int:
        return int(one["revision"]) - (self.begun and self.seldom(30))

    def amount(self, most: int) -> int:
        """Draw a part or all of the amount; sometimes more, or zero."""
        kind = self.pick(["part"] * 8 + ["all"] * 5 + ["more", "none"])
        if kind == "all" and most > 0:
            return most
        if kind == "more":
            return max(0, most) + self.draw(st.integers(1, 1000))
        return 0 if kind == "none" else self.draw(st.integers(1, max(1, most)))

    def day(self, since: str | date = FIRST_DAY, *, or_closed: bool = False) -> date:
        """Draw a day from that day on, in an open year or, with `or_closed`, in any year.

        Sometimes the day is earlier, or in the future.
        """
        if isinstance(since, str):
            since = date.fromisoformat(since)
        if or_closed and self.seldom(2):
            return since
        first, today = max(since, FIRST_DAY if or_closed else self.open_from, FIRST_DAY), self.today
        if first > today:
            return first
        kind = self.draw(st.integers(0, 25))
        if kind == 25:
            return today + timedelta(days=self.draw(st.integers(1, 2)))
        if kind == 24:
            return first - timedelta(days=self.draw(st.integers(1, 400)))
        # Deterministic: a part of the period, in thousandths.
        return today - timedelta(days=self.draw(st.integers(0, 999)) * ((today - first).days + 1) // 1000)

    # -- state ------------------------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        return clock.now().date()

    @property
    def open_from(self) -> date:
        if self.trials:
            return date(max(self.trials) + 1, 1, 1)
        return date(min(self.ever_closed, default=2000), 1, 1)

    async def send(self, what: str, path: str, by: str, one: Record | None = None, **body: Any) -> Record | None:
        """Return the record after the command, if it succeeded; `one` is the changed record."""
        revision = None if one is None else self.revision(one)
        said = {name: value.isoformat() if isinstance(value, date) else value for name, value in body.items()}
        answer = await self.ledger.send(path, by, revision=revision, **said)
        if answer is not None:
            self.done[what] += 1
        return answer

    async def send_file(self, what: str, path: str, by: str, content: bytes, kind: Mapping[str, str]) -> Record | None:
        """Like `send`, with a file as body."""
        answer = await self.ledger.send_file(path, by, content, kind)
        if answer is not None:
            self.done[what] += 1
        return answer

    async def follow(self, *awaited: tuple[str, str, str, Change], open_from: date | None = None) -> None:
        """Check that the new entries are the expected ones, and read again the records that they are about."""
        for one in awaited:
            self.count.wait_for(*one)
        new = await self._entries_since()
        self.count.follow(new, self.purpose_of, open_from=open_from or self.open_from)
        for pledge_id in {one["pledge_id"] for one in new} - {None}:
            await self.look_at(pledge_id)
        for allocation_id in {one["allocation_id"] for one in new} - {None}:
            self.allocations[allocation_id] = await self.ledger.get(f"/v1/allocations/{allocation_id}")

    async def look_at(self, pledge_id: str) -> None:
        self.pledges[pledge_id] = reported = await self.ledger.get(f"/v1/pledges/{pledge_id}")
        said = self.said[pledge_id]
        assert said == {name: reported[name] for name in said}, "the donor's statements on a pledge have not changed"

    async def _entries_since(self) -> list[Record]:
        """Return new entries, oldest first; entries of one command are in a deterministic order."""
        found = (await self.ledger.get(f"/v1/ledger/entries?limit={ENTRIES_AT_ONCE}"))["entries"]
        new = [one for one in found if one["entry_id"] not in self.count.entries]
        assert len(new) < ENTRIES_AT_ONCE
        # Ids within one millisecond are unordered; a return caused by a reversal follows it.
        return sorted(new, key=lambda one: (one["recorded_at"], one["type"] != "reversed", one["fund"], about(one)))

    # -- checks -----------------------------------------------------------------------------------------------------

    async def check(self) -> None:
        """Check all invariants; without new entries the last check is still valid."""
        written = await self.ledger.written()
        if written == self.seen:
            return
        self.seen = written
        assert [] == await self._entries_since(), "no entry is unexpected"
        held = (await self.ledger.get(BALANCES))["balances"]
        stood = {
            (one["fund"], one["book"], one["account"], one["currency"]): (one["minor"], one["usd_minor"])
            for one in held
            if one["minor"] or one["usd_minor"]
        }
        assert stood == trial_of(list(self.count.entries.values()))
        check_books(stood)
        for fund in (await self.ledger.get(f"/v1/funds{LISTED}"))["funds"]:
            self.funds[fund["code"]] = fund
            self.count.check_fund(fund, self.pledges)
            years = (await self.ledger.get(f"/v1/funds/{fund['code']}/years"))["years"]
            self.count.check_years(fund, years, self.pledges.values())
            self._check_closed(fund["code"], years)
        self.count.check_days(self.today)
        self._check_cash(stood)
        await self.ledger.check_books()
        if written % INVARIANTS_EACH == 0:
            await self.ledger.check_invariants(self.count)
        await self._check_purposes()
        for year, trial in self.trials.items():
            assert trial == await self.trial(year), f"f'the trial balance of the closed year {year} has changed'"
        if self.kept:
            await self.check_kept(*self.kept[written % len(self.kept)])

    def _check_cash(self, stood: Trial) -> None:
        """Check that cash is held in the currency in which it was received."""
        cash = {
            (fund, f"cash {currency}"): minor
            for (fund, _, account, currency), (minor, _) in stood.items()
            if account == "cash" and minor
        }
        assert cash == self.count.of_cash()

    def _check_closed(self, fund: str, years: Sequence[Record]) -> None:
        """Check that figures of a closed year are still those of its closing."""
        for one in years:
            if one["year"] not in self.trials:
                self.closed_years.pop((fund, one["year"]), None)
            else:
                assert one == self.closed_years.setdefault((fund, one["year"]), one)

    async def _check_purposes(self) -> None:
        for one in (await self.ledger.get(f"/v1/activities{LISTED}"))["activities"]:
            self.count.check_purpose(one["activity_id"], one)
            self.activities[one["activity_id"]] = one
        for one in (await self.ledger.get(f"/v1/requirements{LISTED}"))["requirements"]:
            requirement_id = one["requirement_id"]
            assert self.count[requirement_id, "allocated"] == one["covered_usd_minor"] <= one["usd_minor"]
            assert one["status"] == self.requirements[requirement_id]["status"]
            self.requirements[requirement_id] = one

    async def trial(self, year: int) -> Any:
        return (await self.ledger.get(f"{BALANCES}?until={year}-12-31"))["balances"]

    async def keep(self) -> None:
        """Store the reports as of this moment, to compare them later."""
        moment = (await self.ledger.get(BALANCES))["as_of"].replace("+", "%2B")
        reported = {path: await self.ledger.read(self._as_of(path, moment)) for path in REPORTED_AS_OF}
        self.kept = [*self.kept, (moment, reported)][-MOMENTS_KEPT:]

    async def check_kept(self, moment: str, reported: dict[str, bytes]) -> None:
        for path, before in reported.items():
            assert before == await self.ledger.read(self._as_of(path, moment)), f"{path} as at {moment} has changed"

    @staticmethod
    def _as_of(path: str, moment: str) -> str:
        return f"{path}{'&' if '?' in path else '?'}as_of={moment}"

    async def close_and_write_snapshots(self) -> None:
        self.closed = await close_and_write_snapshots(self.ledger.db, self.closed)

    async def check_at_the_end(self) -> None:
        for moment, reported in self.kept:
            await self.check_kept(moment, reported)
        for pledge_id in self.pledges:
            await self.look_at(pledge_id)
        await self.ledger.check_books()
        await self.ledger.check_invariants(self.count)
        await self.ledger.check_journal()
        seen = {one["proposal_id"]: one for one in (await self.ledger.get(f"/v1/proposals{LISTED}"))["proposals"]}
        assert {key: one["status"] for key, one in self.proposals.items()} == {k: v["status"] for k, v in seen.items()}
        assert all(one["decided_by"] != one["proposed_by"] for one in seen.values() if one["status"] == "approved")
