"""Facts of packages: a State's offering, a unit of UNODC and a donor's pledge, presented as one; owned by matching."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.pledges import FundCode
from contracts.values import Code, Money, Organization, State

PARTIES = 4
Parties = Annotated[tuple[Code, ...], Meta(max_length=PARTIES)]
"""The parties of a package: `state`, `provider`, `unit`, `donor`."""


class _PackageFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a package, so that consumers can act without a query."""

    package_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: State
    provider: Organization
    unit: Organization
    donor: Organization


class PackagePresented(_PackageFact, frozen=True, kw_only=True, tag="matching.package.presented.v1"):
    """A coordinator presented a match together with a unit of UNODC and a donor's pledge, to all four parties.

    `money` is requested from the pledge; `usd_minor` is its value in US cents at that time. `unit_role` is the role of
    the unit.
    """

    pledge_id: UUID
    fund: FundCode
    money: Money
    usd_minor: Annotated[int, Meta(ge=0)]
    presented_at: datetime
    unit_role: Code | None = None


class PackageAgreed(_PackageFact, frozen=True, kw_only=True, tag="matching.package.agreed.v1"):
    """One `party` agreed; `waiting_for` are the parties that have not agreed yet."""

    party: Code
    waiting_for: Parties
    agreed_at: datetime


class PackageConfirmed(_PackageFact, frozen=True, kw_only=True, tag="matching.package.confirmed.v1"):
    """The last of the four parties agreed, and the match was confirmed; `money` is to come from the pledge."""

    pledge_id: UUID
    fund: FundCode
    money: Money
    confirmed_at: datetime


class PackageDeclined(_PackageFact, frozen=True, kw_only=True, tag="matching.package.declined.v1"):
    """The unit or the donor declined, for a coded reason; the match continues without the package."""

    party: Code
    reason: Code
    declined_at: datetime


class PackageWithdrawn(_PackageFact, frozen=True, kw_only=True, tag="matching.package.withdrawn.v1"):
    """A coordinator withdrew the package, for a coded reason; the match continues without it."""

    reason: Code
    withdrawn_at: datetime


class PackageEnded(_PackageFact, frozen=True, kw_only=True, tag="matching.package.ended.v1"):
    """The package ended; `reason` is the coded reason.

    `match_ended`: its match ended. `consent_lost`: the State no longer consents that the donor knows of the request.
    """

    reason: Code
    ended_at: datetime


FACTS: tuple[type[Fact], ...] = (
    PackagePresented,
    PackageAgreed,
    PackageConfirmed,
    PackageDeclined,
    PackageWithdrawn,
    PackageEnded,
)
