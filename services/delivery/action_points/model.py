"""An action point of a delivery or a strategy: its statuses, its moves, and their effects."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.action_points import (
    ActionOwner,
    ActionPointAdded,
    ActionPointDone,
    ActionPointDropped,
    ActionPointReminded,
    ActionPointReopened,
    ActionPointRevised,
    ActionPointVerified,
    ActionSource,
)
from contracts.refusals import Conflict, Forbidden, Invalid
from contracts.values import Language, Role
from services.delivery.deliveries.model import Delivery
from services.delivery.strategies.model import Strategy

ACTION_POINTS_MAX = 200
"""Maximum number of action points of one delivery, or of one strategy."""

UNODC = "UNODC"


class ActionStatus(StrEnum):
    """Statuses of an action point. `done`: reported by its owner; `verified`: confirmed by another person."""

    OPEN = "open"
    DONE = "done"
    VERIFIED = "verified"
    DROPPED = "dropped"


OF_STRATEGY = frozenset({ActionSource.STRATEGY_MILESTONE, ActionSource.EVALUATION})
"""Sources that an action point of a strategy may have."""

_OPEN, _DONE = frozenset({ActionStatus.OPEN}), frozenset({ActionStatus.DONE})
MOVES: Mapping[str, frozenset[ActionStatus]] = {
    "revise_action_point": _OPEN,
    "report_done": _OPEN,
    "verify": _DONE,
    "reopen_action_point": frozenset(ActionStatus) - _OPEN,
    "drop_action_point": _OPEN | _DONE,
}
"""Statuses in which each move is allowed."""

ROLES: Mapping[ActionOwner, Role] = {
    ActionOwner.STATE: Role.FOCAL_POINT,
    ActionOwner.PROVIDER: Role.PROVIDER_OFFICER,
    ActionOwner.UNODC: Role.COORDINATOR,
}
"""Role that acts for each owner."""


class Terms(Struct, frozen=True, kw_only=True):
    """The owner of an action point, its due day, and the language of its text."""

    owner: ActionOwner
    due_on: date
    language: Language

    def check(self, now: datetime) -> None:
        """Raise Invalid if the due day is over."""
        if self.due_on < now.date():
            raise Invalid("due-day-past", field="due_on", today=now.date())


class Subject(Struct, frozen=True, kw_only=True):
    """The subject of action points: a delivery, or a strategy of a request, which has no provider."""

    request_id: UUID
    state: str
    delivery_id: UUID | None = None
    provider: str | None = None
    strategy_id: UUID | None = None

    def check(self, source: ActionSource, owner: ActionOwner) -> None:
        """Raise Invalid for a strategy if the source is not allowed or the owner is a provider."""
        if self.strategy_id is None:
            return
        if source not in OF_STRATEGY:
            raise Invalid("strategy-source", field="source")
        if owner is ActionOwner.PROVIDER:
            raise Invalid("strategy-owner", field="owner")


class ActionPoint(Subject, frozen=True, kw_only=True):
    """A task of one side. `done_by` and `verified_by` are two different persons.

    `providers` are the providers that may read an action point of a strategy: those with a delivery of its request that
    is not terminated.
    """

    action_point_id: UUID
    source: ActionSource
    owner: ActionOwner
    due_on: date
    language: Language
    status: ActionStatus
    revision: int
    added_at: datetime
    done_by: UUID | None = None
    done_at: datetime | None = None
    verified_by: UUID | None = None
    verified_at: datetime | None = None
    dropped_at: datetime | None = None
    reason: str | None = None
    reminded_at: datetime | None = None
    """Time at which its owner was reminded on the due day."""
    providers: tuple[str, ...] = ()

    def require(self, move: str) -> None:
        """Raise Conflict if the status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("action-point-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def revise(self, terms: Terms, texts_hash: str, *, now: datetime) -> ActionPointRevised:
        self.require("revise_action_point")
        self.check(self.source, terms.owner)
        terms.check(now)
        return ActionPointRevised(
            **ids_of(self, terms.owner),
            owner=terms.owner,
            due_on=terms.due_on,
            language=terms.language,
            texts_hash=texts_hash,
            revised_at=now,
        )

    def report_done(self, person_id: UUID, *, now: datetime) -> ActionPointDone:
        self.require("report_done")
        return ActionPointDone(**ids_of(self, self.owner), done_by=person_id, done_at=now)

    def verify(self, person_id: UUID, *, now: datetime) -> ActionPointVerified:
        """Verify it. Raises Forbidden for the person who reported it done."""
        self.require("verify")
        if person_id == self.done_by:
            raise Forbidden("verified-by-another")
        return ActionPointVerified(**ids_of(self, self.owner), verified_by=person_id, verified_at=now)

    def reopen(self, *, now: datetime) -> ActionPointReopened:
        self.require("reopen_action_point")
        return ActionPointReopened(**ids_of(self, self.owner), reopened_at=now)

    def drop(self, reason: str, *, now: datetime) -> ActionPointDropped:
        self.require("drop_action_point")
        return ActionPointDropped(**ids_of(self, self.owner), reason=reason, dropped_at=now)

    def remind(self, *, now: datetime) -> ActionPointReminded:
        """Remind the owner of an open action point that is due."""
        return ActionPointReminded(**ids_of(self, self.owner), due_on=self.due_on, reminded_at=now)


def of_delivery(delivery: Delivery) -> Subject:
    return Subject(
        request_id=delivery.request_id,
        state=delivery.state,
        delivery_id=delivery.delivery_id,
        provider=delivery.provider,
    )


def of_strategy(strategy: Strategy) -> Subject:
    return Subject(request_id=strategy.request_id, state=strategy.state, strategy_id=strategy.strategy_id)


def ids_of(record: Subject, owner: ActionOwner) -> dict[str, Any]:
    """Return the fields that all facts of an action point have, without `action_point_id` for a mere subject."""
    own = {"action_point_id": record.action_point_id} if isinstance(record, ActionPoint) else {}
    organizations = {ActionOwner.STATE: record.state, ActionOwner.PROVIDER: record.provider, ActionOwner.UNODC: UNODC}
    return {
        **own,
        "delivery_id": record.delivery_id,
        "strategy_id": record.strategy_id,
        "request_id": record.request_id,
        "state": record.state,
        "provider": record.provider,
        "organization": organizations[owner],
        "role": ROLES[owner],
    }


def add(
    action_point_id: UUID,
    subject: Subject,
    source: ActionSource,
    terms: Terms,
    texts_hash: str,
    *,
    others: int,
    now: datetime,
) -> ActionPointAdded:
    """Add an action point; `others` is the number of action points that the delivery or strategy has.

    Raises Conflict if the maximum is reached, Invalid if the due day is over or a strategy does not allow the source or
    the owner.
    """
    if others >= ACTION_POINTS_MAX:
        raise Conflict("too-many-action-points", most=ACTION_POINTS_MAX)
    subject.check(source, terms.owner)
    terms.check(now)
    return ActionPointAdded(
        action_point_id=action_point_id,
        **ids_of(subject, terms.owner),
        source=source,
        owner=terms.owner,
        due_on=terms.due_on,
        language=terms.language,
        texts_hash=texts_hash,
        added_at=now,
    )
