"""Folding of facts into a match; actions and the rebuild of the tables use the same function."""

from datetime import datetime
from typing import Any

from msgspec.structs import asdict, replace

from contracts.facts import Fact
from contracts.matching import (
    MatchAccepted,
    MatchBegun,
    MatchCompleted,
    MatchConfirmed,
    MatchDeclinedByProvider,
    MatchDeclinedByState,
    MatchEvaluated,
    MatchExpired,
    MatchInterested,
    MatchNominated,
    MatchNotPursued,
    MatchPresented,
    MatchProviderConfirmed,
    MatchRescored,
    MatchRevoked,
    MatchShortlisted,
    MatchSuggested,
)
from contracts.values import Side
from services.matching.matches.evaluation import Evaluated
from services.matching.matches.model import Match, MatchStatus, Origin


def evolve(match: Match | None, fact: Fact) -> Match:
    """The match after a fact."""
    if isinstance(fact, MatchSuggested | MatchNominated | MatchInterested):
        return _begun(fact, revision=match.revision + 1 if match else 1)
    assert match is not None, "a match begins with a suggestion, a nomination or an interest"
    return replace(match, revision=match.revision + 1, **_changes(match, fact))


def _begun(fact: MatchSuggested | MatchNominated | MatchInterested, *, revision: int) -> Match:
    match fact:
        case MatchSuggested():
            origin, at = Origin.SUGGESTED, fact.suggested_at
        case MatchNominated():
            origin, at = Origin.NOMINATED, fact.nominated_at
        case MatchInterested():
            origin, at = Origin.INTERESTED, fact.interested_at
    return Match(
        match_id=fact.match_id,
        request_id=fact.request_id,
        line_id=fact.line_id,
        offering_id=fact.offering_id,
        state=fact.state,
        provider=fact.provider,
        status=MatchStatus(origin),
        revision=revision,
        origin=origin,
        score=fact.score,
        shares=fact.shares,
        algorithm=fact.algorithm,
        offering_revision=fact.offering_revision,
        judgement=fact.judgement,
        made_at=at,
        covers=getattr(fact, "covers", None),
        override=getattr(fact, "override", None),
        interested_at=at if origin is Origin.INTERESTED else None,
    )


def _changes(match: Match, fact: Fact) -> dict[str, Any]:
    match fact:
        case MatchRescored():
            return {
                "score": fact.score,
                "shares": fact.shares,
                "algorithm": fact.algorithm,
                "offering_revision": fact.offering_revision,
                "judgement": fact.judgement,
            }
        case MatchShortlisted():
            return {"status": MatchStatus.SHORTLISTED}
        case MatchPresented():
            return {
                "status": MatchStatus.PRESENTED,
                "presented_at": fact.presented_at,
                "departs": fact.departs,
                "departure": fact.departure,
                "planned_period": fact.planned_period,
                "joint_delivery_id": fact.joint_delivery_id,
                **(asdict(fact.scored) if fact.scored else {}),
            }
        case MatchAccepted():
            return {"status": MatchStatus.ACCEPTED, "accepted_at": fact.accepted_at, "covers": fact.covers}
        case MatchProviderConfirmed():
            return {
                "status": MatchStatus.PROVIDER_CONFIRMED,
                "provider_confirmed_at": fact.confirmed_at,
                "covers": fact.covers,
            }
        case MatchConfirmed():
            return {
                "status": MatchStatus.CONFIRMED,
                "confirmed_at": fact.confirmed_at,
                # Only one fact is announced for the side that agrees second.
                "accepted_at": match.accepted_at or fact.confirmed_at,
                "provider_confirmed_at": match.provider_confirmed_at or fact.confirmed_at,
                "covers": fact.covers,
                "capacity_period": fact.capacity_period,
                "funding_needed": fact.funding_needed,
            }
        case MatchBegun():
            return {"status": MatchStatus.IN_DELIVERY, "begun_at": fact.begun_at}
        case MatchCompleted():
            return {"status": MatchStatus.COMPLETED, "completed_at": fact.completed_at}
        case MatchEvaluated():
            name = "state_evaluation" if fact.side == Side.STATE else "provider_evaluation"
            said = Evaluated(**asdict(fact.evaluation), revision=match.revision + 1, evaluated_at=fact.evaluated_at)
            return {name: said}
        case MatchDeclinedByState():
            return _ended(MatchStatus.DECLINED_BY_STATE, fact.declined_at, fact.reason)
        case MatchDeclinedByProvider():
            return _ended(MatchStatus.DECLINED_BY_PROVIDER, fact.declined_at, fact.reason)
        case MatchNotPursued():
            return _ended(MatchStatus.NOT_PURSUED, fact.ended_at, fact.reason)
        case MatchExpired():
            return _ended(MatchStatus.EXPIRED, fact.expired_at)
        case MatchRevoked():
            return _ended(MatchStatus.REVOKED, fact.revoked_at, fact.reason)
    raise AssertionError(f"{fact.type} is not a match's fact")


def _ended(status: MatchStatus, at: datetime, reason: str | None = None) -> dict[str, Any]:
    return {"status": status, "ended_at": at, "reason": reason}
