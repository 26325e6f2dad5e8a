"""Fold facts into a result. Actions and the rebuild of the tables use the same function."""

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.results import ResultConfirmed, ResultDisputed, ResultReported
from contracts.values import Side
from services.delivery.results.model import Result, ResultStatus


def evolve(result: Result | None, fact: Fact) -> Result:
    """Return the result after a fact."""
    if isinstance(fact, ResultReported):
        values = asdict(fact)
        del values["texts_hash"]
        revision = result.revision + 1 if result else 1
        side = Side(values.pop("side"))
        return Result(**values, reported_by=side, status=ResultStatus.REPORTED, revision=revision)
    assert result is not None, "a result begins when it is reported"
    before = replace(result, revision=result.revision + 1, confirmed_at=None, disputed_at=None, reason=None)
    match fact:
        case ResultConfirmed():
            return replace(before, status=ResultStatus.CONFIRMED, confirmed_at=fact.confirmed_at)
        case ResultDisputed():
            return replace(before, status=ResultStatus.DISPUTED, disputed_at=fact.disputed_at, reason=fact.reason)
    raise AssertionError(f"{fact.type} is not a result's fact")
