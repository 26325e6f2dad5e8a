"""Pledges for tests of the model."""

from datetime import date
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.pledges import PledgeReceived, PledgeRefunded, RequirementOpened, Valuation
from contracts.values import Money
from services.pledges.allocations import model as allocations
from services.pledges.allocations.model import Requirement, RequirementStatus
from services.pledges.money.model import value
from services.pledges.pledge import exits
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.evolve import evolve
from services.pledges.pledge.model import Pledge, Status, pledge
from services.pledges.pledge.schedule import single_instalment, unconditional
from tests.builders import NOON

FEBRUARY, MARCH, APRIL = date(2026, 2, 12), date(2026, 3, 5), date(2026, 4, 20)


def dollars(minor: int) -> Money:
    return Money(minor=minor, currency="USD")


def par(minor: int, on: date = MARCH) -> Valuation:
    return value(dollars(minor), on, [])


def a_pledge(status: Status = Status.PLEDGED, *, minor: int = 100_000, basis_points: int = 0) -> Pledge:
    """Return a pledge brought to the status by its own transitions."""
    fact: Fact = pledge(
        uuid4(),
        "SHERLOC-MNT",
        dollars(minor),
        par(minor),
        Earmarking.SOFTLY_EARMARKED,
        "hash",
        donor="NOR",
        on=FEBRUARY,
        now=NOON,
    )
    made = evolve(None, fact)
    if status is Status.WITHDRAWN:
        return evolve(made, made.withdraw(on=MARCH, now=NOON))
    if status is Status.LAPSED:
        return evolve(made, exits.lapse(made, on=MARCH, now=NOON))
    if status is not Status.PLEDGED:
        made = agreed(made, basis_points, on=MARCH)
    if status is Status.WRITTEN_OFF:
        made = evolve(made, exits.write_off(made, uuid4(), "not_expected", on=APRIL, now=NOON))
    if status in {Status.PARTIALLY_RECEIVED, Status.RECEIVED, Status.REFUNDED, Status.CLOSED}:
        part = minor // 4 if status is Status.PARTIALLY_RECEIVED else minor
        made = evolve(made, made.receive(dollars(part), par(part), on=APRIL, now=NOON))
    if status is Status.REFUNDED:
        made = evolve(made, refund(made, minor))
    if status is Status.CLOSED:
        made = evolve(made, exits.close(made, now=NOON))
    assert made.status is status
    return made


def agreed(one: Pledge, basis_points: int = 0, *, on: date = APRIL, schedule: Any = ()) -> Pledge:
    parts = schedule or single_instalment(one.minor, on)
    worth = par(unconditional(parts))
    return evolve(one, one.commit(worth, basis_points, agreement="NOR/26/1", schedule=parts, on=on, now=NOON))


def refund(one: Pledge, minor: int) -> PledgeRefunded:
    return exits.refund(one, dollars(minor), par(minor), uuid4(), "not_used", on=APRIL, now=NOON)


def receipt(one: Pledge, minor: int) -> PledgeReceived:
    """Return a receipt of that amount of the pledge."""
    before = replace(a_pledge(Status.COMMITTED), pledge_id=one.pledge_id)
    return before.receive(dollars(minor), par(minor), on=APRIL, now=NOON)


def a_requirement(usd_minor: int = 1000, covered: int = 0, *, cancelled: bool = False) -> Requirement:
    match_id = uuid4()
    opened = allocations.opened(
        RequirementOpened(
            requirement_id=allocations.requirement_id_of(match_id),
            match_id=match_id,
            request_id=uuid4(),
            line_id=uuid4(),
            state="KEN",
            provider="NOR",
            money=dollars(usd_minor),
            valuation=par(usd_minor),
            effective_on=MARCH,
            opened_at=NOON,
        )
    )
    status = RequirementStatus.CANCELLED if cancelled else RequirementStatus.OPEN
    return Requirement(
        **{f: getattr(opened, f) for f in opened.__struct_fields__} | {"covered_usd_minor": covered, "status": status}
    )


def allocate(usd_minor: int, purpose: Requirement | str, *, available: int = 1000, fund: str = "SHERLOC-MNT") -> Any:
    return allocations.allocate(
        uuid4(), fund, usd_minor, purpose, available_usd_minor=available, fund_donors=("NOR",), on=APRIL, now=NOON
    )
