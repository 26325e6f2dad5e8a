"""Facts of the sherloc service about proposals for the register, made when a delivery may have changed a law."""

from datetime import date, datetime
from uuid import UUID

from contracts.codes import ArticleCode, KindCode
from contracts.facts import Fact
from contracts.values import Code, State

KINDS = frozenset({"legislative_drafting", "legislative_review", "sherloc_record_update"})
"""Kinds of assistance after which a State's law, or its record on SHERLOC, may have changed."""


class _LegislationProposalFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a proposal. `article` is None if the request's line had none."""

    legislation_proposal_id: UUID
    state: State
    delivery_id: UUID
    article: ArticleCode | None = None


class LegislationProposalMade(
    _LegislationProposalFact, frozen=True, kw_only=True, tag="sherloc.legislation_proposal.made.v1"
):
    """A delivery was completed; its State is asked to record its present law on the article."""

    request_id: UUID
    kind: KindCode
    completed_on: date
    made_at: datetime


class LegislationProposalAccepted(
    _LegislationProposalFact, frozen=True, kw_only=True, tag="sherloc.legislation_proposal.accepted.v1"
):
    """The State accepted the proposal and recorded its law in this record of the register."""

    legislation_id: UUID
    accepted_at: datetime


class LegislationProposalDropped(
    _LegislationProposalFact, frozen=True, kw_only=True, tag="sherloc.legislation_proposal.dropped.v1"
):
    """The State dropped the proposal, for a coded reason."""

    reason: Code
    dropped_at: datetime


FACTS: tuple[type[Fact], ...] = (LegislationProposalMade, LegislationProposalAccepted, LegislationProposalDropped)
