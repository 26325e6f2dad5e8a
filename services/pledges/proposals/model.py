"""Proposals that another finance officer approves: write-off, refund, reversal, reopening, earmark release."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.ledger import ProposalApproved, ProposalMade, ProposalRefused
from contracts.refusals import Conflict
from contracts.values import Money


class Measure(StrEnum):
    WRITE_OFF = "write_off"
    REFUND = "refund"
    REVERSAL = "reversal"
    REOPENING = "reopening"
    EARMARK_RELEASE = "earmark_release"


class ProposalStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"


class Proposal(Struct, frozen=True, kw_only=True):
    """A proposed action on a pledge, an entry, or a year.

    A proposal on a pledge may have `money`, and a `conditional_minor` that lapses.
    """

    proposal_id: UUID
    measure: Measure
    status: ProposalStatus
    revision: int
    reason: str
    effective_on: date
    proposed_by: UUID
    proposed_at: datetime
    pledge_id: UUID | None = None
    donor: str | None = None
    fund: str | None = None
    minor: int | None = None
    currency: str | None = None
    entry_id: UUID | None = None
    year: int | None = None
    conditional_minor: int | None = None
    decided_by: UUID | None = None
    decided_at: datetime | None = None

    @property
    def money(self) -> Money | None:
        if self.minor is None or self.currency is None:
            return None
        return Money(minor=self.minor, currency=self.currency)

    @property
    def conditional(self) -> Money | None:
        if self.conditional_minor is None or self.currency is None:
            return None
        return Money(minor=self.conditional_minor, currency=self.currency)

    def approve(self, *, now: datetime) -> ProposalApproved:
        self._require_open()
        return ProposalApproved(proposal_id=self.proposal_id, measure=self.measure, approved_at=now)

    def refuse(self, *, now: datetime) -> ProposalRefused:
        self._require_open()
        return ProposalRefused(proposal_id=self.proposal_id, measure=self.measure, refused_at=now)

    def _require_open(self) -> None:
        if self.status is not ProposalStatus.OPEN:
            raise Conflict("proposal-decided", status=self.status)


def evolve(proposal: Proposal | None, fact: Fact, *, by: UUID) -> Proposal:
    """Apply a fact, caused by `by`, to the proposal."""
    if proposal is None:
        assert isinstance(fact, ProposalMade), "a proposal's first fact is that it was made"
        return Proposal(
            proposal_id=fact.proposal_id,
            measure=Measure(fact.measure),
            status=ProposalStatus.OPEN,
            revision=1,
            reason=fact.reason,
            effective_on=fact.effective_on,
            proposed_by=by,
            proposed_at=fact.made_at,
            pledge_id=fact.pledge_id,
            donor=fact.donor,
            fund=fact.fund,
            minor=fact.money.minor if fact.money else None,
            currency=fact.money.currency if fact.money else None,
            entry_id=fact.entry_id,
            year=fact.year,
            conditional_minor=fact.conditional_minor,
        )
    match fact:
        case ProposalApproved():
            status, at = ProposalStatus.APPROVED, fact.approved_at
        case ProposalRefused():
            status, at = ProposalStatus.REFUSED, fact.refused_at
        case _:
            raise AssertionError(f"{fact.type} is not a proposal's fact")
    return replace(proposal, status=status, revision=proposal.revision + 1, decided_by=by, decided_at=at)
