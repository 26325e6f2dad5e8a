"""Fold facts into an effect. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.effects import EffectDeclined, EffectRecorded, EffectVerified, EffectWithdrawn
from contracts.facts import Fact
from contracts.values import Side
from services.delivery.effects.model import Effect, EffectStatus


def evolve(effect: Effect | None, fact: Fact) -> Effect:
    """Return the effect after a fact."""
    if isinstance(fact, EffectRecorded):
        values = asdict(fact) | {"side": Side(fact.side) if fact.side else None}
        del values["texts_hash"]
        return Effect(**values, status=EffectStatus.RECORDED, revision=1)
    assert effect is not None, "an effect begins when it is recorded"
    return replace(effect, revision=effect.revision + 1, **_changes(fact))


def _changes(fact: Fact) -> dict[str, Any]:
    match fact:
        case EffectVerified():
            return {"status": EffectStatus.VERIFIED, "verified_at": fact.verified_at}
        case EffectDeclined():
            return {"status": EffectStatus.DECLINED, "declined_at": fact.declined_at, "reason": fact.reason}
        case EffectWithdrawn():
            return {"status": EffectStatus.WITHDRAWN, "withdrawn_at": fact.withdrawn_at, "verified_at": None}
    raise AssertionError(f"{fact.type} is not an effect's fact")
