"""A process of workers that move money at random until it is killed or stopped; run as a program.

Each operation is one transaction of the service's actions. When one ends, its outcome is written to standard output as
a letter: `d` done, `e` refused because it exceeds a fund's balance, `r` refused for another reason, `a` to be tried
again. The letter of an allocation is preceded by its amount in cents.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import uvloop

from chassis import clock
from chassis.context import Context
from chassis.db.database import RESERVED_FRACTION, Database, OutcomeUnknown, Tx, is_transient
from chassis.db.migrate import role_of
from chassis.ids import new_id
from contracts.matching import MatchConfirmed, MatchRevoked
from contracts.pledges import Instalment
from contracts.refusals import Refusal, Unavailable
from contracts.values import Caller, Language, Money, Period
from services.pledges.activities import actions as activity_actions
from services.pledges.activities.model import Plan
from services.pledges.allocations import actions as allocation_actions
from services.pledges.allocations.model import Purpose, Spending
from services.pledges.money.model import DEFAULT_VALIDITY, USD
from services.pledges.pledge import actions, exit_actions, exits
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.policy import Action
from tests.builders import a_caller, an_event

FUNDS = [f"SHERLOC-{number}" for number in range(10)]
DAY, LATER = date(2026, 3, 5), date(2026, 4, 20)
"""The day of pledges and signatures, and the day of movements, which has another rate."""

PERIOD = Period(starts=date(2027, 1, 1), ends=date(2027, 6, 30))
DONOR, FINANCE = a_caller("NOR:donor_officer"), a_caller("UNODC:finance_officer")
SECOND = a_caller("UNODC-SHERLOC:finance_officer")
PLEDGED_MINOR = 1000
CURRENCIES = (USD, "EUR")

Operation = Callable[[Database, random.Random, int], Awaitable[None]]
"""An operation; the number is the amount of an allocation, in cents."""


async def _some(tx: Tx, query: str) -> asyncpg.Record | None:
    # Several workers may choose the same record.
    return await tx.fetchrow(f"{query} ORDER BY random() LIMIT 1")


def _context(expected: int = 0, *, caller: Caller = FINANCE) -> Context:
    return Context(caller=caller, now=clock.now(), expected=expected)


async def pledge(db: Database, chance: random.Random, _: int) -> None:
    async with db.transaction(by=DONOR) as tx:
        money = Money(minor=PLEDGED_MINOR, currency=chance.choice(CURRENCIES))
        fund, now = chance.choice(FUNDS), clock.now()
        await actions.pledge(
            tx,
            new_id(),
            fund,
            money,
            Earmarking.UNEARMARKED,
            "",
            donor=DONOR.organization,
            on=DAY,
            validity=DEFAULT_VALIDITY,
            now=now,
        )


async def withdraw(db: Database, chance: random.Random, _: int) -> None:
    async with db.transaction(by=DONOR) as tx:
        one = await _some(tx, "SELECT pledge_id, revision FROM pledge WHERE status = 'pledged'")
        if one:
            ctx = _context(one["revision"], caller=DONOR)
            await actions.move(tx, ctx, one["pledge_id"], Action.WITHDRAW, lambda p: p.withdraw(on=DAY, now=ctx.now))


async def pay(db: Database, chance: random.Random, _: int) -> None:
    """Sign an agreement over a pledge, if necessary, and receive half of it or all of it in cash."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision, minor, currency, recognized_minor, received_minor, "
                              "written_off_minor, status FROM pledge "
                              "WHERE status IN ('pledged', 'committed', 'partially_received')")  # fmt: skip
        if one is None:
            return
        pledge_id, revision = one["pledge_id"], one["revision"]
        if one["status"] == "pledged":
            await actions.commit(
                tx, _context(revision), pledge_id, 1300, agreement=None, schedule=(), on=DAY, validity=DEFAULT_VALIDITY
            )
            revision += 1
        agreed = one["minor"] if one["status"] == "pledged" else one["recognized_minor"]
        owed = agreed - one["received_minor"] - one["written_off_minor"]
        money = Money(minor=owed if chance.random() < 0.5 else owed // 2 or 1, currency=one["currency"])
        await actions.receive(
            tx,
            _context(revision),
            pledge_id,
            money,
            settles=None,
            charges_minor=0,
            arrived_minor=None,
            on=chance.choice((DAY, LATER)),
            validity=DEFAULT_VALIDITY,
        )


async def sign(db: Database, chance: random.Random, _: int) -> None:
    """Sign an agreement over a pledge of which half is conditional."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision, minor FROM pledge WHERE status = 'pledged' AND minor > 1")
        if one:
            half = one["minor"] // 2
            parts = ((one["minor"] - half, None), (half, "report_accepted"))
            await actions.commit(
                tx,
                _context(one["revision"]),
                one["pledge_id"],
                1300,
                agreement=None,
                schedule=tuple(Instalment(due_on=LATER, minor=minor, condition=waits) for minor, waits in parts),
                on=DAY,
                validity=DEFAULT_VALIDITY,
            )


async def meet_condition(db: Database, chance: random.Random, _: int) -> None:
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision FROM pledge WHERE recognized_minor < minor "
                              "AND status IN ('committed', 'partially_received')")  # fmt: skip
        if one:
            ctx, action = _context(one["revision"]), Action.MEET_CONDITION
            await actions.move(tx, ctx, one["pledge_id"], action, lambda p: p.meet_condition(2, on=LATER, now=ctx.now))


async def lapse(db: Database, chance: random.Random, _: int) -> None:
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision FROM pledge WHERE status = 'pledged'")
        if one:
            ctx = _context(one["revision"])
            await actions.move(tx, ctx, one["pledge_id"], Action.LAPSE, lambda p: exits.lapse(p, on=DAY, now=ctx.now))


async def reduce(db: Database, chance: random.Random, _: int) -> None:
    """Reduce a pledged or owed amount."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision, currency FROM pledge "
                              "WHERE status IN ('pledged', 'committed', 'partially_received')")  # fmt: skip
        if one:
            money = Money(minor=chance.randint(1, PLEDGED_MINOR // 5), currency=one["currency"])
            ctx = _context(one["revision"])
            await exit_actions.reduce(tx, ctx, one["pledge_id"], money, "donor_budget", on=LATER)


async def write_off(db: Database, chance: random.Random, _: int) -> None:
    """Propose a write-off; the owed amount may be received before the approval."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision FROM pledge "
                              "WHERE status IN ('committed', 'partially_received')")  # fmt: skip
        if one:
            ctx = _context(one["revision"])
            await exit_actions.propose_write_off(tx, ctx, new_id(), one["pledge_id"], "not_expected", on=LATER)


async def refund(db: Database, chance: random.Random, _: int) -> None:
    """Propose a refund; its money may be allocated before the approval."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision, currency FROM pledge "
                              "WHERE received_minor > refunded_minor")  # fmt: skip
        if one:
            money = Money(minor=chance.randint(1, PLEDGED_MINOR // 5), currency=one["currency"])
            ctx, pledge_id = _context(one["revision"]), one["pledge_id"]
            await exit_actions.propose_refund(
                tx, ctx, new_id(), pledge_id, money, "not_used", on=LATER, validity=DEFAULT_VALIDITY
            )


async def carry_over(db: Database, chance: random.Random, _: int) -> None:
    """Carry money over between the funds, in all directions at once.

    Each transaction locks one fund and adds to another.
    """
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT pledge_id, revision, fund FROM pledge WHERE received_minor > refunded_minor")
        if one:
            await exit_actions.carry_over(
                tx,
                _context(one["revision"]),
                one["pledge_id"],
                chance.choice([fund for fund in FUNDS if fund != one["fund"]]),
                chance.randint(1, PLEDGED_MINOR // 5),
                on=LATER,
            )


async def allocate(db: Database, chance: random.Random, usd_minor: int) -> None:
    async with db.transaction(by=FINANCE) as tx:
        lacking = await _some(tx, "SELECT requirement_id FROM requirement WHERE status = 'open'")
        planned = await _some(tx, "SELECT activity_id, fund FROM activity WHERE status = 'planned'")
        fund, purpose, which = chance.choice(FUNDS), Purpose(work_package="training"), chance.random()
        if lacking and which < 0.3:
            purpose = Purpose(requirement_id=lacking["requirement_id"])
        elif planned and which < 0.5:
            fund, purpose = planned["fund"], Purpose(activity_id=planned["activity_id"])
        # Uses today's date, so that money returned today can be allocated again.
        ctx = _context()
        await allocation_actions.allocate(tx, ctx, new_id(), fund, usd_minor, purpose, on=ctx.today)


def _match(match_id: Any) -> dict[str, Any]:
    ids = dict.fromkeys(("request_id", "line_id", "offering_id"), match_id)
    return {"match_id": match_id, "state": "KEN", "provider": "UNODC-SHERLOC", "capacity_period": PERIOD} | ids


async def lack(db: Database, chance: random.Random, usd_minor: int) -> None:
    needed = Money(minor=10 * usd_minor, currency=USD)
    now = clock.now()
    fact = MatchConfirmed(**_match(new_id()), confirmed_at=now, funding_needed=needed)
    async with db.transaction() as tx:
        await allocation_actions.on_match_confirmed(tx, an_event(fact, 1, time=now), fact, validity=DEFAULT_VALIDITY)


async def give_back(db: Database, chance: random.Random, _: int) -> None:
    """Revoke a match, which returns all of its allocations at once, to several funds."""
    async with db.transaction() as tx:
        one = await _some(tx, "SELECT match_id FROM requirement WHERE status = 'open'")
        if one:
            now = clock.now()
            fact = MatchRevoked(**_match(one["match_id"]), reason="no_funds", revoked_at=now)
            await allocation_actions.on_match_revoked(tx, an_event(fact, 2, time=now), fact)


async def give_back_by_hand(db: Database, chance: random.Random, _: int) -> None:
    """Return the rest of one allocation, while others spend it, or revoke or cancel its purpose."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT allocation_id, revision FROM allocation WHERE status = 'made'")
        if one:
            ctx = _context(one["revision"])
            await allocation_actions.give_back(tx, ctx, one["allocation_id"], on=ctx.today)


async def spend(db: Database, chance: random.Random, _: int) -> None:
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT allocation_id, revision, usd_minor FROM allocation WHERE status = 'made'")
        if one:
            ctx, used = _context(one["revision"]), chance.randint(1, one["usd_minor"])
            how = chance.choice(list(Spending))
            await allocation_actions.spend(tx, ctx, one["allocation_id"], used, how, on=ctx.today)


async def propose(db: Database, chance: random.Random, _: int) -> None:
    """Propose to reverse an entry, often one that is, or is proposed to be, reversed already."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT entry_id FROM entry WHERE type IN ('received', 'allocated', 'spent', 'disbursed', "
                              "'recognized', 'reduced', 'written_off', 'refunded', 'carried_over')")  # fmt: skip
        if one:
            await exit_actions.propose_reversal(
                tx,
                new_id(),
                one["entry_id"],
                "recorded_wrongly",
                on=DAY,
                now=clock.now(),
            )


async def approve(db: Database, chance: random.Random, _: int) -> None:
    async with db.transaction(by=SECOND) as tx:
        one = await _some(tx, "SELECT proposal_id, revision FROM proposal WHERE status = 'open'")
        if one:
            ctx = _context(one["revision"], caller=SECOND)
            await exit_actions.approve(tx, ctx, one["proposal_id"], validity=DEFAULT_VALIDITY)


async def plan(db: Database, chance: random.Random, _: int) -> None:
    wanted = Plan(
        fund=chance.choice(FUNDS),
        activity_kind="outreach",
        topics=(),
        pillars=(),
        gender_marker=0,
        starts_on=DAY,
        ends_on=DAY,
        language=Language.EN,
    )
    async with db.transaction(by=FINANCE) as tx:
        await activity_actions.plan(tx, _context(), new_id(), wanted, "Fictitious sample")


async def cancel(db: Database, chance: random.Random, _: int) -> None:
    """Cancel an activity to which others allocate money."""
    async with db.transaction(by=FINANCE) as tx:
        one = await _some(tx, "SELECT activity_id, revision FROM activity WHERE status = 'planned'")
        if one:
            await activity_actions.cancel(tx, _context(one["revision"]), one["activity_id"], "other")


OPERATIONS: dict[Operation, int] = {
    pledge: 12, withdraw: 8, pay: 20, allocate: 50, lack: 5, give_back: 5, spend: 5, propose: 5, approve: 10,
    plan: 4, cancel: 2, reduce: 3, write_off: 3, refund: 4, carry_over: 4, sign: 4, meet_condition: 3, lapse: 1,
    give_back_by_hand: 3,
}  # fmt: skip


async def work(db: Database, chance: random.Random, most: int) -> None:
    while True:
        (operation,) = chance.choices(list(OPERATIONS), list(OPERATIONS.values()))
        usd_minor = chance.randint(1, most)
        try:
            await operation(db, chance, usd_minor)
            outcome = b"d"
        except Unavailable:
            # This happens while all of them connect at once.
            outcome = b"a"
        except Refusal as refusal:
            outcome = b"e" if refusal.slug == "balance-exceeded" else b"r"
        except Exception as error:
            # The journal accepts only one of two changes of one version.
            if isinstance(error, asyncpg.UniqueViolationError) and error.table_name == "journal":
                outcome = b"r"
            elif is_transient(error) or isinstance(error, OutcomeUnknown):
                outcome = b"a"
            else:
                raise
        os.write(1, b"%d%b" % (usd_minor, outcome) if operation is allocate else outcome)


def with_reads(connections: int) -> int:
    """Return the number of connections of a pool of which that many are left besides those kept for reads."""
    return -(-connections * RESERVED_FRACTION // (RESERVED_FRACTION - 1))


async def run(task: dict[str, Any]) -> None:
    """Run the workers of a task. `most` is the maximum of one allocation. Each worker has its own connection."""
    db = await Database.connect(
        task["database_url"], "pledges", role=role_of("pledges"), pool_max=with_reads(task["workers"])
    )
    workers = (work(db, random.Random(f"{task['seed']} {n}"), task["most"]) for n in range(task["workers"]))
    await asyncio.gather(*workers)


if __name__ == "__main__":
    uvloop.run(run(json.load(sys.stdin)))
