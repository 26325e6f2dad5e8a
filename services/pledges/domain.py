"""A donor's pledge: its states, the moves from one to the next, and what each move means.

Every move is a pair: a function that decides and returns the fact (or refuses), and a case of `evolve` that folds the
fact into the state. Actions and the rebuilding of tables from the journal share the second. What a fact means in money
is told by `postings`.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.pledges import PledgeCommitted, PledgePledged, PledgeReceived, PledgeWithdrawn, Valuation
from contracts.refusals import Conflict, Invalid, Mismatch
from contracts.values import Money
from services.pledges.money import read_rate, support_cost_of, usd_minor_of

SUPPORT_COST_BASIS_POINTS = 1300
"""Programme support cost where the agreement says nothing else: 13 % of the direct cost."""


class Status(StrEnum):
    PLEDGED = "pledged"
    COMMITTED = "committed"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"


class Earmarking(StrEnum):
    """How closely a donor says what its money is for, beyond the fund."""

    UNEARMARKED = "unearmarked"
    SOFTLY_EARMARKED = "softly_earmarked"
    EARMARKED = "earmarked"
    TIGHTLY_EARMARKED = "tightly_earmarked"


_UNDER_AGREEMENT = frozenset({Status.COMMITTED, Status.PARTIALLY_RECEIVED})

MOVES: Mapping[str, frozenset[Status]] = {
    "commit": frozenset({Status.PLEDGED}),
    "receive": _UNDER_AGREEMENT,
    "withdraw": frozenset({Status.PLEDGED}),
}
"""From which states each move leads; who makes it is the policy's."""


class Pledge(Struct, frozen=True, kw_only=True):
    """A pledge as it stands, all but its words. Rates are with the ledger's entries, but for the agreement's own."""

    pledge_id: UUID
    donor: str
    fund: str
    status: Status
    revision: int
    minor: int
    currency: str
    earmarking: Earmarking
    pledged_on: date
    pledged_at: datetime
    valuation: Valuation
    texts_hash: str
    committed_on: date | None = None
    committed_usd_minor: int | None = None
    committed_rate: str | None = None
    support_cost_basis_points: int | None = None
    instalments: int = 0
    received_minor: int = 0
    received_usd_minor: int = 0
    relieved_usd_minor: int = 0
    received_on: date | None = None

    @property
    def money(self) -> Money:
        return Money(minor=self.minor, currency=self.currency)

    @property
    def outstanding_minor(self) -> int:
        """What is still to come under the agreement; nothing where there is none."""
        return 0 if self.committed_on is None else self.minor - self.received_minor

    def require(self, move: str) -> None:
        """Raises Conflict where the pledge's state does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("pledge-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def commit(
        self, valuation: Valuation, support_cost_basis_points: int, *, on: date, now: datetime
    ) -> PledgeCommitted:
        """An agreement over the whole of the pledge."""
        self.require("commit")
        if on < self.pledged_on:
            raise Invalid("dates-reversed", field="committed_on")
        return PledgeCommitted(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            money=self.money,
            valuation=valuation,
            support_cost_basis_points=support_cost_basis_points,
            effective_on=on,
            committed_at=now,
        )

    def receive(self, money: Money, valuation: Valuation, *, on: date, now: datetime) -> PledgeReceived:
        """One instalment of what was agreed. Raises Mismatch in another currency, Conflict for more than is owed."""
        self.require("receive")
        assert self.committed_on is not None, "an agreement has its day"
        assert self.committed_rate is not None, "an agreement has its rate"
        assert self.committed_usd_minor is not None, "an agreement has its worth"
        assert self.support_cost_basis_points is not None, "an agreement says its programme support cost"
        if on < self.committed_on:
            raise Invalid("dates-reversed", field="received_on")
        if money.currency != self.currency:
            raise Mismatch("currency-differs", expected=self.currency)
        owed = self.outstanding_minor
        check_amount(money.minor)
        if money.minor > owed:
            raise Conflict("pledge-exceeded", owed_minor=owed, currency=self.currency)
        agreed = usd_minor_of(money, read_rate(self.committed_rate))
        carried = self.committed_usd_minor - self.relieved_usd_minor
        complete = money.minor == owed
        return PledgeReceived(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            instalment=self.instalments + 1,
            money=money,
            valuation=valuation,
            agreed_usd_minor=agreed,
            # Many small instalments, each rounded up, must not take off more than was ever owed.
            relieved_usd_minor=carried if complete else min(agreed, carried),
            support_cost_usd_minor=support_cost_of(valuation.usd_minor, self.support_cost_basis_points),
            complete=complete,
            effective_on=on,
            received_at=now,
        )

    def withdraw(self, *, on: date, now: datetime) -> PledgeWithdrawn:
        self.require("withdraw")
        if on < self.pledged_on:
            raise Invalid("dates-reversed", field="withdrawn_on")
        return PledgeWithdrawn(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            money=self.money,
            valuation=self.valuation,
            effective_on=on,
            withdrawn_at=now,
        )


def check_amount(minor: int) -> None:
    """Raises Invalid for nothing at all."""
    if minor <= 0:
        raise Invalid("amount-zero")


def pledge(
    pledge_id: UUID,
    fund: str,
    money: Money,
    valuation: Valuation,
    earmarking: Earmarking,
    texts_hash: str,
    *,
    donor: str,
    on: date,
    now: datetime,
) -> PledgePledged:
    check_amount(money.minor)
    return PledgePledged(
        pledge_id=pledge_id,
        donor=donor,
        fund=fund,
        money=money,
        valuation=valuation,
        earmarking=earmarking,
        effective_on=on,
        texts_hash=texts_hash,
        pledged_at=now,
    )


def evolve(pledge: Pledge | None, fact: Fact) -> Pledge:
    """The state after a fact: the one place where a fact becomes a state."""
    if pledge is None:
        assert isinstance(fact, PledgePledged), "a pledge begins by being pledged"
        return Pledge(
            pledge_id=fact.pledge_id,
            donor=fact.donor,
            fund=fact.fund,
            status=Status.PLEDGED,
            revision=1,
            minor=fact.money.minor,
            currency=fact.money.currency,
            earmarking=Earmarking(fact.earmarking),
            pledged_on=fact.effective_on,
            pledged_at=fact.pledged_at,
            valuation=fact.valuation,
            texts_hash=fact.texts_hash,
        )
    return replace(pledge, revision=pledge.revision + 1, **_changes(pledge, fact))


def _changes(pledge: Pledge, fact: Fact) -> dict[str, Any]:
    match fact:
        case PledgeCommitted():
            return {
                "status": Status.COMMITTED,
                "committed_on": fact.effective_on,
                "committed_usd_minor": fact.valuation.usd_minor,
                "committed_rate": fact.valuation.rate,
                "support_cost_basis_points": fact.support_cost_basis_points,
            }
        case PledgeReceived():
            return {
                "status": Status.RECEIVED if fact.complete else Status.PARTIALLY_RECEIVED,
                "instalments": fact.instalment,
                "received_minor": pledge.received_minor + fact.money.minor,
                "received_usd_minor": pledge.received_usd_minor + fact.valuation.usd_minor,
                "relieved_usd_minor": pledge.relieved_usd_minor + fact.relieved_usd_minor,
                "received_on": fact.effective_on,
            }
        case PledgeWithdrawn():
            return {"status": Status.WITHDRAWN}
    raise AssertionError(f"{fact.type} is not a pledge's fact")
