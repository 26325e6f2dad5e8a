"""Facts that take back what had been recorded wrongly of a pledge; the pledges service owns them.

Each names the entry of the ledger that it `reverses`, and says again every amount of it: the entry that follows is the
other one's opposite. Two people decided each, by the proposal that it names.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.pledges import SCHEDULE_MAX, FundCode, Minor, UsdMinor, Valuation
from contracts.values import Code, Money, Organization


class InstalmentRestored(Struct, frozen=True, kw_only=True):
    """An instalment of an agreement, by its number from 1, and what it comes to again."""

    number: Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
    minor: Minor


Restored = Annotated[
    tuple[InstalmentRestored, ...],
    Meta(max_length=SCHEDULE_MAX, description="every instalment of the agreement, as it is from now on"),
]


class PledgeRefundReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.refund-reversed.v1"):
    """A refund had been recorded wrongly: the money is in the fund; the amounts are those of the refund."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    money: Money
    valuation: Valuation
    support_cost_usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime


class PledgeWriteOffReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.write-off-reversed.v1"):
    """What is owed had been given up wrongly: it is owed again; the amounts are those of the write-off.

    `conditional_minor`, which had fallen away with it, waits for its conditions again, as `restored` says.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    money: Money
    usd_minor: UsdMinor
    conditional_minor: Minor
    restored: Restored
    effective_on: date
    reversed_at: datetime
    valuation: Valuation | None = None


class PledgeCarryOverReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.carry-over-reversed.v1"):
    """Money had been carried over wrongly: what left this fund for `to_fund` is back."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    to_fund: FundCode
    reverses: UUID
    proposal_id: UUID
    usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime


class PledgeBroughtForwardReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.brought-forward-reversed.v1"):
    """The other half of a carry-over that was taken back: it left this fund again in the same moment."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    from_fund: FundCode
    reverses: UUID
    proposal_id: UUID
    usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime


class PledgeConditionReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.condition-reversed.v1"):
    """The condition of an instalment had been recorded as met and is not: its amount waits for it again."""

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    instalment: Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
    condition: Code
    money: Money
    usd_minor: UsdMinor
    effective_on: date
    reversed_at: datetime
    valuation: Valuation | None = None


class PledgeReductionReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.reduction-reversed.v1"):
    """A reduction had been recorded wrongly: as much is pledged or agreed as before; the amounts are those of it.

    `restored` says what each instalment comes to again; it is empty where no agreement was signed.
    """

    pledge_id: UUID
    donor: Organization
    fund: FundCode
    reverses: UUID
    proposal_id: UUID
    money: Money
    recognized_minor: Minor | None
    pledged_usd_minor: UsdMinor
    committed_usd_minor: UsdMinor
    restored: Restored
    effective_on: date
    reversed_at: datetime
    valuation: Valuation | None = None


FACTS: tuple[type[Fact], ...] = (
    PledgeRefundReversed,
    PledgeWriteOffReversed,
    PledgeCarryOverReversed,
    PledgeBroughtForwardReversed,
    PledgeConditionReversed,
    PledgeReductionReversed,
)
