"""An allocation round: created, planned in the background, then adopted or discarded.

Its documents hold the settings, inputs and answer in full; facts reference them by hash.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.refusals import Conflict
from contracts.rounds import RoundAdopted, RoundAsked, RoundDiscarded, RoundFailed, RoundPlanned


class RoundStatus(StrEnum):
    ASKED = "asked"
    PLANNED = "planned"
    FAILED = "failed"
    ADOPTED = "adopted"
    DISCARDED = "discarded"


MOVES: Mapping[str, frozenset[RoundStatus]] = {
    "plan": frozenset({RoundStatus.ASKED}),
    "fail": frozenset({RoundStatus.ASKED}),
    "adopt": frozenset({RoundStatus.PLANNED}),
    "discard": frozenset({RoundStatus.ASKED, RoundStatus.PLANNED, RoundStatus.FAILED}),
}
"""Statuses in which each move is allowed; the first two moves are the planner's."""


class Round(Struct, frozen=True, kw_only=True):
    """A round without its documents.

    `outcome` is why it failed. `value` and `bound` are those of the plan, in thousandths of a line's priority times
    thousandths of a match's score.
    """

    round_id: UUID
    status: RoundStatus
    revision: int
    seed: int
    seconds: int
    based_on: UUID | None
    settings_hash: str
    asked_at: datetime
    answer_hash: str | None = None
    outcome: str | None = None
    ended: str | None = None
    lines: int | None = None
    deliveries: int | None = None
    value: int | None = None
    bound: int | None = None
    gap_millionths: int | None = None
    answered_at: datetime | None = None
    presented: int | None = None
    adopted_at: datetime | None = None
    discarded_at: datetime | None = None

    def require(self, move: str) -> None:
        """Raise Conflict if the round's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("round-status", status=self.status, move=move)

    def adopt(self, presented: int, *, now: datetime) -> RoundAdopted:
        """Record the adoption; `presented` is the number of matches presented in the same transaction."""
        self.require("adopt")
        return RoundAdopted(round_id=self.round_id, presented=presented, adopted_at=now)

    def discard(self, *, now: datetime) -> RoundDiscarded:
        self.require("discard")
        return RoundDiscarded(round_id=self.round_id, discarded_at=now)


def evolve(before: Round | None, fact: Fact) -> Round:
    """The round after a fact."""
    if isinstance(fact, RoundAsked):
        return Round(
            round_id=fact.round_id,
            status=RoundStatus.ASKED,
            revision=1,
            seed=fact.seed,
            seconds=fact.seconds,
            based_on=fact.based_on,
            settings_hash=fact.settings_hash,
            asked_at=fact.asked_at,
        )
    assert before is not None, "a round begins with its creation"
    return replace(before, revision=before.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case RoundPlanned():
            return {
                "status": RoundStatus.PLANNED,
                "ended": fact.ended,
                "lines": fact.lines,
                "deliveries": fact.deliveries,
                "value": fact.value,
                "bound": fact.bound,
                "gap_millionths": fact.gap_millionths,
                "answer_hash": fact.answer_hash,
                "answered_at": fact.planned_at,
            }
        case RoundFailed():
            return {
                "status": RoundStatus.FAILED,
                "outcome": fact.outcome,
                "answer_hash": fact.answer_hash,
                "answered_at": fact.failed_at,
            }
        case RoundAdopted():
            return {"status": RoundStatus.ADOPTED, "presented": fact.presented, "adopted_at": fact.adopted_at}
        case RoundDiscarded():
            return {"status": RoundStatus.DISCARDED, "discarded_at": fact.discarded_at}
    raise AssertionError(f"{fact.type} is not a round's fact")
