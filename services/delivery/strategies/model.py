"""A strategy of a request against transnational organized crime: its statuses, its moves, and their effects.

Its milestones and evaluations are action points, each verified by another person.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.refusals import Conflict
from contracts.strategies import StakeholderKind, StrategyConcluded, StrategyDrawnUp, StrategyReopened, StrategyRevised
from contracts.values import Language

STRATEGIES_MAX = 10
"""Maximum number of strategies of one request."""


class StrategyStatus(StrEnum):
    """Statuses of a strategy. `concluded`: all its action points are verified or dropped."""

    ACTIVE = "active"
    CONCLUDED = "concluded"


ACTIVE = frozenset({StrategyStatus.ACTIVE})
"""Statuses in which action points can be added to it."""

MOVES: Mapping[str, frozenset[StrategyStatus]] = {
    "revise_strategy": ACTIVE,
    "conclude_strategy": ACTIVE,
    "reopen_strategy": frozenset({StrategyStatus.CONCLUDED}),
}
"""Statuses in which each move is allowed."""


class StrategyTexts(Struct, frozen=True, kw_only=True):
    """The texts of a strategy: `roles` states the role of each organization, and names no person."""

    title: str
    roles: str


class Outline(Struct, frozen=True, kw_only=True):
    """The stakeholders of a strategy, and the language of its texts."""

    stakeholders: tuple[StakeholderKind, ...]
    language: Language


class Strategy(Struct, frozen=True, kw_only=True):
    """A strategy of a request. `providers` are those with a delivery of the request that is not terminated."""

    strategy_id: UUID
    request_id: UUID
    state: str
    stakeholders: tuple[StakeholderKind, ...]
    language: Language
    status: StrategyStatus
    revision: int
    drawn_up_at: datetime
    concluded_at: datetime | None = None
    providers: tuple[str, ...] = ()

    def require(self, move: str) -> None:
        """Raise Conflict if the status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("strategy-status", status=self.status, move=move)

    def require_active(self, move: str) -> None:
        """Raise Conflict if it is concluded, so that its action points cannot change."""
        if self.status not in ACTIVE:
            raise Conflict("strategy-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, outline: Outline, texts_hash: str, *, now: datetime) -> StrategyRevised:
        self.require("revise_strategy")
        return StrategyRevised(**self._ids(), **asdict(outline), texts_hash=texts_hash, revised_at=now)

    def conclude(self, *, unsettled: int, now: datetime) -> StrategyConcluded:
        """Conclude it. Raises Conflict if action points are `unsettled`: neither verified nor dropped."""
        self.require("conclude_strategy")
        if unsettled:
            raise Conflict("strategy-unsettled", action_points=unsettled)
        return StrategyConcluded(**self._ids(), concluded_at=now)

    def reopen(self, *, now: datetime) -> StrategyReopened:
        self.require("reopen_strategy")
        return StrategyReopened(**self._ids(), reopened_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"strategy_id": self.strategy_id, "request_id": self.request_id, "state": self.state}


def draw_up(
    strategy_id: UUID, request_id: UUID, state: str, outline: Outline, texts_hash: str, *, others: int, now: datetime
) -> StrategyDrawnUp:
    """Draw up a strategy; `others` is the number that the request has. Raises Conflict if the maximum is reached."""
    if others >= STRATEGIES_MAX:
        raise Conflict("too-many-strategies", most=STRATEGIES_MAX)
    return StrategyDrawnUp(
        strategy_id=strategy_id,
        request_id=request_id,
        state=state,
        **asdict(outline),
        texts_hash=texts_hash,
        drawn_up_at=now,
    )
