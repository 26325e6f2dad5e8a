"""Facts of what donors give that is no money; the pledges service owns them, and none of them moves any."""

from datetime import date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode, UsdMinor, Valuation
from contracts.values import Code, Money, Organization


class InKindContributionDeclared(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.declared.v1"):
    """A donor said what it gave that is no money, and what it holds that to be worth: counted beside the money only.

    `form` is a code of the table `in_kind_forms`. It takes effect in no book, and so has no value date: `provided_on`
    is the day of the thing, at whose rate `valuation` is.
    """

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    form: Code
    money: Money
    valuation: Valuation
    provided_on: date
    texts_hash: str
    declared_at: datetime


class InKindContributionAcknowledged(
    Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.acknowledged.v1"
):
    """UNODC has it: `usd_minor`, what the donor declared it to be worth, is told of the fund as in kind."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    usd_minor: UsdMinor
    acknowledged_at: datetime


class InKindContributionWithdrawn(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.withdrawn.v1"):
    """The donor took back what it had declared, before UNODC acknowledged it."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    withdrawn_at: datetime


class InKindContributionStruck(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.struck.v1"):
    """It had been acknowledged and should not have been: `usd_minor` of it is not told of the fund any more."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    reason: Code
    usd_minor: UsdMinor
    struck_at: datetime


FACTS: tuple[type[Fact], ...] = (
    InKindContributionDeclared,
    InKindContributionAcknowledged,
    InKindContributionWithdrawn,
    InKindContributionStruck,
)
