"""A match of a request's line with an offering: its states, its moves, and their effects.

It begins as a suggestion of the system, a coordinator's nomination or a provider's interest. An expired match may
begin again with the same id: there is one match per line and offering.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict, replace

from contracts.explanations import ShareBasis
from contracts.facts import Fact
from contracts.matching import (
    Evaluation,
    Judgement,
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
    PresentedScore,
    Share,
)
from contracts.rankings import FITTING_PROVIDERS_MAX, LineRanked, Suggestion
from contracts.refusals import Conflict, Invalid
from contracts.values import Money, Period, Role, is_unodc
from services.matching.lines.model import WantedLine
from services.matching.matches.evaluation import Evaluated, Side, side_of
from services.matching.scoring.model import Scored


class MatchStatus(StrEnum):
    SUGGESTED = "suggested"
    NOMINATED = "nominated"
    INTERESTED = "interested"
    SHORTLISTED = "shortlisted"
    PRESENTED = "presented"
    ACCEPTED = "accepted"
    PROVIDER_CONFIRMED = "provider_confirmed"
    CONFIRMED = "confirmed"
    IN_DELIVERY = "in_delivery"
    COMPLETED = "completed"
    DECLINED_BY_STATE = "declined_by_state"
    DECLINED_BY_PROVIDER = "declined_by_provider"
    NOT_PURSUED = "not_pursued"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Origin(StrEnum):
    """How a match began."""

    SUGGESTED = "suggested"
    NOMINATED = "nominated"
    INTERESTED = "interested"


_BEGUN = frozenset({MatchStatus.SUGGESTED, MatchStatus.NOMINATED, MatchStatus.INTERESTED})
NOT_SHOWN = _BEGUN | {MatchStatus.SHORTLISTED}
SHOWN = frozenset({MatchStatus.PRESENTED, MatchStatus.ACCEPTED, MatchStatus.PROVIDER_CONFIRMED})
NOT_CONFIRMED = NOT_SHOWN | SHOWN
"""Open, and no capacity taken."""
NOT_ENDED = NOT_CONFIRMED | {MatchStatus.CONFIRMED, MatchStatus.IN_DELIVERY, MatchStatus.COMPLETED}
"""The statuses that a line's ranking includes."""

MOVES: Mapping[str, frozenset[MatchStatus]] = {
    "suggest": frozenset({MatchStatus.EXPIRED}),
    "nominate": frozenset({MatchStatus.EXPIRED, MatchStatus.SUGGESTED}),
    "interest": frozenset({MatchStatus.EXPIRED, MatchStatus.SUGGESTED}),
    "rescore": NOT_SHOWN,
    "shortlist": _BEGUN,
    "present": NOT_SHOWN,
    "accept": frozenset({MatchStatus.PRESENTED, MatchStatus.PROVIDER_CONFIRMED}),
    "confirm": frozenset({MatchStatus.PRESENTED, MatchStatus.ACCEPTED}),
    "begin": frozenset({MatchStatus.CONFIRMED}),
    "complete": frozenset({MatchStatus.IN_DELIVERY}),
    "evaluate": frozenset({MatchStatus.COMPLETED}),
    "decline": NOT_CONFIRMED,
    "not_pursue": NOT_CONFIRMED,
    "expire": NOT_CONFIRMED,
    "revoke": frozenset({MatchStatus.CONFIRMED, MatchStatus.IN_DELIVERY}),
}
"""The states each move is allowed in; the first three moves also begin a match. The policy says who may make them."""


class Match(Struct, frozen=True, kw_only=True):
    """A match with its score from its beginning or from a later rescoring before it was shown."""

    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: str
    provider: str
    status: MatchStatus
    revision: int
    origin: Origin
    score: int
    shares: tuple[Share, ...]
    algorithm: str
    offering_revision: int
    judgement: Judgement | None = None
    """The model's judgement of the texts, if the score includes it."""
    bases: tuple[ShareBasis, ...] | None = None
    """The bases of the shares when it was presented; None before that."""
    made_at: datetime
    """When it was suggested or nominated, or interest was expressed."""
    interested_at: datetime | None = None
    disclosed: bool = False
    """Whether a consent in force included its provider when the match was read for it."""
    presented_at: datetime | None = None
    departs: bool = False
    departure: str | None = None
    planned_period: Period | None = None
    """The offering's period that a round planned the delivery for."""
    accepted_at: datetime | None = None
    provider_confirmed_at: datetime | None = None
    confirmed_at: datetime | None = None
    capacity_period: Period | None = None
    funding_needed: Money | None = None
    begun_at: datetime | None = None
    completed_at: datetime | None = None
    state_evaluation: Evaluated | None = None
    provider_evaluation: Evaluated | None = None
    ended_at: datetime | None = None
    reason: str | None = None

    @property
    def evaluated(self) -> bool:
        """True if the last move is an evaluation: only evaluations follow the first one."""
        return self.state_evaluation is not None or self.provider_evaluation is not None

    def require(self, move: str) -> None:
        """Raises Conflict if the match's state does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("match-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def rescore(self, found: Scored, *, now: datetime) -> MatchRescored:
        """`found` is a score of the match's line and offering that includes the meaning of the texts."""
        self.require("rescore")
        assert found.judgement is not None, "only judged scores differ"
        return MatchRescored(**self._ids(), **_scores(found), rescored_at=now)

    def shortlist(self, *, now: datetime) -> MatchShortlisted:
        self.require("shortlist")
        return MatchShortlisted(**self._ids(), shortlisted_at=now)

    def present(
        self,
        line: WantedLine | None,
        *,
        passes_over: bool,
        departure: str | None,
        planned_period: Period | None = None,
        scored: PresentedScore | None = None,
        now: datetime,
    ) -> MatchPresented:
        """Raises Conflict if the provider may not know of the line, Invalid for a departure without a reason.

        `passes_over`: a better ranked open match of the line was not presented. `scored`: its current score.
        """
        self.require("present")
        line = check_proposable(line)
        if not (is_unodc(self.provider) or line.may_be_disclosed_to(self.provider)):
            raise Conflict("circulation-not-granted", circulation=line.circulation)
        if passes_over and departure is None:
            raise Invalid("departure-reason-missing")
        return MatchPresented(
            **self._ids(),
            presented_at=now,
            departs=passes_over,
            departure=departure if passes_over else None,
            planned_period=planned_period,
            scored=scored,
        )

    def agrees_with(self, move: str) -> bool:
        """True if `accept` or `confirm` is the second agreement, which takes capacity."""
        self.require(move)
        return self.status is (MatchStatus.PROVIDER_CONFIRMED if move == "accept" else MatchStatus.ACCEPTED)

    def accept(self, *, now: datetime) -> MatchAccepted:
        """The State agrees first."""
        assert not self.agrees_with("accept"), "the second to agree confirms"
        return MatchAccepted(**self._ids(), accepted_at=now)

    def confirm_by_provider(self, *, now: datetime) -> MatchProviderConfirmed:
        """The provider agrees first."""
        assert not self.agrees_with("confirm"), "the second to agree confirms"
        return MatchProviderConfirmed(**self._ids(), confirmed_at=now)

    def confirm(
        self, line: WantedLine, period: Period, funding_needed: Money | None, *, now: datetime
    ) -> MatchConfirmed:
        """Both sides agree; one unit of `period` has been taken in this transaction."""
        if self.status not in {MatchStatus.ACCEPTED, MatchStatus.PROVIDER_CONFIRMED}:
            raise Conflict("match-status", status=self.status, move="confirm")
        return MatchConfirmed(
            **self._ids(),
            capacity_period=period,
            funding_needed=funding_needed,
            about=None if funding_needed is None else line.about,
            confirmed_at=now,
        )

    def begin(self, *, gap_usd_minor: int | None = None, now: datetime) -> MatchBegun:
        """`gap_usd_minor` is the part of the needed money that is not allocated yet, None if unknown.

        Raises Conflict unless all needed money is allocated.
        """
        self.require("begin")
        if self.funding_needed is not None and self.funding_needed.minor and gap_usd_minor != 0:
            raise Conflict("delivery-not-funded", gap_usd_minor=gap_usd_minor)
        return MatchBegun(**self._ids(), begun_at=now)

    def complete(self, line: WantedLine | None, *, now: datetime) -> MatchCompleted:
        """Raises Conflict before the first day of the line's window within the confirmed period."""
        self.require("complete")
        dates = [one.starts for one in (line and line.window, self.capacity_period) if one]
        if now.date() < max(dates, default=now.date()):
            raise Conflict("delivery-not-due", first_day=max(dates))
        return MatchCompleted(**self._ids(), completed_at=now)

    def evaluate(self, role: Role, given: Evaluation, *, now: datetime) -> MatchEvaluated:
        """By the side that the role speaks for."""
        self.require("evaluate")
        return MatchEvaluated(**self._ids(), side=side_of(role), evaluation=given, evaluated_at=now)

    def decline(self, role: Role, reason: str, *, now: datetime) -> MatchDeclinedByState | MatchDeclinedByProvider:
        """By the side that the role speaks for."""
        self.require("decline")
        if role is Role.FOCAL_POINT:
            return MatchDeclinedByState(**self._ids(), reason=reason, declined_at=now)
        return MatchDeclinedByProvider(**self._ids(), reason=reason, declined_at=now)

    def not_pursue(self, reason: str, *, now: datetime) -> MatchNotPursued:
        self.require("not_pursue")
        return MatchNotPursued(**self._ids(), reason=reason, ended_at=now)

    def expire(self, *, now: datetime) -> MatchExpired:
        self.require("expire")
        return MatchExpired(**self._ids(), expired_at=now)

    def revoke(self, reason: str, *, now: datetime) -> MatchRevoked:
        self.require("revoke")
        assert self.capacity_period is not None, "confirmation takes capacity"
        return MatchRevoked(**self._ids(), reason=reason, capacity_period=self.capacity_period, revoked_at=now)

    def _ids(self) -> dict[str, Any]:
        return {
            "match_id": self.match_id,
            "request_id": self.request_id,
            "line_id": self.line_id,
            "offering_id": self.offering_id,
            "state": self.state,
            "provider": self.provider,
        }


def check_proposable(line: WantedLine | None) -> WantedLine:
    """Raises Conflict unless the line's request is open for proposals."""
    if line is None or not line.proposable:
        raise Conflict("request-not-open", status=line.status if line else None)
    return line


def rank(
    line: WantedLine, best: Sequence[Scored], match_ids: Sequence[UUID], fitting: Collection[str], *, now: datetime
) -> LineRanked:
    """Suggest the best offerings by codes, at least one, best first, to a line that has no match yet."""
    return LineRanked(
        line_id=line.line_id,
        request_id=line.request_id,
        state=line.state,
        algorithm=best[0].algorithm,
        criteria=tuple(share.criterion for share in best[0].shares),
        of=tuple(share.of for share in best[0].shares),
        suggestions=tuple(
            Suggestion(
                match_id=match_id,
                offering_id=found.offering.offering_id,
                provider=found.offering.provider,
                offering_revision=found.offering.revision,
                score=found.score,
                points=tuple(share.points for share in found.shares),
            )
            for match_id, found in zip(match_ids, best, strict=True)
        ),
        ranked_at=now,
        fitting_providers=tuple(sorted(fitting)[:FITTING_PROVIDERS_MAX]),
    )


def suggest(
    before: Match | None, match_id: UUID, line: WantedLine, found: Scored, rank: int, *, now: datetime
) -> MatchSuggested:
    return MatchSuggested(**_beginning(before, "suggest", match_id, line, found), rank=rank, suggested_at=now)


def nominate(before: Match | None, match_id: UUID, line: WantedLine, found: Scored, *, now: datetime) -> MatchNominated:
    return MatchNominated(**_beginning(before, "nominate", match_id, line, found), nominated_at=now)


def express_interest(
    before: Match | None, match_id: UUID, line: WantedLine, found: Scored, *, now: datetime
) -> MatchInterested:
    return MatchInterested(**_beginning(before, "interest", match_id, line, found), interested_at=now)


def _beginning(before: Match | None, move: str, match_id: UUID, line: WantedLine, found: Scored) -> dict[str, Any]:
    """Raises Conflict if the line and the offering have a match that this move may not begin again."""
    if before is not None and before.status not in MOVES[move]:
        raise Conflict("match-exists", match_id=before.match_id)
    return {
        "match_id": before.match_id if before else match_id,
        "request_id": line.request_id,
        "line_id": line.line_id,
        "offering_id": found.offering.offering_id,
        "state": line.state,
        "provider": found.offering.provider,
        **_scores(found),
    }


def _scores(found: Scored) -> dict[str, Any]:
    return {
        "score": found.score,
        "shares": found.shares,
        "algorithm": found.algorithm,
        "offering_revision": found.offering.revision,
        "judgement": found.judgement,
    }


def evolve(match: Match | None, fact: Fact) -> Match:
    """The state after a fact."""
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
                **(asdict(fact.scored) if fact.scored else {}),
            }
        case MatchAccepted():
            return {"status": MatchStatus.ACCEPTED, "accepted_at": fact.accepted_at}
        case MatchProviderConfirmed():
            return {"status": MatchStatus.PROVIDER_CONFIRMED, "provider_confirmed_at": fact.confirmed_at}
        case MatchConfirmed():
            return {
                "status": MatchStatus.CONFIRMED,
                "confirmed_at": fact.confirmed_at,
                # Only one fact is announced for the side that agrees second.
                "accepted_at": match.accepted_at or fact.confirmed_at,
                "provider_confirmed_at": match.provider_confirmed_at or fact.confirmed_at,
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
