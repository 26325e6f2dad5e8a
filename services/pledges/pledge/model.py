"""A donor's pledge: its statuses, the transitions between them, and the decision for each.

Every transition is a pair: a function that decides and returns the fact (or refuses), here or in `exits`, and a case of
`evolve` that applies the fact. `postings` has the entry of each fact.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.pledges import (
    Instalment,
    PledgeCommitted,
    PledgeConditionMet,
    PledgePledged,
    PledgeReceived,
    PledgeWithdrawn,
    Valuation,
)
from contracts.refusals import Conflict, Invalid, Mismatch, Missing
from contracts.rewording import PledgeReworded
from contracts.values import Money
from services.pledges.money.model import check_amount, may_settle, read_rate, support_cost_of, usd_minor_of
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.schedule import Scheduled, unconditional

SUPPORT_COST_BASIS_POINTS = 1300
"""Default programme support cost: 13 % of the direct cost."""


class Status(StrEnum):
    PLEDGED = "pledged"
    COMMITTED = "committed"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    WRITTEN_OFF = "written_off"
    REFUNDED = "refunded"
    CLOSED = "closed"


class LowestAmounts(Struct, frozen=True, kw_only=True):
    """The lowest amounts of a pledge's money by value date, from one day on.

    `minor`, in the agreement's currency, is the amount received less refunds. `usd_minor` is less carry-overs, too, and
    `net_usd_minor` also less programme support cost and bank charges.
    """

    minor: int
    usd_minor: int
    net_usd_minor: int


_UNDER_AGREEMENT = frozenset({Status.COMMITTED, Status.PARTIALLY_RECEIVED})
_PAID = frozenset({Status.PARTIALLY_RECEIVED, Status.RECEIVED})
_SIGNED = _UNDER_AGREEMENT | {Status.RECEIVED, Status.WRITTEN_OFF, Status.REFUNDED, Status.CLOSED}

MOVES: Mapping[str, frozenset[Status]] = {
    "commit": frozenset({Status.PLEDGED}),
    "meet_condition": _UNDER_AGREEMENT,
    "receive": _UNDER_AGREEMENT,
    "withdraw": frozenset({Status.PLEDGED}),
    "lapse": frozenset({Status.PLEDGED}),
    "reduce": frozenset({Status.PLEDGED, *_UNDER_AGREEMENT}),
    "write_off": _UNDER_AGREEMENT,
    "refund": _PAID,
    "carry_over": _PAID,
    "close": frozenset({Status.RECEIVED, Status.WRITTEN_OFF, Status.REFUNDED}),
    "reverse_receipt": frozenset({*_PAID, Status.CLOSED}),
    "reverse_refund": frozenset({*_PAID, Status.REFUNDED, Status.CLOSED}),
    "reverse_carry_over": frozenset({*_PAID, Status.REFUNDED, Status.CLOSED}),
    "reverse_condition": _UNDER_AGREEMENT,
    "reverse_reduction": frozenset({Status.PLEDGED, *_SIGNED}),
    "reverse_write_off": _SIGNED,
}
"""The states in which each transition is allowed; `policy.py` decides who may make it.

The functions of transitions from `lapse` on are in `exits`, and those of reversals except of receipts in `reversals`.
"""


class Pledge(Struct, frozen=True, kw_only=True):
    """The current state of a pledge, without its texts. Rates are in the ledger's entries, except the agreement's.

    `minor` is the pledged or agreed amount, less reductions. Of an agreement, `recognized_minor` is owed or paid; the
    rest waits for its conditions. The ledger carries, in US cents, `open_usd_minor` among the open pledges, and
    `committed_usd_minor` as agreed, of which `relieved_usd_minor` was paid or written off.
    """

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
    open_usd_minor: int
    texts_hash: str
    requirement_id: UUID | None = None
    extension_id: UUID | None = None
    import_id: UUID | None = None
    import_line: int | None = None
    committed_on: date | None = None
    committed_usd_minor: int | None = None
    committed_rate: str | None = None
    committed_rate_source: str | None = None
    committed_rate_date: date | None = None
    support_cost_basis_points: int | None = None
    agreement: str | None = None
    schedule: tuple[Scheduled, ...] = ()
    recognized_minor: int = 0
    receipts: int = 0
    received_minor: int = 0
    received_usd_minor: int = 0
    support_cost_usd_minor: int = 0
    charges_usd_minor: int = 0
    relieved_usd_minor: int = 0
    received_on: date | None = None
    written_off_minor: int = 0
    refunded_minor: int = 0
    refunded_usd_minor: int = 0
    carried_over_usd_minor: int = 0

    @property
    def money(self) -> Money:
        return Money(minor=self.minor, currency=self.currency)

    @property
    def outstanding_minor(self) -> int:
        """The amount owed under the agreement and not received; 0 without an agreement."""
        return self.recognized_minor - self.received_minor - self.written_off_minor

    @property
    def conditional_minor(self) -> int:
        """The part of the agreement whose conditions are not met."""
        return 0 if self.committed_on is None else self.minor - self.recognized_minor

    @property
    def usable_usd_minor(self) -> int:
        """The amount received, less refunds and carry-overs, in US cents; includes programme support cost."""
        return self.received_usd_minor - self.refunded_usd_minor - self.carried_over_usd_minor

    @property
    def carried_usd_minor(self) -> int:
        """The amount at which the owed money is carried in the ledger, in US cents."""
        return (self.committed_usd_minor or 0) - self.relieved_usd_minor

    @property
    def in_force(self) -> bool:
        """True if money is owed or was received under an agreement that has not ended."""
        return self.status in _UNDER_AGREEMENT | _PAID

    @property
    def allocatable_usd_minor(self) -> int:
        """Owed money and the rest of the receipts, less programme support cost and bank charges, in US cents."""
        owed = self.carried_usd_minor
        owed -= support_cost_of(owed, self.support_cost_basis_points or 0)
        return owed + self.usable_usd_minor - self.support_cost_usd_minor - self.charges_usd_minor

    def require(self, move: str) -> None:
        """Raise Conflict unless the pledge's state allows the transition."""
        if self.status not in MOVES[move]:
            raise Conflict("pledge-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def commit(
        self,
        valuation: Valuation,
        support_cost_basis_points: int,
        *,
        agreement: str | None,
        schedule: tuple[Instalment, ...],
        on: date,
        now: datetime,
    ) -> PledgeCommitted:
        """Sign an agreement over the whole pledge; `valuation` is of the unconditional part.

        Raises Mismatch if the instalments do not add up, Invalid if one is due before the signature.
        """
        self.require("commit")
        if on < self.pledged_on:
            raise Invalid("dates-reversed", field="committed_on")
        if sum(part.minor for part in schedule) != self.minor:
            raise Mismatch("schedule-is-not-the-whole", expected_minor=self.minor)
        if any(part.due_on < on for part in schedule):
            raise Invalid("dates-reversed", field="instalments.due_on")
        return PledgeCommitted(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            money=self.money,
            valuation=valuation,
            support_cost_basis_points=support_cost_basis_points,
            agreement=agreement,
            schedule=schedule,
            recognized_minor=unconditional(schedule),
            pledged_usd_minor=self.open_usd_minor,
            effective_on=on,
            committed_at=now,
            pledged_valuation=self.open_valuation,
        )

    def meet_condition(self, number: int, *, on: date, now: datetime) -> PledgeConditionMet:
        """Meet the condition of an instalment, by its number from 1.

        Raises Missing for an unknown instalment, Conflict without an open condition.
        """
        self.require("meet_condition")
        self._after_agreement(on, "met_on")
        part = next((one for one in self.schedule if one.number == number), None)
        if part is None:
            raise Missing("not-found")
        if part.condition is None or part.met_on is not None or not part.minor:
            raise Conflict("condition-not-open", instalment=number)
        money = Money(minor=part.minor, currency=self.currency)
        worth = usd_minor_of(money, self.agreed_rate)
        return PledgeConditionMet(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            instalment=number,
            condition=part.condition,
            money=money,
            usd_minor=worth,
            effective_on=on,
            met_at=now,
            valuation=self.carried(worth),
        )

    def receive(
        self,
        money: Money,
        valuation: Valuation,
        *,
        on: date,
        now: datetime,
        cash: Money | None = None,
        charges: Money | None = None,
        charges_usd_minor: int = 0,
    ) -> PledgeReceived:
        """Receive cash that settles `money` of the owed amount; `valuation` is of the cash.

        Raises Mismatch in another currency than the agreement's, or if the cash is not about the worth of `money`;
        Conflict for more than is owed; Invalid if the bank charges reach the amount received, or if cash in the
        agreement's currency is stated to settle another amount.
        """
        self.require("receive")
        self._after_agreement(on, "received_on")
        if money.currency != self.currency:
            raise Mismatch("currency-differs", expected=self.currency)
        if cash is not None and cash.currency == money.currency:
            raise Invalid("settles-needless")
        owed = self.outstanding_minor
        check_amount(money.minor)
        if money.minor > owed:
            raise Conflict("pledge-exceeded", owed_minor=owed, currency=self.currency)
        assert self.support_cost_basis_points is not None, "an agreement has its programme support cost"
        support_cost = support_cost_of(valuation.usd_minor, self.support_cost_basis_points)
        if charges is not None and (cash or money).minor <= charges.minor:
            raise Invalid("charges-exceed-cash")
        if charges_usd_minor + support_cost > valuation.usd_minor:
            raise Invalid("charges-exceed-cash")
        agreed = usd_minor_of(money, self.agreed_rate)
        if cash is not None and not may_settle(agreed, valuation.usd_minor):
            raise Mismatch("settles-implausible", agreed_usd_minor=agreed, usd_minor=valuation.usd_minor)
        # The rounded amounts of many small instalments must not add up to more than is owed in total.
        relieved = self.carried_usd_minor if money.minor == owed else min(agreed, self.carried_usd_minor)
        complete = money.minor == owed and not self.conditional_minor
        return PledgeReceived(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            # The number of the receipt, whichever instalment of the schedule it pays.
            instalment=self.receipts + 1,
            money=money,
            cash=cash,
            valuation=valuation,
            agreed_usd_minor=agreed,
            relieved_usd_minor=relieved,
            support_cost_usd_minor=support_cost,
            charges=charges,
            charges_usd_minor=charges_usd_minor,
            complete=complete,
            effective_on=on,
            received_at=now,
            agreed_valuation=self.carried(relieved),
        )

    @property
    def agreed_rate(self) -> Fraction:
        """The rate of the agreement, at which the owed money is carried."""
        assert self.committed_rate is not None, "an agreement has its rate"
        return read_rate(self.committed_rate)

    def carried(self, usd_minor: int) -> Valuation:
        """Return a valuation of US cents at the carrying rate: the agreement's or, before it, the pledge's."""
        if self.committed_rate is None:
            return replace(self.valuation, usd_minor=usd_minor)
        source, on = self.committed_rate_source, self.committed_rate_date
        assert source is not None, "an agreement's rate has its source"
        assert on is not None, "an agreement's rate has its day"
        return Valuation(usd_minor=usd_minor, rate=self.committed_rate, rate_source=source, rate_date=on)

    def _after_agreement(self, on: date, field: str) -> None:
        assert self.committed_on is not None, "an agreement has its day"
        if on < self.committed_on:
            raise Invalid("dates-reversed", field=field)

    def withdraw(self, *, on: date, now: datetime) -> PledgeWithdrawn:
        self.require("withdraw")
        if on < self.pledged_on:
            raise Invalid("dates-reversed", field="withdrawn_on")
        return PledgeWithdrawn(
            pledge_id=self.pledge_id,
            donor=self.donor,
            fund=self.fund,
            money=self.money,
            valuation=self.open_valuation,
            effective_on=on,
            withdrawn_at=now,
        )

    def reword(self, texts_hash: str, *, now: datetime) -> PledgeReworded:
        """Reword the note, in any state, so that a name that should not be there can be removed."""
        return PledgeReworded(
            pledge_id=self.pledge_id, donor=self.donor, fund=self.fund, texts_hash=texts_hash, reworded_at=now
        )

    @property
    def open_valuation(self) -> Valuation:
        """The valuation of the open pledge, at the rate of the day it was pledged."""
        return replace(self.valuation, usd_minor=self.open_usd_minor)


def pledge(
    pledge_id: UUID,
    fund: str,
    money: Money,
    valuation: Valuation,
    earmarking: Earmarking,
    texts_hash: str,
    *,
    donor: str,
    requirement_id: UUID | None = None,
    extension_id: UUID | None = None,
    import_id: UUID | None = None,
    import_line: int | None = None,
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
        requirement_id=requirement_id,
        extension_id=extension_id,
        import_id=import_id,
        import_line=import_line,
    )
