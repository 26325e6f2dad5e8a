"""Views shared by several routes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from chassis.db.database import Tx
from contracts.consents import FieldSet
from contracts.conversion import from_attributes
from contracts.deliveries import delivery_id_of
from contracts.matching import Judgement, Override, Share
from contracts.values import Caller, Language, Money, Period
from services.matching import policy
from services.matching.lines import store as line_store
from services.matching.lines.store import Coverage
from services.matching.matches import wording
from services.matching.matches.evaluation import Evaluated
from services.matching.matches.explanation import Explanation
from services.matching.matches.model import NOT_CONFIRMED, NOT_SHOWN, SHOWN, Match, MatchStatus, Origin
from services.matching.matches.store import Ranked
from services.matching.offerings import remark_store
from services.matching.policy import Action, Guarded


class Explained(Struct, frozen=True, kw_only=True):
    """One criterion's share, `points` of at most `of`, and its explanation in the reader's language.

    `asked` and `offered` are codes of `/v1/reference/…` and periods as `from/until`, of the line and the offering as
    they were when the match was presented. Before that, a share whose data changed since the score has no explanation.
    """

    criterion: str
    points: int
    of: int
    asked: tuple[str, ...]
    offered: tuple[str, ...]
    says: str


def explained(why: Explanation, reader: Language) -> Explained:
    return Explained(
        criterion=why.share.criterion,
        points=why.share.points,
        of=why.share.of,
        asked=why.asked,
        offered=why.offered,
        says=wording.says(why, reader),
    )


class Opened(Struct, frozen=True, kw_only=True):
    """The fields that the agreement of both sides discloses to the provider's officers, in addition to consents.

    The disclosure ends when the State withdraws a consent, the match is revoked or the request is over. `says`
    describes it in the reader's language.
    """

    provider: str
    line_id: UUID
    fields: tuple[FieldSet, ...]
    says: str


def opened(match: Match, reader: Language) -> Opened | None:
    """Return what agreement would disclose; None once both sides have agreed, or the match has ended."""
    if match.status not in NOT_CONFIRMED:
        return None
    return Opened(
        provider=match.provider,
        line_id=match.line_id,
        fields=(FieldSet.CODES, FieldSet.WORDS),
        says=wording.opens(match.provider, reader),
    )


# -- matches ----------------------------------------------------------------------------------------------------------


class MatchView(Struct, frozen=True, kw_only=True):
    """A match with its score in thousandths and each criterion's share of it.

    `rank` is its place among the open matches of its line. Providers see neither `rank`, nor the `departure` from it,
    nor the `judgement` of the texts by a model, which is left out of their score. `covers` is how many persons of the
    line's group it serves, null for all; `override` names the hard constraints that a coordinator overrode, and the
    reason. With a `joint_delivery_id` one delivery is proposed to several States. `comment` belongs to the last move,
    `reason` is why the match ended, `moves` are those that the caller may make in this status. A side's comment on its
    evaluation is visible to that side and to UNODC. `residue` is how many persons of the line's group no confirmed
    match covers, null if the State has withdrawn the line. `presented_persons` is how many persons the line's presented
    matches that wait for an agreement cover, with this one; more than `residue` is a choice for the State. Providers do
    not see it.
    """

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
    rank: int | None
    shares: tuple[Share, ...]
    algorithm: str
    offering_revision: int
    judgement: Judgement | None
    covers: int | None
    residue: int | None
    presented_persons: int | None
    override: Override | None
    joint_delivery_id: UUID | None
    made_at: datetime
    presented_at: datetime | None
    departs: bool | None
    departure: str | None
    accepted_at: datetime | None
    provider_confirmed_at: datetime | None
    confirmed_at: datetime | None
    delivery_id: UUID | None
    capacity_period: Period | None
    funding_needed: Money | None
    begun_at: datetime | None
    completed_at: datetime | None
    state_evaluation: Evaluated | None
    state_evaluation_comment: str | None
    provider_evaluation: Evaluated | None
    provider_evaluation_comment: str | None
    ended_at: datetime | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]


class MatchItem(MatchView, frozen=True, kw_only=True):
    """A match in a list.

    `expand` adds the titles of both sides that the caller may read, and the explanation of the score.
    """

    request_title: str | UnsetType = UNSET
    offering_title: str | UnsetType = UNSET
    explanation: list[Explained] | UnsetType = UNSET


class MatchDetail(MatchView, frozen=True, kw_only=True):
    """A match with the explanation of its score; `opens` is what the provider would see if both sides agree.

    `override_says` describes the override in the reader's language. `jointly_with` is the number of other States
    to which the same delivery is proposed, null if it is proposed to this one alone.
    """

    explanation: tuple[Explained, ...]
    opens: Opened | None
    jointly_with: int | None
    override_says: str | None


class LinkedMatch(Struct, frozen=True, kw_only=True):
    """A match as its State sees it by the link of a mail, without ids and without words of the request.

    `covers` is how many persons of the line's group it serves, null for all; `persons` is their number, and `residue`
    how many of the group no confirmed match covers. `kind`, `persons` and `residue` are null if the State has withdrawn
    the line. `reason` is why it ended. `opens_says` and `override_says` describe in the reader's language what the
    provider would see if both sides agree, and the override.
    """

    status: MatchStatus
    provider: str
    kind: str | None
    covers: int | None
    persons: int | None
    residue: int | None
    presented_at: datetime | None
    reason: str | None
    opens_says: str | None
    override_says: str | None


async def linked_view(tx: Tx, match: Match, reader: Language) -> LinkedMatch:
    """Return the view of a match by the link of a mail."""
    async with tx.as_service():
        line = await line_store.line(tx, match.line_id)
    opens = opened(match, reader)
    return from_attributes(
        LinkedMatch,
        match,
        kind=line.kind if line else None,
        persons=match.covers or line.group_size if line else None,
        residue=line.left if line else None,
        opens_says=opens.says if opens else None,
        override_says=wording.overridden(match.override, reader) if match.override else None,
    )


async def views_of(tx: Tx, found: Sequence[Ranked], caller: Caller) -> list[MatchView]:
    """Return views for the caller, with comments."""
    comments = await remark_store.comments_of(tx, [at for one in found for at in _remarked(one.match)])
    async with tx.as_service():
        covered = await line_store.coverage(tx, list({one.match.line_id for one in found}), list(SHOWN))
    return [
        view(
            one,
            comments,
            covered.get(one.match.line_id),
            policy.decide(caller, Action.SHOW_MATCH, one.match).required().fields,
            caller,
        )
        for one in found
    ]


Remarks = Mapping[tuple[UUID, int], str]
"""Comments by match and revision."""


def _remarked(match: Match) -> list[tuple[UUID, int]]:
    """The moves of a match whose comments are shown: the last one, and each side's evaluation."""
    evaluations = [one for one in (match.state_evaluation, match.provider_evaluation) if one is not None]
    return [(match.match_id, one.revision) for one in evaluations] or [(match.match_id, match.revision)]


def _presented(match: Match, covered: Coverage) -> int:
    """Return how many persons the presented matches that wait for an agreement cover, with this match if it is open."""
    return covered.presented + ((match.covers or covered.group_size) if match.status in NOT_SHOWN else 0)


def view(
    found: Ranked, comments: Remarks, covered: Coverage | None, guarded: frozenset[str], caller: Caller
) -> MatchView:
    """Return the view of a match with these guarded fields."""

    def text_of(evaluation: Evaluated | None, field: Guarded) -> str | None:
        if evaluation is None or field not in guarded:
            return None
        return comments.get((match.match_id, evaluation.revision), "")

    match, judged = found.match, Guarded.JUDGEMENT in guarded
    shares = tuple(share for share in match.shares if judged or share.criterion != "meaning")
    return from_attributes(
        MatchView,
        match,
        delivery_id=delivery_id_of(match.match_id) if match.confirmed_at else None,
        score=sum(share.points for share in shares),
        rank=found.rank if Guarded.RANK in guarded else None,
        shares=shares,
        judgement=match.judgement if judged else None,
        residue=covered.residue if covered else None,
        presented_persons=_presented(match, covered) if covered and Guarded.PRESENTED_PERSONS in guarded else None,
        departs=match.departs if Guarded.DEPARTS in guarded else None,
        departure=match.departure if Guarded.DEPARTURE in guarded else None,
        state_evaluation_comment=text_of(match.state_evaluation, Guarded.STATE_EVALUATION_COMMENT),
        provider_evaluation_comment=text_of(match.provider_evaluation, Guarded.PROVIDER_EVALUATION_COMMENT),
        comment="" if match.evaluated else comments.get((match.match_id, match.revision), ""),
        moves=policy.moves_open_to(caller, match),
    )
