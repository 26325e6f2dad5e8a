"""A check: once a year a State is asked whether SHERLOC still has its law in force."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.legislation_checks import CheckResult, LegislationCheckAnswered, LegislationCheckAsked
from contracts.refusals import Conflict

CLOSE_DAYS = 90
"""Number of days after which a check closes."""


class CheckStatus(StrEnum):
    """The status of a check: whether the State has answered."""

    ASKED = "asked"
    ANSWERED = "answered"


MOVES: Mapping[str, frozenset[CheckStatus]] = {"answer_check": frozenset(CheckStatus)}
"""Maps each move to the statuses in which it is allowed."""


class LegislationCheck(Struct, frozen=True, kw_only=True):
    """A check of one State. `confirmed` is the number of published records that its answer confirmed."""

    legislation_check_id: UUID
    state: str
    status: CheckStatus
    revision: int
    due_at: datetime
    asked_at: datetime
    closes_at: datetime
    result: CheckResult | None = None
    confirmed: int = 0
    answered_at: datetime | None = None

    def require_open(self, *, now: datetime) -> None:
        """Raise Conflict if the check is closed."""
        if self.closes_at <= now:
            raise Conflict("legislation-check-closed", closed_at=self.closes_at)

    def answer(self, result: CheckResult, confirmed: int, *, now: datetime) -> LegislationCheckAnswered:
        """Return the fact of an answer. Raises Conflict if the check is closed."""
        self.require_open(now=now)
        return LegislationCheckAnswered(**self._ids(), result=result, confirmed=confirmed, answered_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"legislation_check_id": self.legislation_check_id, "state": self.state}


def ask(legislation_check_id: UUID, state: str, due_at: datetime, *, now: datetime) -> LegislationCheckAsked:
    """Return the fact that a State is asked for which a check is due."""
    return LegislationCheckAsked(
        legislation_check_id=legislation_check_id,
        state=state,
        due_at=due_at,
        asked_at=now,
        closes_at=now + timedelta(days=CLOSE_DAYS),
    )
