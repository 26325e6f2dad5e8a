"""Facts that reverse entries recorded by mistake; owned by pledges.

Each names the ledger entry it `reverses` and repeats all amounts of it: the resulting entry is its opposite. Two people
approved each reversal, by the proposal that it names.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.pledges import SCHEDULE_MAX, FundCode, Minor, UsdMinor, Valuation
from contracts.values import Code, Money, Organization


class InstalmentRestored(Struct, frozen=True, kw_only=True):
    """An instalment of an agreement, by its number from 1, and its restored amount."""

    number: Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
    minor: Minor


Restored = Annotated[
    tuple[InstalmentRestored, ...],
    Meta(max_length=SCHEDULE_MAX, description="all instalments of the agreement from now on"),
]


class PledgeRefundReversed(Fact, frozen=True, kw_only=True, tag="pledges.pledge.refund-reversed.v1"):
    """A refund was recorded by mistake: the money is in the fund; the amounts are those of the refund."""

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
    """A write-off was recorded by mistake: the amount is owed again; the amounts are those of the write-off.

    `conditional_minor`, which ended with the write-off, is conditional again, as in `restored`.
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
    """A carry-over was recorded by mistake: the money that left this fund for `to_fund` is back."""

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
    """The other half of a reversed carry-over: the money left this fund in the same transaction."""

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
    """The condition of an instalment was recorded as met by mistake: its amount is conditional again."""

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
    """A reduction was recorded by mistake: the former amount is pledged or agreed again.

    The amounts are those of the reduction. `restored` lists the restored instalments; empty if no agreement was signed.
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
