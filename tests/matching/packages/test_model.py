"""A package by its facts: every order of agreements, and what each status allows."""

from itertools import permutations
from uuid import uuid4

import pytest

from contracts.facts import Fact
from contracts.packages import PackagePresented
from contracts.refusals import Conflict
from contracts.values import Money
from services.matching.packages.evolve import evolve
from services.matching.packages.model import IN_FORCE, MOVES, EndReason, Package, PackageStatus, Party
from tests.builders import NOON


def a_package() -> Package:
    return evolve(
        None,
        PackagePresented(
            **{name: uuid4() for name in ("package_id", "match_id", "request_id", "line_id", "pledge_id")},
            state="KEN",
            provider="FRA",
            unit="UNODC-CEB",
            donor="NOR",
            fund="TA-REQUESTS",
            money=Money(minor=1, currency="USD"),
            usd_minor=1,
            presented_at=NOON,
        ),
    )


@pytest.mark.parametrize("order", list(permutations(Party)))
def test_whoever_agrees_the_others_are_waited_for(order: tuple[Party, ...]) -> None:
    package = a_package()

    for number, party in enumerate(order[:-1], 1):
        fact = package.agree(party, now=NOON)
        package = evolve(package, fact)
        assert set(order[number:]) == set(fact.waiting_for) == set(package.waiting_for)
        with pytest.raises(Conflict) as again:
            package.agree(party, now=NOON)
        assert "package-agreed-before" == again.value.slug

    package = evolve(package, package.confirm(now=NOON))
    assert (PackageStatus.CONFIRMED, ()) == (package.status, package.waiting_for)
    assert all(getattr(package, f"{party}_agreed_at") for party in Party)


@pytest.mark.parametrize("missing", [(Party.UNIT,), (Party.DONOR,), (Party.UNIT, Party.DONOR), ()])
def test_match_waits_for_unit_and_donor_only(missing: tuple[Party, ...]) -> None:
    package = a_package()
    for party in {Party.UNIT, Party.DONOR} - set(missing):
        package = evolve(package, package.agree(party, now=NOON))

    if not missing:
        package.require_agreement()
        return
    with pytest.raises(Conflict) as early:
        package.require_agreement()
    assert ("package-not-agreed", list(missing)) == (early.value.slug, early.value.details["waiting_for"])


@pytest.mark.parametrize("status", PackageStatus)
def test_only_what_is_in_force_moves(status: PackageStatus) -> None:
    package = a_package()
    ends: dict[PackageStatus, list[Fact]] = {
        PackageStatus.PRESENTED: [],
        PackageStatus.CONFIRMED: [package.confirm(now=NOON)],
        PackageStatus.DECLINED: [package.decline(Party.DONOR, "other", now=NOON)],
        PackageStatus.WITHDRAWN: [package.withdraw("other", now=NOON)],
        PackageStatus.ENDED: [package.end(EndReason.MATCH_ENDED, now=NOON)],
    }
    for fact in ends[status]:
        package = evolve(package, fact)

    assert status is package.status
    allowed = {move for move, statuses in MOVES.items() if package.status in statuses}
    assert allowed == (set(MOVES) if status is PackageStatus.PRESENTED else {"end"} if status in IN_FORCE else set())
    for move in set(MOVES) - allowed:
        with pytest.raises(Conflict):
            package.require(move)
