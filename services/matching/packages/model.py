"""A package: a match with a State's offering, a unit of UNODC and a donor's pledge, presented as one.

Four parties agree separately: the State and the provider by their moves of the match, the unit and the donor here.
The match is confirmed by the second of State and provider, and not before unit and donor have agreed.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.budgets import PledgeBalance
from contracts.packages import (
    PackageAgreed,
    PackageConfirmed,
    PackageDeclined,
    PackageEnded,
    PackagePresented,
    PackageWithdrawn,
)
from contracts.refusals import Conflict, Invalid, Mismatch
from contracts.values import Caller, Money, Role
from services.matching.lines.model import WantedLine
from services.matching.matches.model import Match


class Party(StrEnum):
    """The parties that have to agree."""

    STATE = "state"
    PROVIDER = "provider"
    UNIT = "unit"
    DONOR = "donor"


class UnitRole(StrEnum):
    """Roles of the unit of UNODC in the delivery."""

    BACKSTOPPING = "backstopping"
    COORDINATION = "coordination"
    QUALITY_ASSURANCE = "quality_assurance"
    LOGISTICS = "logistics"


class PackageStatus(StrEnum):
    PRESENTED = "presented"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class EndReason(StrEnum):
    """Reasons for which a package ends without a move of its own."""

    MATCH_ENDED = "match_ended"
    CONSENT_LOST = "consent_lost"


_PRESENTED = frozenset({PackageStatus.PRESENTED})
IN_FORCE = _PRESENTED | {PackageStatus.CONFIRMED}
MOVES: Mapping[str, frozenset[PackageStatus]] = {
    "agree": _PRESENTED,
    "decline": _PRESENTED,
    "withdraw": _PRESENTED,
    "confirm": _PRESENTED,
    "end": IN_FORCE,
}
"""Statuses in which each move is allowed; `confirm` and `end` follow from the match. The policy says who may move."""


class Package(Struct, frozen=True, kw_only=True):
    """A package with its agreements. `usd_minor` is the value of the money in US cents when it was presented."""

    package_id: UUID
    match_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    provider: str
    unit: str
    unit_role: UnitRole | None
    donor: str
    pledge_id: UUID
    fund: str
    minor: int
    currency: str
    usd_minor: int
    status: PackageStatus
    revision: int
    presented_at: datetime
    state_agreed_at: datetime | None = None
    provider_agreed_at: datetime | None = None
    unit_agreed_at: datetime | None = None
    donor_agreed_at: datetime | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    declined_by: Party | None = None
    reason: str | None = None
    disclosed: bool = False
    """True if a consent in force included the caller's organization when the package was read for it."""

    @property
    def money(self) -> Money:
        return Money(minor=self.minor, currency=self.currency)

    @property
    def waiting_for(self) -> tuple[Party, ...]:
        """The parties that have not agreed; empty once it is confirmed or over."""
        if self.status is not PackageStatus.PRESENTED:
            return ()
        return tuple(party for party in Party if getattr(self, f"{party}_agreed_at") is None)

    def party_of(self, caller: Caller) -> Party | None:
        """Return the party that the caller speaks for here, the unit or the donor; None for others."""
        if caller.role is Role.PROVIDER_OFFICER and caller.organization == self.unit:
            return Party.UNIT
        if caller.role is Role.DONOR_OFFICER and caller.organization == self.donor:
            return Party.DONOR
        return None

    def require(self, move: str) -> None:
        """Raise Conflict if the package's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("package-status", status=self.status, move=move)

    def require_agreement(self) -> None:
        """Raise Conflict until the unit and the donor have agreed, which the confirmation of the match requires."""
        missing = [party for party in (Party.UNIT, Party.DONOR) if party in self.waiting_for]
        if missing:
            raise Conflict("package-not-agreed", package_id=self.package_id, waiting_for=missing)

    # -- decisions -----------------------------------------------------------------------------------------------

    def agree(self, party: Party, *, now: datetime) -> PackageAgreed:
        """Record the agreement of a party. Raise Conflict if the party has agreed before."""
        self.require("agree")
        if party not in self.waiting_for:
            raise Conflict("package-agreed-before")
        left = tuple(one for one in self.waiting_for if one is not party)
        return PackageAgreed(**self._ids(), party=party, waiting_for=left, agreed_at=now)

    def confirm(self, *, now: datetime) -> PackageConfirmed:
        """Record that the match was confirmed, and so the last of the four has agreed."""
        self.require("confirm")
        return PackageConfirmed(
            **self._ids(), pledge_id=self.pledge_id, fund=self.fund, money=self.money, confirmed_at=now
        )

    def decline(self, party: Party, reason: str, *, now: datetime) -> PackageDeclined:
        self.require("decline")
        return PackageDeclined(**self._ids(), party=party, reason=reason, declined_at=now)

    def withdraw(self, reason: str, *, now: datetime) -> PackageWithdrawn:
        self.require("withdraw")
        return PackageWithdrawn(**self._ids(), reason=reason, withdrawn_at=now)

    def end(self, reason: EndReason, *, now: datetime) -> PackageEnded:
        self.require("end")
        return PackageEnded(**self._ids(), reason=reason, ended_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "package_id": self.package_id,
            "match_id": self.match_id,
            "request_id": self.request_id,
            "line_id": self.line_id,
            "state": self.state,
            "provider": self.provider,
            "unit": self.unit,
            "donor": self.donor,
        }


def present(
    package_id: UUID,
    match: Match,
    line: WantedLine,
    lacking: Money | None,
    pledge: PledgeBalance,
    money: Money,
    *,
    unit: str,
    unit_role: UnitRole | None,
    asked_usd_minor: int,
    now: datetime,
) -> PackagePresented:
    """Present a match, which has just been presented, with a unit and a pledge.

    `lacking` is the money that the offering lacks, `asked_usd_minor` the money that other packages in force ask of the
    pledge.
    """
    if not _is_state(match.provider):
        raise Conflict("package-provider-not-state", provider=match.provider)
    if pledge.donor in {match.state, match.provider}:
        raise Conflict("package-donor-is-party", donor=pledge.donor)
    if not line.may_be_disclosed_to(pledge.donor):
        raise Conflict("package-donor-not-consented", donor=pledge.donor)
    return PackagePresented(
        package_id=package_id,
        match_id=match.match_id,
        request_id=match.request_id,
        line_id=match.line_id,
        state=match.state,
        provider=match.provider,
        unit=unit,
        unit_role=unit_role,
        donor=pledge.donor,
        pledge_id=pledge.pledge_id,
        fund=pledge.fund,
        money=money,
        usd_minor=_usd_minor(pledge, money, lacking, line.line_id, asked_usd_minor),
        presented_at=now,
    )


def _is_state(organization: str) -> bool:
    return len(organization) == 3 and organization.isalpha()


def _usd_minor(pledge: PledgeBalance, money: Money, lacking: Money | None, line_id: UUID, asked_usd_minor: int) -> int:
    """Return the value of the money asked. Raise Conflict if the delivery lacks less or the pledge has less left."""
    if lacking is None:
        raise Conflict("package-money-exceeds-need", lacking_minor=0)
    if money.currency != lacking.currency:
        raise Mismatch("package-currency", field="money.currency", expected=lacking.currency)
    if not money.minor:
        raise Invalid("amount-zero", field="money.minor")
    if money.minor > lacking.minor:
        raise Conflict("package-money-exceeds-need", lacking_minor=lacking.minor, currency=lacking.currency)
    if pledge.kept_for_line not in {None, line_id}:
        raise Conflict("earmark-mismatch")
    worth = pledge.worth(money)
    if worth is None:
        raise Conflict("rate-not-in-force", currency=money.currency)
    left = max(0, pledge.usd_minor - asked_usd_minor)
    if worth.minor > left:
        raise Conflict("package-money-exceeds-pledge", left_usd_minor=left)
    return worth.minor
