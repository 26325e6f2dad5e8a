"""Effects of the moves of a match on its package, in the transaction of the move."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.outbox import announce_all
from contracts.facts import Event, Fact
from contracts.matching import (
    MatchAccepted,
    MatchConfirmed,
    MatchDeclinedByProvider,
    MatchDeclinedByState,
    MatchExpired,
    MatchNotPursued,
    MatchProviderConfirmed,
    MatchRevoked,
)
from services.matching.lines import store as line_store
from services.matching.packages import store as package_store
from services.matching.packages.evolve import evolve
from services.matching.packages.model import EndReason, Package, Party

Change = tuple[Package | None, Fact]
_ENDS = (MatchDeclinedByState, MatchDeclinedByProvider, MatchNotPursued, MatchExpired, MatchRevoked)
FOLLOWED = (MatchAccepted, MatchProviderConfirmed, MatchConfirmed, *_ENDS)


async def record(tx: Tx, changes: Sequence[Change], *, because: Event | None = None) -> list[Package]:
    """Fold a fact into each package, save the packages, and announce the facts."""
    after = [evolve(before, fact) for before, fact in changes]
    if after:
        await package_store.save(tx, after)
        facts = [(fact, changed.revision) for changed, (_, fact) in zip(after, changes, strict=True)]
        await announce_all(tx, facts, because=because)
    return after


async def follow(tx: Tx, facts: Sequence[Fact]) -> None:
    """Apply the effects of these facts of matches, just announced, on their packages."""
    by_match: dict[UUID, Any] = {fact.aggregate_id: fact for fact in facts if isinstance(fact, FOLLOWED)}
    if not by_match:
        return
    causes = {event.aggregate_id: event for event in tx.announced}
    for package in await package_store.in_force_of(tx, list(by_match)):
        change = (package, _followed(package, by_match[package.match_id]))
        await record(tx, [change], because=causes[package.match_id])


def _followed(package: Package, fact: Fact) -> Fact:
    match fact:
        case MatchAccepted():
            return package.agree(Party.STATE, now=fact.accepted_at)
        case MatchProviderConfirmed():
            return package.agree(Party.PROVIDER, now=fact.confirmed_at)
        case MatchConfirmed():
            return package.confirm(now=fact.confirmed_at)
        case MatchDeclinedByState() | MatchDeclinedByProvider():
            return package.end(EndReason.MATCH_ENDED, now=fact.declined_at)
        case MatchNotPursued():
            return package.end(EndReason.MATCH_ENDED, now=fact.ended_at)
        case MatchExpired():
            return package.end(EndReason.MATCH_ENDED, now=fact.expired_at)
        case MatchRevoked():
            return package.end(EndReason.MATCH_ENDED, now=fact.revoked_at)
    raise AssertionError(f"{fact.type} does not concern packages")


async def check_agreed(tx: Tx, match_id: UUID) -> None:
    """Raise Conflict while the unit or the donor of the match's package has not agreed."""
    for package in await package_store.in_force_of(tx, [match_id]):
        package.require_agreement()


async def end_undisclosed(tx: Tx, request_id: UUID, *, because: Event, now: datetime) -> None:
    """End the presented packages whose donor is no longer included in any consent."""
    for package_id in await package_store.presented_of_request(tx, request_id):
        package = await package_store.get_as_service(tx, package_id)
        if package is None or await line_store.is_disclosed_to(tx, request_id, package.donor):
            continue
        await record(tx, [(package, package.end(EndReason.CONSENT_LOST, now=now))], because=because)
