"""A proposal for the register, made when a delivery is completed: its State records the law, or drops the proposal."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.legislation_proposals import (
    LegislationProposalAccepted,
    LegislationProposalDropped,
    LegislationProposalMade,
)
from contracts.refusals import Conflict, Invalid


class LegislationProposalStatus(StrEnum):
    """The status of a proposal."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DROPPED = "dropped"


_PROPOSED = frozenset({LegislationProposalStatus.PROPOSED})
MOVES: Mapping[str, frozenset[LegislationProposalStatus]] = {"accept_proposal": _PROPOSED, "drop_proposal": _PROPOSED}
"""Maps each move to the statuses in which it is allowed."""


class Completed(Struct, frozen=True, kw_only=True):
    """A completed delivery, as received from its service."""

    delivery_id: UUID
    request_id: UUID
    line_id: UUID
    state: str
    completed_on: date


class LegislationProposal(Struct, frozen=True, kw_only=True):
    """A proposal after one delivery, for one article or for an article that its State names."""

    legislation_proposal_id: UUID
    state: str
    delivery_id: UUID
    request_id: UUID
    kind: str
    completed_on: date
    status: LegislationProposalStatus
    revision: int
    made_at: datetime
    article: str | None = None
    legislation_id: UUID | None = None
    accepted_at: datetime | None = None
    reason: str | None = None
    dropped_at: datetime | None = None

    def require(self, move: str) -> None:
        """Raise Conflict unless the status allows the move."""
        if self.status not in MOVES[move]:
            raise Conflict("legislation-proposal-status", status=self.status, move=move)

    def article_of(self, named: str | None) -> str:
        """Return the article to record. Raises Invalid if none is given, or another one than that of the proposal."""
        if named is None and self.article is None:
            raise Invalid("missing-field", field="article")
        if named is not None and self.article not in {None, named}:
            raise Invalid("legislation-proposal-article", field="article")
        return self.article or str(named)

    def accept(self, legislation_id: UUID, *, now: datetime) -> LegislationProposalAccepted:
        self.require("accept_proposal")
        return LegislationProposalAccepted(**self._ids(), legislation_id=legislation_id, accepted_at=now)

    def drop(self, reason: str, *, now: datetime) -> LegislationProposalDropped:
        self.require("drop_proposal")
        return LegislationProposalDropped(**self._ids(), reason=reason, dropped_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("legislation_proposal_id", "state", "delivery_id", "article")}


def make(
    legislation_proposal_id: UUID, completed: Completed, kind: str, article: str | None, *, now: datetime
) -> LegislationProposalMade:
    """Return the fact of a proposal after a completed delivery, for an article of its request's line."""
    return LegislationProposalMade(
        legislation_proposal_id=legislation_proposal_id,
        state=completed.state,
        delivery_id=completed.delivery_id,
        request_id=completed.request_id,
        kind=kind,
        article=article,
        completed_on=completed.completed_on,
        made_at=now,
    )
