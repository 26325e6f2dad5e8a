"""What choices teach: each move of a match as a learner needs it, and in which role it was made.

Codes, numbers and ids; no words, and of people nothing but the role.
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
"""In which role somebody has chosen, by what the match became."""

SECOND: Mapping[MatchStatus, Role] = {
    MatchStatus.ACCEPTED: Role.PROVIDER_OFFICER,
    MatchStatus.PROVIDER_CONFIRMED: Role.FOCAL_POINT,
}
"""Who confirms a match that the other side has agreed to."""


class Move(Struct, frozen=True, kw_only=True):
    """A match as it stood after a move; `reason` is the code that the move was made for, where it takes one."""

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


def moved(after: Match, fact: Fact) -> Move:
    """The move that the fact tells, of the match as it stands after it."""
    return Move(
        match_id=after.match_id,
        revision=after.revision,
        line_id=after.line_id,
        offering_id=after.offering_id,
        status=after.status,
        at=happened_at(fact),
        reason=getattr(fact, "departure", None) or getattr(fact, "reason", None),
        score=after.score,
        shares=after.shares,
        algorithm=after.algorithm,
        offering_revision=after.offering_revision,
    )


def happened_at(fact: Fact) -> datetime:
    """A match's fact tells one moment, under a name of its own."""
    (moment,) = (value for name in fact.__struct_fields__ if isinstance(value := getattr(fact, name), datetime))
    return moment


def chosen_by(status: MatchStatus, before: MatchStatus | None) -> Role | None:
    """In which role somebody chose; None for what the system did, and for what came of a choice."""
    if status is MatchStatus.CONFIRMED and before is not None:
        return SECOND[before]
    return CHOSEN_BY.get(status)
