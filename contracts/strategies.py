"""Facts of the delivery service about strategies against transnational organized crime (resolution 11/2, II.b).

A strategy belongs to a request; its milestones and evaluations are action points. Its title and stakeholders are stored
separately; facts have their salted hash.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from contracts.facts import Fact
from contracts.values import Language, State


class StakeholderKind(StrEnum):
    """Kinds of stakeholders: parts of a State or of its society, or organizations of several States."""

    MINISTRY = "ministry"
    PARLIAMENT = "parliament"
    JUDICIARY = "judiciary"
    PROSECUTION = "prosecution"
    LAW_ENFORCEMENT = "law_enforcement"
    OTHER_AUTHORITY = "other_authority"
    CIVIL_SOCIETY = "civil_society"
    PRIVATE_SECTOR = "private_sector"
    ACADEMIA = "academia"
    INTERNATIONAL_ORGANIZATION = "international_organization"


Stakeholders = Annotated[tuple[StakeholderKind, ...], Meta(min_length=1, max_length=len(StakeholderKind))]


class _StrategyFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of a strategy."""

    strategy_id: UUID
    request_id: UUID
    state: State


class StrategyDrawnUp(_StrategyFact, frozen=True, kw_only=True, tag="delivery.strategy.drawn-up.v1"):
    """A strategy of a request was drawn up."""

    stakeholders: Stakeholders
    language: Language
    texts_hash: str
    drawn_up_at: datetime


class StrategyRevised(_StrategyFact, frozen=True, kw_only=True, tag="delivery.strategy.revised.v1"):
    """The title and the stakeholders of a strategy were revised."""

    stakeholders: Stakeholders
    language: Language
    texts_hash: str
    revised_at: datetime


class StrategyConcluded(_StrategyFact, frozen=True, kw_only=True, tag="delivery.strategy.concluded.v1"):
    """The strategy was concluded: all its milestones and evaluations are verified or dropped."""

    concluded_at: datetime


class StrategyReopened(_StrategyFact, frozen=True, kw_only=True, tag="delivery.strategy.reopened.v1"):
    """The strategy was reopened, for further milestones and evaluations."""

    reopened_at: datetime


FACTS: tuple[type[Fact], ...] = (StrategyDrawnUp, StrategyRevised, StrategyConcluded, StrategyReopened)
