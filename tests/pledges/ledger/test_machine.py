"""All operations on the ledger over HTTP, in any order and often invalid, compared with independent counts.

After each step the books balance, every figure of every fund, work package, activity and requirement is as counted,
closed years and reports as of a moment are unchanged, and refused commands have changed nothing.
"""

import re
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test

from contracts.directory import PersonErased
from contracts.facts import Fact
from contracts.funds import WORK_PACKAGES
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.packages import PackageConfirmed
from contracts.results import ResultConfirmed, ResultDisputed, ResultReported
from services.pledges.consumers import HANDLERS
from services.pledges.ledger import snapshots
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.policy import Action
from tests.conftest import Servers
from tests.personas import persona_id
from tests.platform.operations import operations
from tests.pledges.ledger.allocation_operations import TIGHTLY
from tests.pledges.ledger.count import Change, support_of
from tests.pledges.ledger.import_operations import Importing
from tests.pledges.ledger.machine import FIRST_DAY, FIRST_YEAR, OPERATIONS, THIS_YEAR, Record, operation
from tests.pledges.ledger.pledge_operations import CURRENCIES, pledges
from tests.pledges.steps import FINANCE, GERMANY, LAST_YEAR, NORWAY, SECOND, a_fund, eur, usd

EXAMPLES, STEPS, SEED = 24, 180, 20261127
FUNDS = ("SHERLOC-DEV", "SHERLOC-MNT", "TA-REQUESTS")
MORE_FUNDS = ("SHERLOC-NEW", "TA-OTHER")
WAITING = ("report_accepted", "audit_accepted")
OFFICERS = (FINANCE, SECOND)
REVERSIBLE = {
    "received", "recognized", "reduced", "written_off", "refunded", "carried_over", "brought_forward",
    "allocated", "spent", "disbursed",
}  # fmt: skip
USED = {"spent", "disbursed"}
MOVING_NOTHING = {"reopening", "earmark_release"}
"""Measures that write no entry."""
AS_TABLE = {"Content-Type": "text/csv"}
UNITS = {"EUR": ("0.8", "1.25"), "JPY": ("125", "0.008"), "KWD": ("0.3125", "3.2")}
"""Units per US dollar, and the inverse, by currency."""


class Ledger(Importing):
    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        """Open three funds, two of them with some money, and load rates for all days of a walk."""
        done_before = Counter(self.done)
        for code in FUNDS:
            await self._opened(code)
        months = [(year, month) for year in range(FIRST_YEAR - 2, THIS_YEAR + 2) for month in range(1, 13)]
        table = [
            {"source": "fictitious", "currency": currency, "valid_from": f"{year}-{month:02}-01", "usd_per_unit": rate}
            for number, (year, month) in enumerate(months)
            for currency, rate in (("EUR", f"1.{100 + number}"), ("JPY", f"0.00{6500 + number}"), ("KWD", f"3.{2000 + number}"))
        ]  # fmt: skip
        await self._loaded(table)
        for fund, money, on in (
            ("SHERLOC-DEV", usd(7_000_00), FIRST_DAY),
            ("SHERLOC-MNT", eur(5_000_00), self.today.replace(day=1, month=1)),
        ):
            await self._pledged(NORWAY, fund, money, on)
            (one,) = self.any_of(self.pledges, "pledged")
            await self._committed(one, on=on, support_cost_basis_points=1300)
            await self._received(self.pledges[one["pledge_id"]], money, on)
        # Conditional and owed instalments.
        await self._pledged(GERMANY, "TA-REQUESTS", eur(900_00), FIRST_DAY)
        (one,) = self.any_of(self.pledges, "pledged")
        parts = [{"minor": 300_00, "due_on": FIRST_DAY.isoformat(), "condition": waits} for waits in (None, *WAITING)]
        await self._committed(one, on=FIRST_DAY, instalments=parts, support_cost_basis_points=800)
        await self.check()
        self.ledger.sent.clear()
        self.ledger.posted.clear()
        self.done.clear()
        self.done.update(done_before)
        self.begun = True

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        self.draw = data.draw
        # The operation with the least effect comes first, since Hypothesis shrinks toward it.
        names = ["close the books", *(name for name in OPERATIONS if name != "close the books")]
        possible = [name for name in names for _ in range(OPERATIONS[name].weight) if OPERATIONS[name].of(self)]
        name = self.pick(possible)
        chosen = OPERATIONS[name]
        one = self.pick(chosen.of(self))
        self.run(self._done(name, chosen.do(self, one)))

    async def _done(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        await work
        await self.check()

    # -- ledger -----------------------------------------------------------------------------------------------------

    @operation(lambda _: ["now"], 1)
    async def close_the_books(self, _: str) -> None:
        await self.close_and_write_snapshots()
        self.done["close the books"] += 1

    @operation(lambda _: ["now"], 1)
    async def ask_as_at_a_moment(self, _: str) -> None:
        await self.keep()
        self.done["ask as at a moment"] += 1

    @operation(lambda machine: machine.ledger.sent[-20:])
    async def send_again(self, sent: Any) -> None:
        await self.ledger.send_again(sent, changed=self.seldom(3))
        self.done["send again"] += 1

    @operation(lambda machine: MORE_FUNDS[len(machine.funds) - len(FUNDS) :], 1)
    async def open_fund(self, code: str) -> None:
        await self._opened(self.pick(self.funds) if self.seldom(3) else code)

    async def _opened(self, code: str) -> None:
        body = a_fund(code, 0)
        need = {"year": THIS_YEAR, "money": usd(50_000_00)}
        answer = await self.send("open fund", "/v1/funds", FINANCE, **body | {"requirements": [need]})
        if answer:
            self.count.add({(code, f"need {THIS_YEAR}/"): 50_000_00})
            self.funds[code] = answer

    @operation(lambda machine: list(machine.funds), 3)
    async def revise_requirement(self, code: str) -> None:
        year, package = self.pick(range(FIRST_YEAR, THIS_YEAR + 2)), self.pick([*WORK_PACKAGES, None, None])
        if not code.startswith("SHERLOC") and not self.seldom(5):
            package = None
        money = usd(self.pick([0, 10_000_00, 90_000_00]))
        path, body = f"/v1/funds/{code}/requirements", {"year": year, "money": money, "work_package": package}
        answer = await self.send("revise requirement", path, FINANCE, self.funds[code], **body, reason="needs_changed")
        if answer:
            assert year >= self.open_from.year, "a closed year keeps its requirement"
            key = (code, f"need {year}/{package or ''}")
            self.count.add({key: money["minor"] - self.count[key]})
            self.done["need for a work package"] += package is not None
            self.funds[code] = answer

    @operation(lambda machine: list(machine.funds), 1)
    async def state_gender_marker(self, code: str) -> None:
        """Set a gender marker, which changes no figure but counts as a revision of the fund."""
        package, marker = self.pick([*WORK_PACKAGES, None, None]), self.pick([None, 0, 1, 2])
        path, body = f"/v1/funds/{code}/gender-marker", {"gender_marker": marker, "work_package": package}
        answer = await self.send("state gender marker", path, FINANCE, self.funds[code], **body)
        if answer:
            assert package is None or code.startswith("SHERLOC")
            assert package is not None or answer["gender_marker"] == marker
            self.funds[code] = answer

    @operation(lambda _: CURRENCIES[1:], 1)
    async def load_rates(self, currency: str) -> None:
        """Load rates for later valuations, either directly or as units per dollar."""
        first = self.day().replace(day=1).isoformat()
        units, reported = ("0.5", "2") if self.seldom() else UNITS[currency]
        if self.seldom(2):
            table = f"currency,valid_from,units_per_usd\n{currency},{first},{units}\n".encode()
            if await self.send_file("load rates csv", "/v1/rates/csv", FINANCE, table, AS_TABLE):
                self._holds("un_operational", currency, first, reported)
        else:
            rate = {"source": "un_operational", "currency": currency, "valid_from": first, "usd_per_unit": reported}
            await self._loaded([rate])

    async def _loaded(self, table: list[Record]) -> None:
        done = await self.send("load rates", "/v1/rates", FINANCE, rates=table)
        for one in table if done else ():
            self._holds(**one)

    def _holds(self, source: str, currency: str, valid_from: str, usd_per_unit: str) -> None:
        key = source, currency, date.fromisoformat(valid_from)
        assert self.count.rates.loaded.setdefault(key, usd_per_unit) == usd_per_unit

    # -- two people --------------------------------------------------------------------------------------------------

    async def _proposed(self, measure: str, path: str, one: Record | None = None, **body: Any) -> None:
        made = await self.send(f"propose {measure.replace('_', ' ')}", path, self.pick(OFFICERS), one, **body)
        self.proposals |= {made["proposal_id"]: made} if made else {}

    @operation(lambda machine: machine.owing(), 2)
    async def propose_write_off(self, one: Record) -> None:
        one, on = self.this_or_any(one, self.pledges), self.day(one["committed_on"] or FIRST_DAY, or_closed=True)
        path = f"/v1/pledges/{one['pledge_id']}/write-off"
        await self._proposed("write_off", path, one, reason="not_expected", written_off_on=on)

    @operation(pledges("partially_received", "received"), 3)
    async def propose_refund(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        left = one["received"]["minor"] - self.count[one["pledge_id"], "refunded"]
        money, on = (
            {**one["money"], "minor": self.amount(left)},
            self.day(one["committed_on"] or FIRST_DAY, or_closed=True),
        )
        path = f"/v1/pledges/{one['pledge_id']}/refund"
        await self._proposed("refund", path, one, money=money, reason="not_used", refunded_on=on)

    @operation(lambda machine: machine.tight(), 2)
    async def propose_earmark_release(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        path = f"/v1/pledges/{one['pledge_id']}/release-earmark"
        await self._proposed("earmark_release", path, one, reason="donor_agreed")

    def _reversible(self) -> list[Record]:
        taken = {one["reverses"] for one in self.count.entries.values()}
        taken |= {one["entry_id"] for one in self.any_of(self.proposals, "open")}
        return [one for key, one in self.count.entries.items() if one["type"] in REVERSIBLE and key not in taken]

    def _reversible_kinds(self) -> list[str]:
        """Return the kinds of reversible entries; rare kinds and spending for ended purposes are more frequent."""
        kinds = {one["type"] for one in self._reversible()}
        rare = kinds & {"recognized", "reduced", "refunded"} | {
            one["type"] for one in self._reversible() if self._used_up(one)
        }
        return sorted(kinds) + sorted(rare) * 2

    def _used_up(self, entry: Record) -> bool:
        made = self.allocations.get(entry["allocation_id"] or "")
        return entry["type"] in USED and bool(made) and made["status"] == "made" and self.is_over(made)

    @operation(lambda machine: machine._reversible_kinds(), 6)
    async def propose_reversal(self, kind: str) -> None:
        some = [one for one in self._reversible() if one["type"] == kind]
        entry = self.pick(some + [one for one in some if self._used_up(one)] * 5)
        entry, on = self.this_or_any(entry, self.count.entries), self.day(entry["effective_on"], or_closed=True)
        body = {"entry_id": entry["entry_id"], "reason": "recorded_wrongly", "reversed_on": on}
        await self._proposed("reversal", "/v1/ledger/reversals", **body)

    @operation(lambda machine: sorted(machine.trials), 2)
    async def propose_reopening(self, year: int) -> None:
        await self._proposed("reopening", f"/v1/ledger/periods/{year}/reopen", reason="audit_finding")

    @operation(lambda machine: machine.any_of(machine.proposals, "open"), 20)
    async def decide(self, one: Record) -> None:
        one = self.this_or_any(one, self.proposals)
        other = SECOND if one["proposed_by"] == str(persona_id(FINANCE)) else FINANCE
        by = self.pick(OFFICERS) if self.seldom(6) else other
        path = f"/v1/proposals/{one['proposal_id']}"
        if self.seldom(2 if one.get("could not be") else 8):
            after = await self.send("refuse", f"{path}/refuse", by, one)
        else:
            open_from, change = self.open_from, self._approved(one)
            after = await self.send(f"approve {one['measure']}", f"{path}/approve", by, one)
            one["could not be"] = after is None
            if after:
                assert after["decided_by"] != after["proposed_by"], (
                    "a proposal is approved by another person than its proposer"
                )
                await self._carried_out(one, open_from, change)
        self.proposals |= {one["proposal_id"]: after} if after else {}

    def _approved(self, one: Record) -> list[tuple[str, str, str, Change]]:
        """Return the further entries made by the approval; a reversal names what it reverses."""
        pledge_id, fund = one["pledge_id"], one["fund"]
        if one["measure"] == "write_off":
            owed, worth = self.count[pledge_id, "owed"], self.count[pledge_id, "owed_usd"]
            change = {(fund, "written_off"): worth, (pledge_id, "owed"): -owed, (pledge_id, "owed_usd"): -worth}
            return [("written_off", fund, pledge_id, change)]
        if one["measure"] == "refund":
            on = max(date.fromisoformat(one["effective_on"]), self.open_from)
            worth, minor, taken = (
                self.count.rates.worth(one["money"], on),
                one["money"]["minor"],
                self.count[pledge_id, "support"],
            )
            back = min(support_of(worth, self.pledges[pledge_id]["support_cost_basis_points"]), taken)
            if minor == self.count[pledge_id, "received"] - self.count[pledge_id, "refunded"]:
                # The final refund takes all that rounding has left.
                back = back if self.count[pledge_id, "carried"] else min(taken, worth)
            change = {
                (fund, "refunded"): worth, (fund, "programme_support"): -back,
                (pledge_id, "support"): -back, (pledge_id, "refunded"): minor,
            }  # fmt: skip
            return [("refunded", fund, pledge_id, change)]
        return []

    async def _carried_out(self, one: Record, open_from: date, change: list[tuple[str, str, str, Change]]) -> None:
        if one["measure"] == "reopening":
            del self.trials[one["year"]]
        if one["measure"] == "earmark_release":
            assert self.said[one["pledge_id"]]["earmarking"] == TIGHTLY
            self.said[one["pledge_id"]]["earmarking"] = Earmarking.EARMARKED
            await self.look_at(one["pledge_id"])
        known = len(self.count.entries)
        await self.follow(*change, open_from=open_from)
        new = list(self.count.entries.values())[known:]
        assert bool(new) == (one["measure"] not in MOVING_NOTHING)
        self.done["correct a closed year"] += date.fromisoformat(one["effective_on"]) < open_from and bool(new)
        if one["measure"] == "reversal":
            assert one["entry_id"] in {entry["reverses"] for entry in new}
            self.done[f"reverse {self.count.entries[one['entry_id']]['type']}"] += 1
            self.done["reverse what is over"] += any(entry["type"] == "returned" for entry in new)

    # -- years -------------------------------------------------------------------------------------------------------

    @operation(lambda machine: [y for y in (FIRST_YEAR, LAST_YEAR) if y not in machine.trials], 5)
    async def close_year(self, year: int) -> None:
        year = THIS_YEAR if self.seldom() else year
        reported = await self.trial(year)
        answer = await self.send("close year", f"/v1/ledger/periods/{year}/close", FINANCE)
        if answer:
            assert year < self.today.year
            assert not [one for one in self.any_of(self.proposals, "open")
                        if one["measure"] != "reopening" and int(one["effective_on"][:4]) <= year]  # fmt: skip
            self.trials[year] = reported
            self.ever_closed.add(year)
            available = {one["fund"]: -one["usd_minor"] for one in reported if one["account"] == "available"}
            carried = {one["fund"]: one["usd_minor"] for one in answer["period"]["carried_forward"]}
            assert carried == dict.fromkeys(self.funds, 0) | available


KINDS = {
    *(name for name in OPERATIONS if name not in {"decide", "allocate", "spend"}),
    "load rates csv", "need for a work package", "reject a row", "receive other", "charges", "correct a closed year",
    "reverse what is over", "reduce what waits", "expenditure", "disbursement", "refuse", "revoked and given back",
    *(f"pledge {earmarking}" for earmarking in Earmarking),
    *(f"allocate {purpose}" for purpose in ("work_package", "activity_id", "requirement_id", *WORK_PACKAGES)),
    *(f"approve {measure}" for measure in ("write_off", "refund", "reversal", "reopening", "earmark_release")),
    *(f"reverse {kind}" for kind in REVERSIBLE - {"brought_forward"}),
}  # fmt: skip


@pytest.mark.soak
def test_ledger_matches_a_plain_count_under_any_operations(
    servers: Servers, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "CLOSE_LAG_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "SNAPSHOT_INTERVAL_ENTRIES", 5)
    monkeypatch.setattr(snapshots, "SNAPSHOT_ENTRIES_MAX", 10)
    done: Counter[str] = Counter()
    posted: set[str] = set()

    @seed(SEED)
    class Walk(Ledger):
        def teardown(self) -> None:
            posted.update(self.ledger.posted)
            super().teardown()

    Walk.servers, Walk.template, Walk.done = servers, template, done
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            # There is no shrinking: a walk takes some seconds, shrinking needs many walks, and each step is printed.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    # The days are relative to today, so that each day has different walks.
    missed = KINDS - {kind for kind, times in done.items() if times}
    assert len(missed) <= len(KINDS) // 20, missed
    # Each operation was authorized by its action, whatever the operation's name.
    unasked = {*moving().values()} - NOT_DONE.keys() - asked_at(posted)
    assert {operation_of(one) for one in unasked} <= missed, unasked


# -- completeness ------------------------------------------------------------------------------------------------------

DONE_BY: Mapping[Action | type[Fact], str] = {
    Action.APPROVE_PROPOSAL: "decide",
    Action.REFUSE_PROPOSAL: "decide",
    MatchConfirmed: "receive a confirmed match",
    MatchRevoked: "receive a revoked match",
}
"""Names of operations for actions that have no operation of the same name."""

NOT_DONE: Mapping[Action | type[Fact], str] = {
    PersonErased: "it is in no figure and no record: where somebody called from goes, and the keys of their commands",
    PackageConfirmed: "it moves no money: the requirement names the pledge that was agreed",
    **dict.fromkeys(
        (ResultReported, ResultConfirmed, ResultDisputed), "a result is in the IATI file, and moves no money"
    ),
}
"""Changes without an operation, with the reason."""


def moving() -> dict[str, Action]:
    """Return the actions of all changing routes, by path."""
    return {one.path: one.action for one in operations() if one.method != "GET" and isinstance(one.action, Action)}


def operation_of(changing: Action | type[Fact]) -> str:
    return DONE_BY.get(changing, str(changing).replace("_", " "))


def asked_at(paths: Iterable[str]) -> set[Action]:
    routes = [(re.compile(re.sub(r"{[^}]+}", "[^/]+", path)), action) for path, action in moving().items()]
    return {action for path in paths for route, action in routes if route.fullmatch(path)}


def test_every_changing_action_is_an_operation_of_the_machine() -> None:
    changing = {*moving().values(), *HANDLERS}

    left_out = {one for one in changing - NOT_DONE.keys() if operation_of(one) not in OPERATIONS}
    assert left_out == set(), "write an operation of that name, or explain in NOT_DONE why there is none"
    assert {*NOT_DONE, *DONE_BY} <= changing, "remove names that no longer exist"
    assert len({*moving().values()}) > 30
