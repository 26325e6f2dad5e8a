"""Contributions in kind in each status."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from contracts.facts import Fact
from contracts.values import Money
from services.pledges.in_kind.model import InKindContribution, InKindStatus, declare, evolve
from services.pledges.money.model import value
from tests.builders import NOON

MARCH = date(2026, 3, 5)
DECIDE: dict[str, Any] = {
    "acknowledge": lambda one: one.acknowledge(now=NOON),
    "withdraw": lambda one: one.withdraw(now=NOON),
    "strike": lambda one: one.strike("given_back", now=NOON),
}


def declared(minor: int = 40_000, contribution_id: UUID | None = None) -> Fact:
    money = Money(minor=minor, currency="USD")
    return declare(
        contribution_id or uuid4(), "SHERLOC-MNT", "equipment", money, value(money, MARCH, []), "hash",
        donor="NOR", on=MARCH, now=NOON,
    )  # fmt: skip


def a_contribution(status: InKindStatus = InKindStatus.DECLARED) -> InKindContribution:
    """Return a contribution brought to the status by its own transitions."""
    made = evolve(None, declared())
    ways = {
        InKindStatus.ACKNOWLEDGED: ("acknowledge",),
        InKindStatus.WITHDRAWN: ("withdraw",),
        InKindStatus.STRUCK: ("acknowledge", "strike"),
    }
    for move in ways.get(status, ()):
        made = evolve(made, DECIDE[move](made))
    return made
