"""Facts of in-kind contributions, which move no money; owned by pledges."""

from datetime import date, datetime
from uuid import UUID

from contracts.facts import Fact
from contracts.pledges import FundCode, UsdMinor, Valuation
from contracts.values import Code, Money, Organization


class InKindContributionDeclared(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.declared.v1"):
    """A donor declared an in-kind contribution and its value, which is reported separately from money.

    `form` is a code of the table `in_kind_forms`. It has no value date, because it is not a ledger entry: `provided_on`
    is the day of the contribution; `valuation` uses the rate of that day.
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
    """UNODC acknowledged the contribution; its declared value, `usd_minor`, is reported for the fund as in kind."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    usd_minor: UsdMinor
    acknowledged_at: datetime


class InKindContributionWithdrawn(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.withdrawn.v1"):
    """The donor withdrew the contribution before UNODC acknowledged it."""

    in_kind_contribution_id: UUID
    donor: Organization
    fund: FundCode
    withdrawn_at: datetime


class InKindContributionStruck(Fact, frozen=True, kw_only=True, tag="pledges.in_kind_contribution.struck.v1"):
    """The contribution had been acknowledged by mistake; its `usd_minor` is no longer reported."""

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
