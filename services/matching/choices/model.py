"""Moves of matches as training data: codes, numbers and ids, and the role of the person who chose.

There are no texts and no other personal data.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from contracts.facts import Fact
from contracts.matching import Share
from contracts.values import Role
from services.matching.matches.model import Match, MatchStatus

CHOSEN_BY: Mapping[MatchStatus, Role] = {
    MatchStatus.NOMINATED: Role.COORDINATOR,
    MatchStatus.SHORTLISTED: Role.COORDINATOR,
    MatchStatus.PRESENTED: Role.COORDINATOR,
    MatchStatus.NOT_PURSUED: Role.COORDINATOR,
    MatchStatus.REVOKED: Role.COORDINATOR,
    MatchStatus.ACCEPTED: Role.FOCAL_POINT,
    MatchStatus.DECLINED_BY_STATE: Role.FOCAL_POINT,
    MatchStatus.INTERESTED: Role.PROVIDER_OFFICER,
    MatchStatus.PROVIDER_CONFIRMED: Role.PROVIDER_OFFICER,
    MatchStatus.DECLINED_BY_PROVIDER: Role.PROVIDER_OFFICER,
}
"""Role that chose, by the status the match got."""

SECOND: Mapping[MatchStatus, Role] = {
    MatchStatus.ACCEPTED: Role.PROVIDER_OFFICER,
    MatchStatus.PROVIDER_CONFIRMED: Role.FOCAL_POINT,
}
"""Role that confirms a match after the other side has agreed."""


class Move(Struct, frozen=True, kw_only=True):
    """A match after a move; `reason` is the move's reason code, if it takes one."""

    match_id: UUID
    revision: int
    line_id: UUID
    offering_id: UUID
    status: MatchStatus
    at: datetime
    reason: str | None
    score: int
    shares: tuple[Share, ...]
    algorithm: str
    offering_revision: int


def move_of(after: Match, fact: Fact) -> Move:
    """Return the move of a fact, from the match after it."""
    return Move(
        match_id=after.match_id,
        revision=after.revision,
        line_id=after.line_id,
        offering_id=after.offering_id,
        status=after.status,
        at=fact.time,
        reason=getattr(fact, "departure", None) or getattr(fact, "reason", None),
        score=after.score,
        shares=after.shares,
        algorithm=after.algorithm,
        offering_revision=after.offering_revision,
    )


def chosen_by(status: MatchStatus, before: MatchStatus | None) -> Role | None:
    """The role that made the choice; None for moves of the system and for outcomes."""
    if status is MatchStatus.CONFIRMED and before is not None:
        return SECOND[before]
    return CHOSEN_BY.get(status)
