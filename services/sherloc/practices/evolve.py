"""Fold facts into a practice. Actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.practices import (
    PracticeCatalogued,
    PracticeRecorded,
    PracticeReturned,
    PracticeRevised,
    PracticeSubmitted,
    PracticeUseAdded,
    PracticeUseRemoved,
    PracticeWithdrawn,
)
from services.sherloc.practices.model import Practice, PracticeStatus

_S = PracticeStatus


def evolve(known: Practice | None, fact: Fact) -> Practice:
    """Return the practice after a fact."""
    if isinstance(fact, PracticeRecorded):
        values = asdict(fact)
        del values["texts_hash"]
        return Practice(**values, status=_S.DRAFT, revision=1, uses=0, changed_at=fact.recorded_at)
    assert known is not None, "the first fact of a practice is PracticeRecorded"
    return replace(known, revision=known.revision + 1, **_changes(known, fact))


def _changes(known: Practice, fact: Fact) -> dict[str, Any]:
    match fact:
        case PracticeRevised():
            said = {name: getattr(fact, name) for name in _SAID}
            return said | {"changed_at": fact.revised_at}
        case PracticeSubmitted():
            at = {"submitted_at": fact.submitted_at, "changed_at": fact.submitted_at}
            return {"status": _S.SUBMITTED, "reason": None, **at}
        case PracticeReturned():
            return {"status": _S.RETURNED, "reason": fact.reason, "changed_at": fact.returned_at}
        case PracticeCatalogued():
            at = {"catalogued_at": fact.catalogued_at, "changed_at": fact.catalogued_at}
            return {"status": _S.CATALOGUED, **at}
        case PracticeWithdrawn():
            return {"status": _S.WITHDRAWN, "reason": None, "changed_at": fact.withdrawn_at}
        case PracticeUseAdded():
            return {"uses": known.uses + 1, "changed_at": fact.added_at}
        case PracticeUseRemoved():
            return {"uses": known.uses - 1, "changed_at": fact.removed_at}
    raise AssertionError(f"{fact.type} is not a practice's fact")


_SAID = ("practice_kind", "language", "articles", "topics", "country_review")
