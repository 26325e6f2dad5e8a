"""An expert on the roster of a provider: the statuses, the moves, and their effects."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.experts import ExpertConsented, ExpertListed, ExpertRevised, ExpertWithdrawn
from contracts.refusals import Conflict, Invalid
from contracts.values import Language, Period


class ExpertStatus(StrEnum):
    """Statuses of an expert. `listed`: on the roster."""

    LISTED = "listed"
    WITHDRAWN = "withdrawn"


_LISTED = frozenset({ExpertStatus.LISTED})
MOVES: Mapping[str, frozenset[ExpertStatus]] = dict.fromkeys(
    ("revise_expert", "record_consent", "withdraw_expert"), _LISTED
)
"""Statuses in which each move is allowed."""


class Profile(Struct, frozen=True, kw_only=True):
    """An expert's topics, kinds of assistance, languages and periods; without periods available at any time."""

    topics: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    languages: tuple[Language, ...]
    periods: tuple[Period, ...] = ()

    def check(self) -> None:
        """Raise Invalid for a period that ends before it begins."""
        if any(one.reversed for one in self.periods):
            raise Invalid("dates-reversed", field="periods")


class Expert(Struct, frozen=True, kw_only=True):
    """An expert. `states` are the States of sessions in which the expert teaches."""

    expert_id: UUID
    provider: str
    status: ExpertStatus
    revision: int
    topics: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    languages: tuple[Language, ...]
    periods: tuple[Period, ...] = ()
    consented_on: date | None = None
    recorded_by: UUID | None = None
    listed_at: datetime
    withdrawn_at: datetime | None = None
    states: tuple[str, ...] = ()

    @property
    def is_shown(self) -> bool:
        """Check whether others than the provider may see the expert."""
        return self.status is ExpertStatus.LISTED and self.consented_on is not None

    def require(self, move: str) -> None:
        """Raise Conflict if the expert's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("expert-withdrawn", move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, profile: Profile, texts_hash: str, *, now: datetime) -> ExpertRevised:
        self.require("revise_expert")
        profile.check()
        return ExpertRevised(**self._ids(), **asdict(profile), texts_hash=texts_hash, revised_at=now)

    def consent(self, consented_on: date, recorded_by: UUID, *, now: datetime) -> ExpertConsented:
        """Record the expert's consent. Raises Invalid for a day in the future."""
        self.require("record_consent")
        if consented_on > now.date():
            raise Invalid("consent-day", field="consented_on")
        return ExpertConsented(**self._ids(), consented_on=consented_on, recorded_by=recorded_by, recorded_at=now)

    def withdraw(self, *, now: datetime) -> ExpertWithdrawn:
        self.require("withdraw_expert")
        return ExpertWithdrawn(**self._ids(), withdrawn_at=now)

    def _ids(self) -> dict[str, Any]:
        return {"expert_id": self.expert_id, "provider": self.provider}


def enter(expert_id: UUID, provider: str, profile: Profile, texts_hash: str, *, now: datetime) -> ExpertListed:
    profile.check()
    return ExpertListed(expert_id=expert_id, provider=provider, **asdict(profile), texts_hash=texts_hash, listed_at=now)
