"""Operations of the machine on pledges and contributions in kind."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import note
from hypothesis import strategies as st

from chassis import clock
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.wiring import remind_or_lapse
from tests.pledges.activities.steps import COORDINATOR
from tests.pledges.in_kind.steps import PATH as IN_KIND
from tests.pledges.ledger.count import Change, cents, support_of
from tests.pledges.ledger.machine import FIRST_DAY, Machine, Record, operation
from tests.pledges.steps import FINANCE, GERMANY, NORWAY, usd

DONORS = (NORWAY, GERMANY)
CURRENCIES = ("USD", "EUR", "JPY", "KWD")
SIGNED = ("committed", "partially_received")
SOFTLY = "softly_earmarked"
"""The default earmarking."""


def pledges(*states: str) -> Any:
    return lambda machine: machine.any_of(machine.pledges, *states)


def in_kind(*states: str) -> Any:
    return lambda machine: machine.any_of(machine.in_kind, *states)


def organization_of(appointment: str) -> str:
    return appointment.partition(":")[0]


def waiting(one: Record) -> list[Record]:
    """Return the instalments with an open condition."""
    return [part for part in one["instalments"] if part["condition"] and not part["met_on"] and part["minor"]]


class Giving(Machine):
    # -- pledges -----------------------------------------------------------------------------------------------------

    def _money(self, most: int = 10_000_00) -> Record:
        currency = "KES" if self.seldom(20) else self.pick(CURRENCIES)
        return {"minor": self.amount(most), "currency": currency}

    def _fund(self) -> str:
        return "NO-FUND" if self.seldom(20) else self.pick(self.funds)

    def owing(self) -> list[Record]:
        return [one for one in self.any_of(self.pledges, *SIGNED) if one["outstanding"]["minor"]]

    def _others(self, fund: str) -> list[str]:
        return [code for code in self.funds if code != fund or self.seldom(30)]

    @operation(lambda _: DONORS, 5)
    async def pledge(self, donor: str) -> None:
        by = FINANCE if self.seldom(20) else donor
        earmarking = self.pick([None, *map(str, Earmarking)])
        await self._pledged(by, self._fund(), self._money(), self.day(), earmarking)

    async def _pledged(self, by: str, fund: str, money: Record, on: Any, earmarking: str | None = None) -> None:
        body = {"fund": fund, "money": money, "pledged_on": on, "earmarking": earmarking}
        one = await self.send("pledge", "/v1/pledges", by, **body)
        if one:
            self.done[f"pledge {earmarking}"] += 1
            await self.made(one, organization_of(by), fund, money, on, earmarking=earmarking or SOFTLY)

    async def made(self, one: Record, donor: str, fund: str, money: Record, on: date, **said: Any) -> None:
        """Record a new pledge and the values that never change."""
        pledge_id, worth = one["pledge_id"], self.count.rates.worth(money, on)
        assert one["usd_minor"] == worth
        self.said[pledge_id] = {
            "donor": donor, "fund": fund, "pledged_on": on.isoformat(), "note": "",
            "requirement_id": None, "import_id": None, "import_line": None, **said,
        }  # fmt: skip
        self.count.agreed[pledge_id] = self.count.rates.of(money["currency"], on)
        await self.follow(("pledged", fund, pledge_id, {(fund, "pledged"): worth, (pledge_id, "open"): worth}))

    @operation(pledges("pledged"), 8)
    async def commit(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        on, minor, parts = self.day(one["pledged_on"]), one["money"]["minor"], []
        if minor > 2 and self.pick([False, True, True]):
            first = self.draw(st.integers(1, minor - 1))
            waits = self.pick([None, *["report_accepted"] * 5])
            parts = [
                {"minor": first, "due_on": (on + timedelta(days=self.pick([0, 20, 300]))).isoformat()},
                {"minor": minor - first + self.seldom(20), "due_on": (on + timedelta(days=90)).isoformat(), "condition": waits},
            ]  # fmt: skip
        points = self.pick([1300, 0, 800])
        await self._committed(one, on=on, instalments=parts, support_cost_basis_points=points)

    async def _committed(self, one: Record, *, on: Any, **body: Any) -> None:
        pledge_id, fund = one["pledge_id"], one["fund"]
        answer = await self.send("commit", f"/v1/pledges/{pledge_id}/commit", FINANCE, one, committed_on=on, **body)
        if answer:
            currency, opened = one["money"]["currency"], self.count[pledge_id, "open"]
            owed = one["money"]["minor"] - answer["conditional"]["minor"]
            self.count.agreed[pledge_id] = rate = self.count.rates.of(currency, on)
            worth = cents({"minor": owed, "currency": currency}, rate)
            change = {(fund, "pledged"): -opened, (pledge_id, "open"): -opened} | self._owed(one, owed, worth)
            await self.follow(("committed", fund, pledge_id, change))

    def _owed(self, one: Record, minor: int, worth: int) -> Change:
        pledge_id = one["pledge_id"]
        return {(one["fund"], "committed"): worth, (pledge_id, "owed"): minor, (pledge_id, "owed_usd"): worth}

    @operation(lambda machine: [one for one in machine.any_of(machine.pledges, *SIGNED) if waiting(one)], 8)
    async def meet_condition(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        parts = waiting(one)
        number = parts[0]["number"] if parts else self.pick([1, 2])
        path, on = f"/v1/pledges/{one['pledge_id']}/meet-condition", self.day(one["committed_on"] or FIRST_DAY)
        if await self.send("meet condition", path, FINANCE, one, instalment=number, met_on=on):
            minor, currency = parts[0]["minor"], one["money"]["currency"]
            worth = cents({"minor": minor, "currency": currency}, self.count.agreed[one["pledge_id"]])
            await self.follow(("recognized", one["fund"], one["pledge_id"], self._owed(one, minor, worth)))

    @operation(lambda machine: machine.owing(), 8)
    async def receive(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        settles, on = (
            {**one["money"], "minor": self.amount(one["outstanding"]["minor"])},
            self.day(one["committed_on"] or FIRST_DAY),
        )
        cash, other = settles, self.pick(CURRENCIES)
        if other != settles["currency"] and self.seldom(2):
            # The cash is near the worth of the amount, sometimes far from it.
            about = cents(settles, self.count.agreed[one["pledge_id"]]) * self.pick([100, 99, 104, 100, 300])
            unit = cents({"minor": 100_000, "currency": other}, self.count.rates.of(other, self.today))
            cash = {"minor": max(1, about * 1000 // unit), "currency": other}
        charges = self.draw(st.integers(0, 1 + cash["minor"] // 20)) if self.seldom(3) else 0
        await self._received(one, settles, on, cash, charges)

    async def _received(
        self, one: Record, settles: Record, on: Any, cash: Record | None = None, charges: int = 0
    ) -> None:
        pledge_id, fund, cash = one["pledge_id"], one["fund"], cash or settles
        other = {"settles": settles} if cash["currency"] != settles["currency"] else {}
        arrived = {"arrived_minor": cash["minor"] - charges} if charges else {}
        path, body = (
            f"/v1/pledges/{pledge_id}/receive",
            {"money": cash, "received_on": on, "charges_minor": charges, **arrived, **other},
        )
        if not await self.send("receive other" if other else "receive", path, FINANCE, one, **body):
            return
        worth = self.count.rates.worth(cash, on)
        kept = self.count.rates.worth({**cash, "minor": charges}, on)
        support = support_of(worth, one["support_cost_basis_points"])
        relieved = self._carried(pledge_id, settles)
        change = {
            (fund, "paid"): worth, (fund, "programme_support"): support, (fund, "bank_charges"): kept,
            (fund, f"cash {cash['currency']}"): cash["minor"],
            (pledge_id, "support"): support, (pledge_id, "received"): settles["minor"],
            (pledge_id, "owed"): -settles["minor"], (pledge_id, "owed_usd"): -relieved,
        }  # fmt: skip
        self.done["charges"] += charges > 0
        await self.follow(("received", fund, pledge_id, change))

    def _carried(self, pledge_id: str, money: Record) -> int:
        """Return the carrying value of an owed amount; all that is left for the whole amount."""
        left = self.count[pledge_id, "owed_usd"]
        if money["minor"] == self.count[pledge_id, "owed"]:
            return left
        return min(cents(money, self.count.agreed[pledge_id]), left)

    @operation(pledges("pledged", *SIGNED), 3)
    async def reduce(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        pledge_id, fund, signed = one["pledge_id"], one["fund"], one["committed_on"]
        left = one["money"]["minor"] - one["received"]["minor"] - one["written_off"]["minor"]
        money = {**one["money"], "minor": self.amount(left // 3)}
        body = {"money": money, "reason": "donor_budget", "reduced_on": self.day(signed or one["pledged_on"])}
        answer = await self.send("reduce", f"/v1/pledges/{pledge_id}/reduce", FINANCE, one, **body)
        if not answer:
            return
        self.pledges[pledge_id] = answer
        if not signed:
            worth = min(cents(money, self.count.agreed[pledge_id]), self.count[pledge_id, "open"])
            change = {(fund, "pledged"): -worth, (pledge_id, "open"): -worth}
        else:
            # Conditional instalments are reduced first; they are in no entry.
            owed = max(0, money["minor"] - one["conditional"]["minor"])
            worth = self._carried(pledge_id, {**money, "minor": owed})
            change = self._owed(one, -owed, -worth)
            if not owed:
                self.done["reduce what waits"] += 1
                return
        await self.follow(("reduced", fund, pledge_id, change))

    @operation(pledges("pledged"), 1)
    async def withdraw(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        by, on = f"{one['donor']}:donor_officer", self.day(one["pledged_on"])
        answer = await self.send("withdraw", f"/v1/pledges/{one['pledge_id']}/withdraw", by, one, withdrawn_on=on)
        await self._ended("withdrawn", [one] if answer else [])

    @operation(pledges("pledged"), 1)
    async def lapse(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        path, on = f"/v1/pledges/{one['pledge_id']}/lapse", self.day(one["pledged_on"])
        await self._ended("lapsed", [one] if await self.send("lapse", path, FINANCE, one, lapsed_on=on) else [])

    async def _ended(self, kind: str, ended: Sequence[Record]) -> None:
        gone = [(one["fund"], one["pledge_id"], self.count[one["pledge_id"], "open"]) for one in ended]
        await self.follow(
            *((kind, fund, who, {(fund, "pledged"): -worth, (who, "open"): -worth}) for fund, who, worth in gone)
        )

    @operation(lambda _: [100, 400], 1)
    async def lapse_by_itself(self, days: int) -> None:
        before = (self.today - timedelta(days=days)).isoformat()
        waiting = [one for one in self.any_of(self.pledges, "pledged") if one["pledged_on"] < before]
        await remind_or_lapse(self.ledger.db, days)
        note(f"nobody signed for {len(waiting)} within {days} days")
        self.done["lapse by itself"] += len(waiting)
        await self._ended("lapsed", waiting)

    @operation(pledges(*SIGNED), 1)
    async def remind(self, _: Record) -> None:
        before = await self.ledger.written()
        await remind_or_lapse(self.ledger.db, 10_000, clock.now() + timedelta(days=3))
        reminded = await self.ledger.written() - before
        note(f"reminded of {reminded}")
        self.done["remind"] += reminded
        for pledge_id in self.pledges:
            await self.look_at(pledge_id)

    @operation(pledges("partially_received", "received"), 3)
    async def carry_over(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        pledge_id, fund, to_fund = one["pledge_id"], one["fund"], self.pick(self._others(one["fund"]))
        minor, on = (
            self.amount(min(self.count.available(fund), one["received_usd_minor"]) // 2),
            self.day(one["committed_on"] or FIRST_DAY),
        )
        body = {"to_fund": to_fund, "money": usd(minor), "carried_over_on": on}
        if await self.send("carry over", f"/v1/pledges/{pledge_id}/carry-over", FINANCE, one, **body):
            await self.follow(
                ("carried_over", fund, pledge_id, {(fund, "transferred"): minor, (pledge_id, "carried"): minor}),
                ("brought_forward", to_fund, pledge_id, {(to_fund, "transferred"): -minor}),
            )

    @operation(pledges("received", "written_off", "refunded"), 1)
    async def close(self, one: Record) -> None:
        one = self.this_or_any(one, self.pledges)
        answer = await self.send("close", f"/v1/pledges/{one['pledge_id']}/close", FINANCE, one)
        self.pledges |= {answer["pledge_id"]: answer} if answer else {}

    @operation(lambda machine: list(machine.pledges.values()), 1)
    async def reword(self, one: Record) -> None:
        by = self.pick([f"{one['donor']}:donor_officer", FINANCE, COORDINATOR])
        words = self.pick(["Fictitious sample: otherwise.", "Fictitious sample: shorter.", ""])
        if await self.send("reword", f"/v1/pledges/{one['pledge_id']}/reword", by, one, note=words):
            self.said[one["pledge_id"]]["note"] = words
            await self.look_at(one["pledge_id"])

    # -- in kind -----------------------------------------------------------------------------------------------------

    @operation(lambda _: DONORS)
    async def declare_in_kind(self, donor: str) -> None:
        fund, money, on = self._fund(), self._money(), self.day()
        body = {"fund": fund, "money": money, "provided_on": on, "form": "equipment"}
        one = await self.send("declare in kind", IN_KIND, donor, **body)
        if one:
            self.in_kind[one["in_kind_contribution_id"]] = one
            self.count.add({(one["in_kind_contribution_id"], "worth"): self.count.rates.worth(money, on)})

    @operation(in_kind("declared"))
    async def acknowledge_in_kind(self, one: Record) -> None:
        if after := await self._in_kind("acknowledge", self.this_or_any(one, self.in_kind), FINANCE):
            self._in_kind_counts(after, 1)

    @operation(in_kind("declared"), 1)
    async def withdraw_in_kind(self, one: Record) -> None:
        one = self.this_or_any(one, self.in_kind)
        await self._in_kind("withdraw", one, f"{one['donor']}:donor_officer")

    @operation(in_kind("acknowledged"), 1)
    async def strike_in_kind(self, one: Record) -> None:
        if after := await self._in_kind("strike", self.this_or_any(one, self.in_kind), FINANCE, reason="given_back"):
            self._in_kind_counts(after, -1)

    @operation(lambda machine: list(machine.in_kind.values()), 1)
    async def reword_in_kind(self, one: Record) -> None:
        by, words = self.pick([f"{one['donor']}:donor_officer", FINANCE]), "Fictitious sample: chairs."
        if after := await self._in_kind("reword", one, by, description=words):
            assert after["description"] == words

    async def _in_kind(self, name: str, one: Record, by: str, **body: Any) -> Record | None:
        path = f"{IN_KIND}/{one['in_kind_contribution_id']}/{name}"
        after = await self.send(f"{name} in kind", path, by, one, **body)
        self.in_kind |= {one["in_kind_contribution_id"]: after} if after else {}
        return after

    def _in_kind_counts(self, one: Record, sign: int) -> None:
        self.count.add({(one["fund"], "in_kind"): self.count[one["in_kind_contribution_id"], "worth"]}, sign)
