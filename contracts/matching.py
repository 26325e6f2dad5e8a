"""Facts of the matching service: offerings of assistance, and matches of a request's line with an offering."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import joint_deliveries, rankings, rounds, treaties, weights
from contracts.codes import KindCode
from contracts.explanations import ShareBasis
from contracts.facts import Fact
from contracts.rankings import CRITERIA_MAX
from contracts.requests import About, Codes, Persons
from contracts.values import Code, Language, Money, Organization, Period, State

PERIODS_MAX = 24
OVERRIDDEN_MAX = 11
STATES_MAX = 200


class Capacity(Struct, frozen=True, kw_only=True):
    """The number of deliveries that an offering can take in a period."""

    period: Period
    units: Annotated[int, Meta(ge=1, le=10_000)]


class Eligibility(Struct, frozen=True, kw_only=True):
    """The eligible States: these and those of these UN regional groups (all if both are empty), minus exclusions.

    If income groups or special groups are given, only States of one of these groups are eligible.
    """

    states: Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)] = ()
    regions: Codes = ()
    excluded_states: Annotated[tuple[State, ...], Meta(max_length=STATES_MAX)] = ()
    income_groups: Codes = ()
    special_groups: Codes = ()


class Terms(Struct, frozen=True, kw_only=True):
    """An offering except its texts."""

    kinds: Codes
    topics: Codes
    articles: Codes
    paragraphs: Codes
    pillars: Codes
    languages: Annotated[tuple[Language, ...], Meta(max_length=6)]
    interpretation: Annotated[tuple[Language, ...], Meta(max_length=6)]
    modalities: Codes
    eligible: Eligibility
    valid: Period
    capacity: Annotated[tuple[Capacity, ...], Meta(max_length=PERIODS_MAX)]
    resource_status: Code
    group_size_max: Persons | None = None
    funding_needed: Money | None = None
    curriculum: Codes = ()
    treaties: Codes = ()
    """Instruments to which a State has to be party (`/v1/reference/instruments`)."""


class OfferingDrafted(Fact, frozen=True, kw_only=True, tag="matching.offering.drafted.v1"):
    """A provider created an offering as a draft."""

    offering_id: UUID
    provider: Organization
    language: Language
    terms: Terms
    texts_hash: str
    drafted_at: datetime


class OfferingRevised(Fact, frozen=True, kw_only=True, tag="matching.offering.revised.v1"):
    """A provider revised its offering, which needs approval (again). The fact has all fields."""

    offering_id: UUID
    language: Language
    terms: Terms
    texts_hash: str
    revised_at: datetime


class OfferingSubmitted(Fact, frozen=True, kw_only=True, tag="matching.offering.submitted.v1"):
    """A provider submitted an offering for approval."""

    offering_id: UUID
    provider: Organization
    language: Language
    terms: Terms
    texts_hash: str
    submitted_at: datetime


class OfferingApproved(Fact, frozen=True, kw_only=True, tag="matching.offering.approved.v1"):
    """A coordinator approved the offering: it is available."""

    offering_id: UUID
    provider: Organization
    approved_at: datetime


class OfferingReturned(Fact, frozen=True, kw_only=True, tag="matching.offering.returned.v1"):
    """A coordinator returned the offering, for a coded reason."""

    offering_id: UUID
    provider: Organization
    reason: Code
    returned_at: datetime


class OfferingSuspended(Fact, frozen=True, kw_only=True, tag="matching.offering.suspended.v1"):
    """The offering takes no new matches until resumed."""

    offering_id: UUID
    provider: Organization
    suspended_at: datetime


class OfferingResumed(Fact, frozen=True, kw_only=True, tag="matching.offering.resumed.v1"):
    """The offering is available again."""

    offering_id: UUID
    provider: Organization
    resumed_at: datetime


class OfferingReconfirmed(Fact, frozen=True, kw_only=True, tag="matching.offering.reconfirmed.v1"):
    """The provider confirmed that the offering is still valid; the fact has the last day if it was extended."""

    offering_id: UUID
    provider: Organization
    reconfirmed_at: datetime
    valid_until: date | None = None


class OfferingWithdrawn(Fact, frozen=True, kw_only=True, tag="matching.offering.withdrawn.v1"):
    """The provider withdrew the offering."""

    offering_id: UUID
    provider: Organization
    withdrawn_at: datetime


class OfferingLapsed(Fact, frozen=True, kw_only=True, tag="matching.offering.lapsed.v1"):
    """The offering's validity ended."""

    offering_id: UUID
    provider: Organization
    lapsed_at: datetime


class Share(Struct, frozen=True, kw_only=True):
    """One criterion's share of a score: `points` of at most `of`, in thousandths of the whole."""

    criterion: Code
    points: Annotated[int, Meta(ge=0, le=1000)]
    of: Annotated[int, Meta(ge=1, le=1000)]


class Judgement(Struct, frozen=True, kw_only=True):
    """A model's similarity of two texts: `closeness` in thousandths, 0 if they have nothing in common."""

    model: Code
    version: Code
    closeness: Annotated[int, Meta(ge=0, le=1000)]


Rating = Annotated[int, Meta(ge=1, le=5)]


class Evaluation(Struct, frozen=True, kw_only=True):
    """The evaluation of a delivery: whether the need was met, and ratings from 1 (worst) to 5.

    `result` is `met`, `partially_met` or `unmet`, like the outcome of a request. The ratings follow the evaluation
    criteria of the OECD Development Assistance Committee ("Better Criteria for Better Evaluation", 2019) as far as both
    sides can assess them at the end of a delivery: `relevance`; `quality` for effectiveness; `timeliness` for
    efficiency.
    """

    result: Code
    relevance: Rating
    quality: Rating
    timeliness: Rating


class Override(Struct, frozen=True, kw_only=True):
    """The hard constraints that a coordinator overrode for a match, for a coded reason."""

    constraints: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=OVERRIDDEN_MAX)]
    reason: Code


class MatchSuggested(Fact, frozen=True, kw_only=True, tag="matching.match.suggested.v1"):
    """The system suggested an offering for a line: score in thousandths, and each criterion's share.

    `algorithm` names the version of the scoring; `offering_revision` is the revision of the offering used. `judgement`
    is present if text similarity was scored.
    """

    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: State
    provider: Organization
    score: Annotated[int, Meta(ge=0, le=1000)]
    shares: Annotated[tuple[Share, ...], Meta(max_length=CRITERIA_MAX)]
    algorithm: Code
    offering_revision: int
    rank: Annotated[int, Meta(ge=1)]
    suggested_at: datetime
    judgement: Judgement | None = None


class MatchNominated(Fact, frozen=True, kw_only=True, tag="matching.match.nominated.v1"):
    """A coordinator nominated an offering for a line, or for a part of its group."""

    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: State
    provider: Organization
    score: Annotated[int, Meta(ge=0, le=1000)]
    shares: Annotated[tuple[Share, ...], Meta(max_length=CRITERIA_MAX)]
    algorithm: Code
    offering_revision: int
    nominated_at: datetime
    judgement: Judgement | None = None
    covers: Persons | None = None
    override: Override | None = None


class MatchInterested(Fact, frozen=True, kw_only=True, tag="matching.match.interested.v1"):
    """A provider expressed interest in a circulated line, or in a part of its group."""

    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: State
    provider: Organization
    score: Annotated[int, Meta(ge=0, le=1000)]
    shares: Annotated[tuple[Share, ...], Meta(max_length=CRITERIA_MAX)]
    algorithm: Code
    offering_revision: int
    interested_at: datetime
    judgement: Judgement | None = None
    covers: Persons | None = None


class _MatchFact(Fact, frozen=True, kw_only=True):
    """Fields repeated in every later fact of a match, so that consumers can act without a query."""

    match_id: UUID
    request_id: UUID
    line_id: UUID
    offering_id: UUID
    state: State
    provider: Organization


class MatchRescored(_MatchFact, frozen=True, kw_only=True, tag="matching.match.rescored.v1"):
    """The match was scored again, before it was shown, with a model that compared the texts.

    The score replaces the previous one; `judgement` names the model and the similarity.
    """

    score: Annotated[int, Meta(ge=0, le=1000)]
    shares: Annotated[tuple[Share, ...], Meta(max_length=CRITERIA_MAX)]
    algorithm: Code
    offering_revision: int
    judgement: Judgement
    rescored_at: datetime


class MatchShortlisted(_MatchFact, frozen=True, kw_only=True, tag="matching.match.shortlisted.v1"):
    """A coordinator shortlisted the match."""

    shortlisted_at: datetime


class PresentedScore(Struct, frozen=True, kw_only=True):
    """The score of a match when presented, and the basis of each share."""

    score: Annotated[int, Meta(ge=0, le=1000)]
    shares: Annotated[tuple[Share, ...], Meta(max_length=CRITERIA_MAX)]
    algorithm: Code
    offering_revision: int
    judgement: Judgement | None = None
    bases: Annotated[tuple[ShareBasis, ...], Meta(max_length=CRITERIA_MAX)]


class MatchPresented(_MatchFact, frozen=True, kw_only=True, tag="matching.match.presented.v1"):
    """A coordinator presented the match to the State and the provider.

    `departs` is true if a better ranked match of the line was passed over; `departure` is then the coded reason.
    `planned_period` is the period of the offering in which a round planned the match; a unit of it is taken if
    available when both have agreed. `scored` is the score at that time, which replaces the previous one.
    `joint_delivery_id` is set if one delivery is proposed to several States.
    """

    presented_at: datetime
    departs: bool = False
    departure: Code | None = None
    planned_period: Period | None = None
    scored: PresentedScore | None = None
    joint_delivery_id: UUID | None = None


class MatchAccepted(_MatchFact, frozen=True, kw_only=True, tag="matching.match.accepted.v1"):
    """The State accepted; the provider has not confirmed yet. It covers `covers` persons, None for the whole group."""

    accepted_at: datetime
    covers: Persons | None = None


class MatchProviderConfirmed(_MatchFact, frozen=True, kw_only=True, tag="matching.match.provider-confirmed.v1"):
    """The provider confirmed; the State has not accepted yet. It covers `covers` persons, None for the whole group."""

    confirmed_at: datetime
    covers: Persons | None = None


class MatchConfirmed(_MatchFact, frozen=True, kw_only=True, tag="matching.match.confirmed.v1"):
    """The match was confirmed by both sides; it took one unit of the offering's capacity in `capacity_period`.

    `capacity_taken` is false if another match of the same joint delivery had taken the unit. `funding_needed` is the
    money that the delivery lacks, or the State's share of it; None if it is funded. `about` is set only if money is
    needed. `window` is the State's window, None if a coordinator overrode it. `kind` is that of the line.
    """

    capacity_period: Period
    confirmed_at: datetime
    funding_needed: Money | None = None
    about: About | None = None
    covers: Persons | None = None
    capacity_taken: bool = True
    joint_delivery_id: UUID | None = None
    window: Period | None = None
    kind: KindCode | None = None


class MatchBegun(_MatchFact, frozen=True, kw_only=True, tag="matching.match.begun.v1"):
    """The delivery began."""

    begun_at: datetime


class MatchCompleted(_MatchFact, frozen=True, kw_only=True, tag="matching.match.completed.v1"):
    """The delivery is complete."""

    completed_at: datetime


class MatchEvaluated(_MatchFact, frozen=True, kw_only=True, tag="matching.match.evaluated.v1"):
    """One `side` (`state` or `provider`) evaluated the completed delivery; replaces its earlier evaluation."""

    side: Code
    evaluation: Evaluation
    evaluated_at: datetime


class MatchDeclinedByState(_MatchFact, frozen=True, kw_only=True, tag="matching.match.declined-by-state.v1"):
    """The State declined, for a coded reason."""

    reason: Code
    declined_at: datetime


class MatchDeclinedByProvider(_MatchFact, frozen=True, kw_only=True, tag="matching.match.declined-by-provider.v1"):
    """The provider declined, for a coded reason."""

    reason: Code
    declined_at: datetime


class MatchNotPursued(_MatchFact, frozen=True, kw_only=True, tag="matching.match.not-pursued.v1"):
    """A coordinator decided not to pursue the match, for a coded reason."""

    reason: Code
    ended_at: datetime


class MatchExpired(_MatchFact, frozen=True, kw_only=True, tag="matching.match.expired.v1"):
    """Before the match was confirmed, the request or the offering ended, or another match covered the whole group."""

    expired_at: datetime


class MatchRevoked(_MatchFact, frozen=True, kw_only=True, tag="matching.match.revoked.v1"):
    """A confirmed match was revoked, for a coded reason, and its capacity was released.

    `capacity_released` is false if another match of the same joint delivery still needs the unit.
    """

    reason: Code
    capacity_period: Period
    revoked_at: datetime
    capacity_released: bool = True


FACTS: tuple[type[Fact], ...] = (
    OfferingDrafted,
    OfferingRevised,
    OfferingSubmitted,
    OfferingApproved,
    OfferingReturned,
    OfferingSuspended,
    OfferingResumed,
    OfferingReconfirmed,
    OfferingWithdrawn,
    OfferingLapsed,
    *rankings.FACTS,
    MatchSuggested,
    MatchNominated,
    MatchInterested,
    MatchRescored,
    MatchShortlisted,
    MatchPresented,
    MatchAccepted,
    MatchProviderConfirmed,
    MatchConfirmed,
    MatchBegun,
    MatchCompleted,
    MatchEvaluated,
    MatchDeclinedByState,
    MatchDeclinedByProvider,
    MatchNotPursued,
    MatchExpired,
    MatchRevoked,
    *treaties.FACTS,
    *weights.FACTS,
    *rounds.FACTS,
    *joint_deliveries.FACTS,
)
