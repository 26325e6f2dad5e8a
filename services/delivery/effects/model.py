"""An effect: a change in a State after a delivery. It counts once another person has verified it."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.effects import (
    EffectDeclined,
    EffectKind,
    EffectRecorded,
    EffectVerified,
    EffectWithdrawn,
    Progress,
)
from contracts.refusals import Conflict, FieldError, Invalid
from contracts.values import Language, Side
from services.delivery.deliveries.model import Delivery


class EffectStatus(StrEnum):
    """Statuses of an effect. `recorded`: not verified yet."""

    RECORDED = "recorded"
    VERIFIED = "verified"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


_RECORDED = frozenset({EffectStatus.RECORDED})
MOVES: Mapping[str, frozenset[EffectStatus]] = {
    "verify_effect": _RECORDED,
    "decline_effect": _RECORDED,
    "withdraw_effect": _RECORDED | {EffectStatus.VERIFIED},
}
"""Statuses in which each move is allowed."""


class EffectTexts(Struct, frozen=True, kw_only=True):
    """The texts of an effect. `address` is where it can be read, `gazette` where a law was published."""

    title: str
    text: str = ""
    gazette: str = ""
    address: str = ""


class Change(Struct, frozen=True, kw_only=True):
    """The kind of a change, its day, and its evidence."""

    change: EffectKind
    happened_on: date
    language: Language
    articles: tuple[str, ...] = ()
    moved_from: Progress | None = None
    moved_to: Progress | None = None
    file_id: UUID | None = None

    def check(self, texts: EffectTexts, *, today: date) -> None:
        """Raise Invalid for a day in the future, missing evidence, or a missing or unsuitable field for its kind."""
        if self.happened_on > today:
            raise Invalid("day-to-come", field="happened_on")
        moved = self.change is EffectKind.OBSERVATION_MOVED
        needed = {
            "articles": (self.articles, self.change is EffectKind.LAW_CHANGED or moved),
            "gazette": (texts.gazette, self.change is EffectKind.LAW_CHANGED),
            "address": (texts.address, self.change is EffectKind.SHERLOC_RECORD_UPDATED),
            "moved_from": (self.moved_from, moved),
            "moved_to": (self.moved_to, moved),
        }
        for field, (value, is_needed) in needed.items():
            if is_needed and not value:
                raise Invalid("missing-field", field=field, errors=[FieldError(field=field, problem="missing-field")])
        if not moved and (self.moved_from or self.moved_to):
            raise Invalid("effect-not-of-an-observation", field="moved_from" if self.moved_from else "moved_to")
        if moved and self.moved_from is self.moved_to:
            raise Invalid("effect-not-moved", field="moved_to")
        if self.file_id is None and not texts.address:
            raise Invalid("effect-evidence-missing", field="address")


class Effect(Struct, frozen=True, kw_only=True):
    """An effect of a delivery. `side` is the side that recorded it, None if a coordinator did."""

    effect_id: UUID
    delivery_id: UUID
    match_id: UUID
    request_id: UUID
    state: str
    provider: str
    side: Side | None
    change: EffectKind
    happened_on: date
    language: Language
    articles: tuple[str, ...]
    moved_from: Progress | None
    moved_to: Progress | None
    file_id: UUID | None
    recorded_by: UUID
    recorded_at: datetime
    status: EffectStatus
    revision: int
    verified_at: datetime | None = None
    declined_at: datetime | None = None
    withdrawn_at: datetime | None = None
    reason: str | None = None

    def require(self, move: str) -> None:
        """Raise Conflict if the status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("effect-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def verify(self, *, now: datetime) -> EffectVerified:
        self.require("verify_effect")
        return EffectVerified(**self._ids(), verified_at=now)

    def decline(self, reason: str, *, now: datetime) -> EffectDeclined:
        self.require("decline_effect")
        return EffectDeclined(**self._ids(), reason=reason, declined_at=now)

    def withdraw(self, *, now: datetime) -> EffectWithdrawn:
        self.require("withdraw_effect")
        return EffectWithdrawn(**self._ids(), withdrawn_at=now)

    def _ids(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _IDS}


_IDS = ("effect_id", "delivery_id", "match_id", "request_id", "state", "provider", "side")


def record(
    effect_id: UUID,
    delivery: Delivery,
    side: Side | None,
    change: Change,
    texts: EffectTexts,
    texts_hash: str,
    *,
    by: UUID,
    now: datetime,
) -> EffectRecorded:
    """Record an effect. Raises Conflict before the delivery has begun, and Invalid like `Change.check`."""
    if delivery.begun_at is None:
        raise Conflict("delivery-status", status=delivery.status, move="record_effect")
    change.check(texts, today=now.date())
    return EffectRecorded(
        effect_id=effect_id,
        delivery_id=delivery.delivery_id,
        match_id=delivery.match_id,
        request_id=delivery.request_id,
        state=delivery.state,
        provider=delivery.provider,
        side=side,
        **asdict(change),
        texts_hash=texts_hash,
        recorded_by=by,
        recorded_at=now,
    )
