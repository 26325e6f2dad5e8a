"""A match of a request's line with an offering: its statuses, its moves, and their effects.

It begins as a suggestion of the system, a coordinator's nomination or a provider's interest. An expired match may begin
again with the same id: there is one match per line and offering.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contracts.explanations import ShareBasis
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
    Override,
    PresentedScore,
    Share,
)
from contracts.rankings import FITTING_PROVIDERS_MAX, LineRanked, Suggestion
from contracts.refusals import Conflict, Invalid
from contracts.values import Money, Period, Role, is_unodc, side_of
from services.matching.lines.model import WantedLine
from services.matching.matches.evaluation import Evaluated
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import WINDOW, violated
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
    """Ways in which a match begins."""

    SUGGESTED = "suggested"
    NOMINATED = "nominated"
    INTERESTED = "interested"


_BEGUN = frozenset({MatchStatus.SUGGESTED, MatchStatus.NOMINATED, MatchStatus.INTERESTED})
NOT_SHOWN = _BEGUN | {MatchStatus.SHORTLISTED}
SHOWN = frozenset({MatchStatus.PRESENTED, MatchStatus.ACCEPTED, MatchStatus.PROVIDER_CONFIRMED})
NOT_CONFIRMED = NOT_SHOWN | SHOWN
"""Statuses of open matches without capacity taken."""
AGREED = frozenset({MatchStatus.CONFIRMED, MatchStatus.IN_DELIVERY, MatchStatus.COMPLETED})
"""Statuses with capacity taken."""
NOT_ENDED = NOT_CONFIRMED | AGREED
"""Statuses that a line's ranking includes."""

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
"""Statuses in which each move is allowed; the first three moves also begin a match. The policy says who may move."""


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
    """Time at which it was suggested or nominated, or interest was expressed."""
    interested_at: datetime | None = None
    covers: int | None = None
    """Number of persons of the line's group that it serves; None for all."""
    override: Override | None = None
    """The hard constraints that a coordinator overrode."""
    joint_delivery_id: UUID | None = None
    """The joint delivery that it was presented for."""
    disclosed: bool = False
    """True if a consent in force included its provider when the match was read for it."""
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
        """Raise Conflict if the match's status does not allow the move."""
        if self.status not in MOVES[move]:
            raise Conflict("match-status", status=self.status, move=move)

    # -- decisions -----------------------------------------------------------------------------------------------

    def rescore(self, found: Scored, *, now: datetime) -> MatchRescored:
        """Record `found`, a score of the match's line and offering that includes the meaning of the texts."""
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
        joint_delivery_id: UUID | None = None,
        now: datetime,
    ) -> MatchPresented:
        """Present the match.

        Raise Conflict if the provider may not know of the line or its group is covered, Invalid for a departure without
        a reason. More than is left may be presented: the State chooses. `passes_over` is True if a better ranked open
        match of the line was not presented. `scored` is its current score.
        """
        self.require("present")
        line = check_proposable(line)
        if not line.left:
            raise Conflict("covers-more-than-residue", residue=0)
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
            joint_delivery_id=joint_delivery_id,
        )

    def agrees_with(self, move: str) -> bool:
        """Return True if `accept` or `confirm` is the second agreement, which takes capacity."""
        self.require(move)
        return self.status is (MatchStatus.PROVIDER_CONFIRMED if move == "accept" else MatchStatus.ACCEPTED)

    def accept(self, covers: int | None, *, now: datetime) -> MatchAccepted:
        """Record that the State agrees first."""
        assert not self.agrees_with("accept"), "the second to agree confirms"
        return MatchAccepted(**self._ids(), covers=covers, accepted_at=now)

    def confirm_by_provider(self, covers: int | None, *, now: datetime) -> MatchProviderConfirmed:
        """Record that the provider agrees first."""
        assert not self.agrees_with("confirm"), "the second to agree confirms"
        return MatchProviderConfirmed(**self._ids(), covers=covers, confirmed_at=now)

    def confirm(
        self,
        line: WantedLine,
        period: Period,
        funding_needed: Money | None,
        *,
        covers: int | None = None,
        capacity_taken: bool = True,
        now: datetime,
    ) -> MatchConfirmed:
        """Record that both sides agree.

        One unit of `period` has been taken, in this transaction if `capacity_taken`. It serves `covers` persons.
        """
        if self.status not in {MatchStatus.ACCEPTED, MatchStatus.PROVIDER_CONFIRMED}:
            raise Conflict("match-status", status=self.status, move="confirm")
        return MatchConfirmed(
            **self._ids(),
            capacity_period=period,
            funding_needed=funding_needed,
            about=None if funding_needed is None else line.about,
            covers=covers,
            capacity_taken=capacity_taken,
            joint_delivery_id=self.joint_delivery_id,
            window=None if WINDOW in overridden(self.override) else line.window,
            kind=line.kind,
            confirmed_at=now,
        )

    def begin(self, *, now: datetime) -> MatchBegun:
        """Record that its delivery began."""
        self.require("begin")
        return MatchBegun(**self._ids(), begun_at=now)

    def complete(self, *, now: datetime) -> MatchCompleted:
        """Record that its delivery is complete."""
        self.require("complete")
        return MatchCompleted(**self._ids(), completed_at=now)

    def evaluate(self, role: Role, given: Evaluation, *, now: datetime) -> MatchEvaluated:
        """Record the evaluation by the side that the role speaks for."""
        self.require("evaluate")
        return MatchEvaluated(**self._ids(), side=side_of(role), evaluation=given, evaluated_at=now)

    def decline(self, role: Role, reason: str, *, now: datetime) -> MatchDeclinedByState | MatchDeclinedByProvider:
        """Record that the side that the role speaks for declines."""
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

    def revoke(self, reason: str, *, capacity_released: bool = True, now: datetime) -> MatchRevoked:
        self.require("revoke")
        assert self.capacity_period is not None, "confirmation takes capacity"
        return MatchRevoked(
            **self._ids(),
            reason=reason,
            capacity_period=self.capacity_period,
            capacity_released=capacity_released,
            revoked_at=now,
        )

    def _ids(self) -> dict[str, Any]:
        return {
            "match_id": self.match_id,
            "request_id": self.request_id,
            "line_id": self.line_id,
            "offering_id": self.offering_id,
            "state": self.state,
            "provider": self.provider,
        }


def overridden(override: Override | None) -> Collection[str]:
    """The constraints that were overridden."""
    return override.constraints if override else ()


def violations(
    line: WantedLine, offering: Offering, covers: int | None, override: Override | None, *, today: date
) -> list[str]:
    """Return the constraints that the offering violates for a match of so many persons, without the overridden ones."""
    line = replace(line.part(covers), window=window_of(line, offering, override, today=today))
    # If there is no delivery on any day, an override of the window does not help.
    ignored = set(overridden(override)) - {WINDOW}
    return [one for one in violated(line, offering) if one not in ignored]


def window_of(line: WantedLine, offering: Offering, override: Override | None, *, today: date) -> Period:
    """The days on which a delivery is possible; all from today within the validity if the window is overridden."""
    if WINDOW not in overridden(override):
        return line.window
    return Period(starts=today, ends=max(today, offering.terms.valid.ends))


def check_override(line: WantedLine, offering: Offering, covers: int | None, override: Override) -> None:
    """Raise Conflict for a constraint that is not violated: constraints cannot be overridden in advance."""
    met = sorted(set(override.constraints) - set(violated(line.part(covers), offering)))
    if met:
        raise Conflict("override-not-needed", constraints=met)


def check_proposable(line: WantedLine | None) -> WantedLine:
    """Return the line. Raise Conflict unless its request is open for proposals."""
    if line is None or not line.proposable:
        raise Conflict("request-not-open", status=line.status if line else None)
    return line


def presented_out_of_order(matches: Iterable[Match], presented: Sequence[Match]) -> set[UUID]:
    """Return the presented matches that rank below a match of the same line that was not presented.

    `match_store.skips_better_match` is the same rule for one match.
    """
    shown = {one.match_id for one in presented}
    others: defaultdict[UUID, list[tuple[int, str]]] = defaultdict(list)
    for one in matches:
        if one.match_id not in shown and one.status in NOT_SHOWN:
            others[one.line_id].append((-one.score, str(one.offering_id)))
    return {
        one.match_id for one in presented if any(at < (-one.score, str(one.offering_id)) for at in others[one.line_id])
    }


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


def nominate(
    before: Match | None,
    match_id: UUID,
    line: WantedLine,
    found: Scored,
    *,
    covers: int | None = None,
    override: Override | None = None,
    now: datetime,
) -> MatchNominated:
    begun = _beginning(before, "nominate", match_id, line, found)
    return MatchNominated(**begun, covers=covers, override=override, nominated_at=now)


def express_interest(
    before: Match | None,
    match_id: UUID,
    line: WantedLine,
    found: Scored,
    *,
    covers: int | None = None,
    now: datetime,
) -> MatchInterested:
    return MatchInterested(**_beginning(before, "interest", match_id, line, found), covers=covers, interested_at=now)


def _beginning(before: Match | None, move: str, match_id: UUID, line: WantedLine, found: Scored) -> dict[str, Any]:
    """Return the fields that begin a match.

    Raise Conflict if the line and the offering have a match that this move may not begin again.
    """
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
