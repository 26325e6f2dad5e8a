"""Operations of the machine on allocations, activities and requirements, and events of matches."""

from typing import Any

from hypothesis import note

from chassis import clock
from contracts.funds import WORK_PACKAGES
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.values import Money
from services.pledges.allocations.model import requirement_id_of
from services.pledges.pledge.earmarking import Earmarking
from tests.pledges.activities.steps import COORDINATOR, an_activity
from tests.pledges.allocations.steps import PERIOD, UNFUNDED, a_match
from tests.pledges.ledger.machine import FIRST_DAY, LISTED, Record, operation
from tests.pledges.ledger.pledge_operations import CURRENCIES, DONORS, Giving, organization_of
from tests.pledges.steps import FINANCE, usd

CAME = {"received", "brought_forward"}
TIGHTLY = "tightly_earmarked"


def activities(*states: str) -> Any:
    return lambda machine: machine.any_of(machine.activities, *states)


class Using(Giving):
    # -- purposes ---------------------------------------------------------------------------------------------------

    @operation(lambda machine: machine.funds.keys() if len(machine.activities) < 5 else ())
    async def plan_activity(self, fund: str) -> None:
        one = await self.send("plan activity", "/v1/activities", COORDINATOR, **self._plan(self._fund()))
        self.activities |= {one["activity_id"]: one} if one else {}

    def _plan(self, fund: str) -> Record:
        starts_on, ends_on = self.day().isoformat(), self.day().isoformat()
        days = (starts_on, ends_on) if self.seldom() else sorted((starts_on, ends_on))
        return an_activity(fund=fund, starts_on=days[0], ends_on=days[1])

    @operation(lambda machine: list(machine.activities.values()), 1)
    async def revise_activity(self, one: Record) -> None:
        await self._activity("revise", one, **self._plan(self._fund() if self.seldom() else one["fund"]))

    @operation(activities("planned"), 1)
    async def complete_activity(self, one: Record) -> None:
        one = self.this_or_any(one, self.activities)
        await self._activity("complete", one, participants=12, completed_on=self.day(one["starts_on"]))

    def _paid_for(self) -> list[Record]:
        """Return planned activities; those with spending are more frequent."""
        found = self.any_of(self.activities, "planned")
        return found + [one for one in found if self.count[one["activity_id"], "spent"]] * 3

    @operation(lambda machine: machine._paid_for(), 1)
    async def cancel_activity(self, one: Record) -> None:
        one = self.this_or_any(one, self.activities)
        await self._activity("cancel", one, reason="no_longer_needed")

    async def _activity(self, name: str, one: Record, **body: Any) -> Record | None:
        path = f"/v1/activities/{one['activity_id']}/{name}"
        after = await self.send(f"{name} activity", path, COORDINATOR, one, **body)
        self.activities |= {one["activity_id"]: after} if after else {}
        return after

    @operation(lambda _: CURRENCIES)
    async def receive_a_confirmed_match(self, currency: str) -> None:
        now, match = clock.now(), a_match()
        money = Money(minor=max(1, self.amount(3_000_00)), currency=currency)
        fact = MatchConfirmed(**match, capacity_period=PERIOD, confirmed_at=now, funding_needed=money)
        await self.ledger.hear(fact, 1, time=now)
        note(f"confirmed: {money}")
        requirement_id = str(requirement_id_of(match["match_id"]))
        self.matches[requirement_id] = match
        self.requirements[requirement_id] = {"status": "open", "requirement_id": requirement_id}
        for donor in self.pick([DONORS, DONORS[:1], ()]):
            self.ledger.consented.shown.add((organization_of(donor), match["request_id"]))
        self.done["receive a confirmed match"] += 1

    def _open(self) -> list[Record]:
        """Return open requirements; those with unspent money are more frequent."""
        waited_for = {one["requirement_id"] for one in self.unspent()}
        found = self.any_of(self.requirements, "open")
        return found + [one for one in found if one["requirement_id"] in waited_for] * 3

    @operation(lambda machine: machine._open(), 2)
    async def receive_a_revoked_match(self, one: Record) -> None:
        now, match = clock.now(), self.matches[one["requirement_id"]]
        fact = MatchRevoked(**match, reason="other", capacity_period=PERIOD, revoked_at=now)
        await self.ledger.hear(fact, 2, time=now)
        note(f"revoked: {one}")
        waiting = [made["allocation_id"] for made in self.unspent() if made["requirement_id"] == one["requirement_id"]]
        one["status"] = "cancelled"
        self.done["receive a revoked match"] += 1
        await self.follow()
        assert {"returned"} >= {self.allocations[made]["status"] for made in waiting}, (
            "unspent allocations of the match are returned"
        )
        self.done["revoked and given back"] += len(waiting)

    def _shown(self, organization: str) -> dict[str, int]:
        """Return the gap of each requirement shown to a donor by consent."""
        return {
            key: one["gap_usd_minor"]
            for key, one in self.requirements.items()
            if one["status"] == "open" and one["gap_usd_minor"]
            and (organization, self.matches[key]["request_id"]) in self.ledger.consented.shown
        }  # fmt: skip

    @operation(lambda machine: machine.any_of(machine.requirements, "open"), 3)
    async def pledge_for_a_requirement(self, one: Record) -> None:
        one, by = self.this_or_any(one, self.requirements), self.pick(DONORS)
        requirement_id, donor = one["requirement_id"], organization_of(by)
        if self.seldom(5):
            self.ledger.consented.shown ^= {(donor, self.matches[requirement_id]["request_id"])}
        shown = self._shown(donor)
        reported = (await self.ledger.get(f"{UNFUNDED}{LISTED}", by))["requirements"]
        assert shown == {each["requirement_id"]: each["gap_usd_minor"] for each in reported}
        fund, money, on = self._fund(), self._money(), self.day()
        earmarking = self.pick(Earmarking) if self.seldom(8) else self.pick([None, TIGHTLY])
        body = {"fund": fund, "money": money, "pledged_on": on, "earmarking": earmarking}
        made = await self.send("pledge for a requirement", "/v1/pledges", by, **body, requirement_id=requirement_id)
        if made:
            assert requirement_id in shown, "a pledge requires that the requirement is shown to the donor"
            assert earmarking in {None, TIGHTLY}
            await self.made(made, donor, fund, money, on, earmarking=TIGHTLY, requirement_id=requirement_id)

    def tight(self) -> list[Record]:
        return [one for one in self.pledges.values() if one["earmarking"] == TIGHTLY]

    def is_over(self, made: Record) -> bool:
        """Check whether the purpose of the allocation was cancelled."""
        purpose = self.requirements.get(made["requirement_id"]) or self.activities.get(made["activity_id"])
        return purpose is not None and purpose["status"] == "cancelled"

    async def check(self) -> None:
        await super().check()
        assert not [made for made in self.unspent() if self.is_over(made)], "a cancelled purpose has no unspent money"

    # -- allocations ------------------------------------------------------------------------------------------------

    @operation(lambda machine: [fund for fund in machine.funds if machine.count.available(fund) > 0], 8)
    async def allocate(self, fund: str) -> None:
        wrong, sherloc = self.seldom(10), fund.startswith("SHERLOC")
        purposes: list[Record] = [{"work_package": self.pick(WORK_PACKAGES)} for _ in range(2) if wrong or sherloc]
        purposes += [
            {"activity_id": key}
            for key, one in self.activities.items()
            if wrong or (one["fund"], one["status"]) == (fund, "planned")
        ]
        purposes += [
            {"requirement_id": key} for key, one in self.requirements.items() if wrong or one["status"] == "open"
        ]
        if not purposes:
            return
        came = [
            one["effective_on"] for one in self.count.entries.values() if one["type"] in CAME and one["fund"] == fund
        ]
        purpose, on = self.pick(purposes), self.day(self.pick(came))
        most = self.count.available(fund) // self.pick([4, 2, 1])
        if requirement_id := purpose.get("requirement_id"):
            one = self.requirements[requirement_id]
            most = min(most, one["gap_usd_minor"])
        minor = self.amount(most)
        body = {"fund": fund, "money": usd(minor), "allocated_on": on, **purpose}
        kind, about = next(iter(purpose.items()))
        made = await self.send(f"allocate {kind}", "/v1/allocations", FINANCE, **body)
        if made:
            allocation_id = made["allocation_id"]
            if kind == "work_package":
                self.done[f"allocate {about}"] += 1
            self.purpose_of[allocation_id] = of = f"{fund}/{about}" if kind == "work_package" else about
            change = {(who, "allocated"): minor for who in (fund, allocation_id, of)}
            await self.follow(("allocated", fund, allocation_id, change))

    def unspent(self) -> list[Record]:
        return [one for one in self.any_of(self.allocations, "made") if self.count.unspent(one["allocation_id"])]

    @operation(lambda machine: machine.unspent(), 5)
    async def spend(self, one: Record) -> None:
        one = self.this_or_any(one, self.allocations)
        allocation_id, how = one["allocation_id"], self.pick(["expenditure", "disbursement"])
        left, on = self.count.unspent(allocation_id), self.day(one["allocated_on"])
        minor = left if self.seldom(3) else self.amount(left)
        body = {"money": usd(minor), "how": how, "spent_on": on}
        if await self.send(how, f"/v1/allocations/{allocation_id}/spend", FINANCE, one, **body):
            kind = "spent" if how == "expenditure" else "disbursed"
            who_spent = (one["fund"], allocation_id, self.purpose_of[allocation_id])
            await self.follow((kind, one["fund"], allocation_id, {(who, "spent"): minor for who in who_spent}))

    @operation(lambda machine: machine.unspent(), 1)
    async def give_back(self, one: Record) -> None:
        one = self.this_or_any(one, self.allocations)
        path, on = f"/v1/allocations/{one['allocation_id']}/return", self.day(one["allocated_on"] or FIRST_DAY)
        if await self.send("give back", path, FINANCE, one, returned_on=on):
            await self.follow()
            assert self.allocations[one["allocation_id"]]["status"] == "returned"
