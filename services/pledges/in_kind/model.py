"""Contributions in kind: equipment, experts, premises or software that a donor gives, valued beside the ledger.

They are in no book: their facts make no entry, and they are not included in any balance or total.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.in_kind import (
    InKindContributionAcknowledged,
    InKindContributionDeclared,
    InKindContributionStruck,
    InKindContributionWithdrawn,
)
from contracts.pledges import Valuation
from contracts.refusals import Conflict
from contracts.rewording import InKindContributionReworded
from contracts.values import Money
from services.pledges.money.model import check_amount


class InKindStatus(StrEnum):
    DECLARED = "declared"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    STRUCK = "struck"


MOVES: Mapping[str, InKindStatus] = {
    "acknowledge": InKindStatus.DECLARED,
    "withdraw": InKindStatus.DECLARED,
    "strike": InKindStatus.ACKNOWLEDGED,
}
"""The state in which each transition is allowed; `policy.py` decides who may make it."""


class InKindContribution(Struct, frozen=True, kw_only=True):
    """The current state of a contribution in kind, without its texts; valued at the rate of `provided_on`.

    `reason` is the reason for which it was struck.
    """

    in_kind_contribution_id: UUID
    donor: str
    fund: str
    form: str
    status: InKindStatus
    revision: int
    minor: int
    currency: str
    valuation: Valuation
    provided_on: date
    texts_hash: str
    declared_at: datetime
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def money(self) -> Money:
        return Money(minor=self.minor, currency=self.currency)

    def acknowledge(self, *, now: datetime) -> InKindContributionAcknowledged:
        self._require("acknowledge")
        return InKindContributionAcknowledged(
            in_kind_contribution_id=self.in_kind_contribution_id,
            donor=self.donor,
            fund=self.fund,
            usd_minor=self.valuation.usd_minor,
            acknowledged_at=now,
        )

    def withdraw(self, *, now: datetime) -> InKindContributionWithdrawn:
        self._require("withdraw")
        return InKindContributionWithdrawn(
            in_kind_contribution_id=self.in_kind_contribution_id, donor=self.donor, fund=self.fund, withdrawn_at=now
        )

    def reword(self, texts_hash: str, *, now: datetime) -> InKindContributionReworded:
        """Reword the description, in any state, so that a name that should not be there can be removed."""
        return InKindContributionReworded(
            in_kind_contribution_id=self.in_kind_contribution_id,
            donor=self.donor,
            fund=self.fund,
            texts_hash=texts_hash,
            reworded_at=now,
        )

    def strike(self, reason: str, *, now: datetime) -> InKindContributionStruck:
        self._require("strike")
        return InKindContributionStruck(
            in_kind_contribution_id=self.in_kind_contribution_id,
            donor=self.donor,
            fund=self.fund,
            reason=reason,
            usd_minor=self.valuation.usd_minor,
            struck_at=now,
        )

    def _require(self, move: str) -> None:
        """Raise Conflict unless the contribution's state allows the transition."""
        if self.status is not MOVES[move]:
            raise Conflict("in-kind-status", status=self.status, move=move)


def declare(
    in_kind_contribution_id: UUID,
    fund: str,
    form: str,
    money: Money,
    valuation: Valuation,
    texts_hash: str,
    *,
    donor: str,
    on: date,
    now: datetime,
) -> InKindContributionDeclared:
    """Declare a contribution. Raises Invalid for a value of zero."""
    check_amount(money.minor)
    return InKindContributionDeclared(
        in_kind_contribution_id=in_kind_contribution_id,
        donor=donor,
        fund=fund,
        form=form,
        money=money,
        valuation=valuation,
        provided_on=on,
        texts_hash=texts_hash,
        declared_at=now,
    )


def evolve(contribution: InKindContribution | None, fact: Fact) -> InKindContribution:
    """Apply a fact to the contribution."""
    if contribution is None:
        assert isinstance(fact, InKindContributionDeclared), "a contribution's first fact is its declaration"
        return InKindContribution(
            in_kind_contribution_id=fact.in_kind_contribution_id,
            donor=fact.donor,
            fund=fact.fund,
            form=fact.form,
            status=InKindStatus.DECLARED,
            revision=1,
            minor=fact.money.minor,
            currency=fact.money.currency,
            valuation=fact.valuation,
            provided_on=fact.provided_on,
            texts_hash=fact.texts_hash,
            declared_at=fact.declared_at,
        )
    moved = replace(contribution, revision=contribution.revision + 1)
    match fact:
        case InKindContributionAcknowledged():
            return replace(moved, status=InKindStatus.ACKNOWLEDGED, acknowledged_at=fact.acknowledged_at)
        case InKindContributionWithdrawn():
            return replace(moved, status=InKindStatus.WITHDRAWN, ended_at=fact.withdrawn_at)
        case InKindContributionReworded():
            return replace(moved, texts_hash=fact.texts_hash)
        case InKindContributionStruck():
            return replace(moved, status=InKindStatus.STRUCK, ended_at=fact.struck_at, reason=fact.reason)
        case _:
            raise AssertionError(f"{fact.type} is not a fact of a contribution in kind")


class InKindLine(Struct, frozen=True, kw_only=True):
    """A contribution in kind as listed in a statement, at its donor's value and the rate of `provided_on`."""

    in_kind_contribution_id: UUID
    fund: str
    form: str
    description: str
    provided_on: date
    money: Money
    usd_minor: int
    rate: str
    rate_source: str
    rate_date: date


def lines_of(
    contributions: Iterable[tuple[InKindContribution, str]], *, starts: date | None, ends: date
) -> tuple[InKindLine, ...]:
    """List acknowledged contributions provided from `starts` (default: all) until `ends`, ordered by day."""
    lines = [
        InKindLine(
            in_kind_contribution_id=one.in_kind_contribution_id,
            fund=one.fund,
            form=one.form,
            description=description,
            provided_on=one.provided_on,
            money=one.money,
            usd_minor=one.valuation.usd_minor,
            rate=one.valuation.rate,
            rate_source=one.valuation.rate_source,
            rate_date=one.valuation.rate_date,
        )
        for one, description in contributions
        if one.status is InKindStatus.ACKNOWLEDGED
        and one.provided_on <= ends
        and (starts is None or starts <= one.provided_on)
    ]
    return tuple(sorted(lines, key=lambda line: (line.provided_on, line.in_kind_contribution_id)))
