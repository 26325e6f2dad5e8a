"""Facts of the delivery service about action points: the tasks of one side for a delivery or for a strategy.

The person who reports an action point as done does not verify it; another person does.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from contracts.facts import Fact
from contracts.values import Code, Language, Organization, Role, State


class ActionSource(StrEnum):
    """The source of an action point."""

    EVALUATION = "evaluation"
    SESSION = "session"
    INEQUALITY_CHECKLIST = "inequality_checklist"
    HUMAN_RIGHTS_SCREENING = "human_rights_screening"
    STRATEGY_MILESTONE = "strategy_milestone"
    OTHER = "other"


class ActionOwner(StrEnum):
    """The side that has to act."""

    STATE = "state"
    PROVIDER = "provider"
    UNODC = "unodc"


class _ActionPointFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every fact of an action point; the owner is `role` of `organization`.

    An action point belongs to a delivery, or to the strategy `strategy_id` of the request. One of a strategy has
    neither delivery nor provider.
    """

    action_point_id: UUID
    request_id: UUID
    state: State
    organization: Organization
    role: Role
    delivery_id: UUID | None = None
    provider: Organization | None = None
    strategy_id: UUID | None = None


class ActionPointAdded(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.added.v1"):
    """An action point was added."""

    source: ActionSource
    owner: ActionOwner
    due_on: date
    language: Language
    texts_hash: str
    added_at: datetime


class ActionPointRevised(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.revised.v1"):
    """The text, owner and due date of an action point were revised."""

    owner: ActionOwner
    due_on: date
    language: Language
    texts_hash: str
    revised_at: datetime


class ActionPointDone(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.done.v1"):
    """A person of the owner's side reported an action point as done; another person verifies it."""

    done_by: UUID
    done_at: datetime


class ActionPointVerified(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.verified.v1"):
    """Another person verified that the action point is done."""

    verified_by: UUID
    verified_at: datetime


class ActionPointReopened(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.reopened.v1"):
    """An action point was reopened, because it still has to be done, or has to be done again."""

    reopened_at: datetime


class ActionPointDropped(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.dropped.v1"):
    """An action point was dropped, for a coded reason, and need not be done."""

    reason: Code
    dropped_at: datetime


class ActionPointReminded(_ActionPointFact, frozen=True, kw_only=True, tag="delivery.action_point.reminded.v1"):
    """The due day of an action point came and it is not reported as done; its owner is reminded."""

    due_on: date
    reminded_at: datetime


FACTS: tuple[type[Fact], ...] = (
    ActionPointAdded,
    ActionPointRevised,
    ActionPointDone,
    ActionPointVerified,
    ActionPointReopened,
    ActionPointDropped,
    ActionPointReminded,
)
