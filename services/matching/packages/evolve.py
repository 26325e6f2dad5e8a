"""Folding of facts into a package; actions and the rebuild of the tables use the same function."""

from typing import Any

from msgspec.structs import replace

from contracts.facts import Fact
from contracts.packages import (
    PackageAgreed,
    PackageConfirmed,
    PackageDeclined,
    PackageEnded,
    PackagePresented,
    PackageWithdrawn,
)
from services.matching.packages.model import Package, PackageStatus, Party, UnitRole


def evolve(package: Package | None, fact: Fact) -> Package:
    """The package after a fact."""
    if isinstance(fact, PackagePresented):
        return Package(
            package_id=fact.package_id,
            match_id=fact.match_id,
            request_id=fact.request_id,
            line_id=fact.line_id,
            state=fact.state,
            provider=fact.provider,
            unit=fact.unit,
            unit_role=UnitRole(fact.unit_role) if fact.unit_role else None,
            donor=fact.donor,
            pledge_id=fact.pledge_id,
            fund=fact.fund,
            minor=fact.money.minor,
            currency=fact.money.currency,
            usd_minor=fact.usd_minor,
            status=PackageStatus.PRESENTED,
            revision=1,
            presented_at=fact.presented_at,
        )
    assert package is not None, "a package begins when it is presented"
    return replace(package, revision=package.revision + 1, **_changes(package, fact))


def _changes(package: Package, fact: Fact) -> dict[str, Any]:
    match fact:
        case PackageAgreed():
            return {f"{fact.party}_agreed_at": fact.agreed_at}
        case PackageConfirmed():
            # The side that agrees last to the match has no fact of its own.
            last = {f"{party}_agreed_at": fact.confirmed_at for party in package.waiting_for}
            return {"status": PackageStatus.CONFIRMED, "confirmed_at": fact.confirmed_at, **last}
        case PackageDeclined():
            ended = _ended(PackageStatus.DECLINED, fact.reason, fact.declined_at)
            return {"declined_by": Party(fact.party), **ended}
        case PackageWithdrawn():
            return _ended(PackageStatus.WITHDRAWN, fact.reason, fact.withdrawn_at)
        case PackageEnded():
            return _ended(PackageStatus.ENDED, fact.reason, fact.ended_at)
    raise AssertionError(f"{fact.type} is not a package's fact")


def _ended(status: PackageStatus, reason: str, at: Any) -> dict[str, Any]:
    return {"status": status, "reason": reason, "ended_at": at}
