"""Fold facts into a check. Actions and the rebuild of the tables use the same function."""

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.legislation_checks import LegislationCheckAnswered, LegislationCheckAsked
from services.sherloc.checks.model import CheckStatus, LegislationCheck


def evolve(known: LegislationCheck | None, fact: Fact) -> LegislationCheck:
    """Return the check after a fact."""
    if isinstance(fact, LegislationCheckAsked):
        return LegislationCheck(**asdict(fact), status=CheckStatus.ASKED, revision=1)
    assert known is not None, "the first fact of a check is LegislationCheckAsked"
    assert isinstance(fact, LegislationCheckAnswered), f"{fact.type} is not a fact of a check"
    said = {"result": fact.result, "confirmed": fact.confirmed, "answered_at": fact.answered_at}
    return replace(known, status=CheckStatus.ANSWERED, revision=known.revision + 1, **said)
