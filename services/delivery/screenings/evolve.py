"""Fold facts into a screening. Actions and the rebuild of the tables use the same function."""

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.screenings import ScreeningAnswered, ScreeningCompleted, ScreeningReopened
from services.delivery.screenings.model import Screening, ScreeningStatus


def evolve(screening: Screening | None, fact: Fact) -> Screening:
    """Return the screening after a fact."""
    if isinstance(fact, ScreeningAnswered):
        values = asdict(fact)
        del values["texts_hash"]
        revision = screening.revision + 1 if screening else 1
        return Screening(**values, status=ScreeningStatus.OPEN, revision=revision)
    assert screening is not None, "a screening begins with its first answers"
    before = replace(screening, revision=screening.revision + 1, completed_at=None)
    match fact:
        case ScreeningCompleted():
            return replace(before, status=ScreeningStatus.COMPLETED, completed_at=fact.completed_at)
        case ScreeningReopened():
            return replace(before, status=ScreeningStatus.OPEN)
    raise AssertionError(f"{fact.type} is not a screening's fact")
