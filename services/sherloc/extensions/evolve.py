"""Fold facts into an extension. Actions and the rebuild of the tables use the same function."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from contracts.extensions import (
    ExtensionBegun,
    ExtensionDropped,
    ExtensionNoted,
    ExtensionPlanned,
    ExtensionProposed,
    ExtensionReleased,
    ExtensionRevised,
    ExtensionStatus,
    ExtensionVotedFor,
    ExtensionVoteWithdrawn,
)
from contracts.facts import Fact
from services.sherloc.extensions.model import Extension

_S = ExtensionStatus


def evolve(known: Extension | None, fact: Fact) -> Extension:
    """Return the extension after a fact."""
    if isinstance(fact, ExtensionProposed):
        return Extension(
            extension_id=fact.extension_id,
            status=_S.PROPOSED,
            revision=1,
            **_described(fact),
            proposed_at=fact.proposed_at,
            changed_at=fact.proposed_at,
        )
    assert known is not None, "the first fact of an extension is ExtensionProposed"
    return replace(known, revision=known.revision + 1, **_changes(known, fact))


def _changes(known: Extension, fact: Fact) -> dict[str, Any]:
    match fact:
        case ExtensionRevised():
            return {**_described(fact), "changed_at": fact.revised_at}
        case ExtensionPlanned():
            return _moved(_S.PLANNED, fact.planned_at)
        case ExtensionBegun():
            return _moved(_S.IN_PROGRESS, fact.begun_at)
        case ExtensionReleased():
            return _moved(_S.RELEASED, fact.released_at)
        case ExtensionDropped():
            return {**_moved(_S.DROPPED, fact.dropped_at), "reason": fact.reason}
        case ExtensionVotedFor():
            return {"voted_by": tuple(sorted({*known.voted_by, fact.state})), "changed_at": fact.voted_at}
        case ExtensionVoteWithdrawn():
            left = tuple(state for state in known.voted_by if state != fact.state)
            return {"voted_by": left, "changed_at": fact.withdrawn_at}
        case ExtensionNoted():
            return {"notes": known.notes + 1, "changed_at": fact.noted_at}
    raise AssertionError(f"{fact.type} is not an extension's fact")


def _described(fact: ExtensionProposed | ExtensionRevised) -> dict[str, Any]:
    amount = {"cost_minor": fact.cost.minor, "currency": fact.cost.currency}
    return {"language": fact.language, "work_package": fact.work_package, **amount}


def _moved(status: ExtensionStatus, at: datetime) -> dict[str, Any]:
    return {"status": status, "changed_at": at}
