"""Explanations of a match's score: for each criterion the codes met, nearly met and not met, and the points.

Points are computed from the explanation, not copied from the share. A presented match keeps its explanation. For other
matches, a share with different points gets no explanation: the line, the offering or its free capacity changed after
the score was computed. A model's judgement of the texts is stored with the score, and that judgement is explained.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct

from contracts.explanations import CloseCode, RatingStep, ShareBasis
from contracts.matching import Eligibility, Judgement, PresentedScore, Share
from contracts.reference import legal_system_of, region_of, topic_similarity
from contracts.values import Period
from services.matching.lines.model import WantedLine
from services.matching.matches.model import Match
from services.matching.offerings.model import Offering, ResourceStatus
from services.matching.scoring.criteria import (
    BY_REGION,
    FULL,
    FUNDING,
    INTERPRETED,
    NO_EXPERIENCE,
    ON_TOPICS,
    OPEN_TO_ALL,
    PRACTISED,
    SAME_REGION,
    SCALAR,
    Experience,
    Rated,
    experience_degree,
    free_days,
    meaning_degree,
    ordinals,
    rated,
    window_days,
)
from services.matching.scoring.model import Scored
from services.matching.scoring.records import free_spans, share_left


class Near(NamedTuple):
    """An offered alternative to what is asked, and its closeness in thousandths."""

    asked: str
    offered: str
    closeness: int


class Basis(Struct, frozen=True, kw_only=True):
    """The basis of a criterion's degree, in codes. `how` names a case; `amount` is a count, out of `whole`."""

    met: tuple[str, ...] = ()
    near: tuple[Near, ...] = ()
    unmet: tuple[str, ...] = ()
    how: str | None = None
    amount: int | None = None
    whole: int | None = None
    rated: Rated | None = None
    degree: int
    """Degree in thousandths, as in the score."""


class Explanation(Struct, frozen=True, kw_only=True):
    """One criterion's share, what was asked and offered, and the basis of the share."""

    share: Share
    asked: tuple[str, ...]
    offered: tuple[str, ...]
    basis: Basis


def explain(
    scored: Match | Scored, line: WantedLine | None, offering: Offering, *, experience: Experience = NO_EXPERIENCE
) -> tuple[Explanation, ...]:
    """Return the stored explanation of a presented match; else an explanation of each share that still has one.

    `line` is None if its State has withdrawn it; `experience` is the provider's.
    """
    if isinstance(scored, Match) and scored.bases is not None:
        return _from_stored(scored, scored.bases)
    if line is None:
        return ()
    found = ((share, _explained(share, line, offering, scored.judgement, experience)) for share in scored.shares)
    return tuple(one for share, one in found if one and share.of * one.basis.degree // FULL == share.points)


def as_presented(found: Scored, line: WantedLine, experience: Experience) -> PresentedScore:
    """Return a current score with everything its explanation needs."""
    return PresentedScore(
        score=found.score,
        shares=found.shares,
        algorithm=found.algorithm,
        offering_revision=found.offering.revision,
        judgement=found.judgement,
        bases=tuple(_to_stored(one) for one in explain(found, line, found.offering, experience=experience)),
    )


def _to_stored(why: Explanation) -> ShareBasis:
    basis = why.basis
    return ShareBasis(
        criterion=why.share.criterion,
        asked=why.asked,
        offered=why.offered,
        # The model's name is stored with its judgement.
        met=() if why.share.criterion == "meaning" else basis.met,
        near=tuple(CloseCode(**one._asdict()) for one in basis.near),
        unmet=basis.unmet,
        case=basis.how,
        amount=basis.amount,
        whole=basis.whole,
        rated=RatingStep(**basis.rated._asdict()) if basis.rated else None,
        degree=basis.degree,
    )


def _from_stored(match: Match, bases: Iterable[ShareBasis]) -> tuple[Explanation, ...]:
    shares = {share.criterion: share for share in match.shares}
    return tuple(
        Explanation(
            share=shares[one.criterion],
            asked=one.asked,
            offered=one.offered,
            basis=_meaning(match.judgement)
            if one.criterion == "meaning" and match.judgement is not None
            else Basis(
                met=one.met,
                near=tuple(Near(near.asked, near.offered, near.closeness) for near in one.near),
                unmet=one.unmet,
                how=one.case,
                amount=one.amount,
                whole=one.whole,
                rated=Rated(one.rated.least, one.rated.most, one.rated.counts) if one.rated else None,
                degree=one.degree,
            ),
        )
        for one in bases
    )


def _explained(
    share: Share, line: WantedLine, offering: Offering, judgement: Judgement | None, experience: Experience
) -> Explanation | None:
    found = basis(share.criterion, line, offering, judgement, experience=experience)
    if found is None:
        return None
    return Explanation(share=share, asked=_asked(share, line), offered=_offered(share, offering), basis=found)


def basis(
    criterion: str,
    line: WantedLine,
    offering: Offering,
    judgement: Judgement | None = None,
    *,
    experience: Experience = NO_EXPERIENCE,
) -> Basis | None:
    """Return the basis of a criterion's degree; None for a criterion that no longer exists."""
    if criterion == "experience":
        return _experience(line, experience)
    if criterion == "meaning" and judgement is not None:
        return _meaning(judgement)
    made = _BASIS.get(criterion)
    return made(line, offering) if made else None


# -- by criterion -----------------------------------------------------------------------------------------------------


def _topics(line: WantedLine, offering: Offering) -> Basis:
    met, near, unmet = [], [], []
    for topic in sorted(set(line.topics)):
        best = max(
            ((topic_similarity(topic, other), other) for other in sorted(offering.terms.topics)), default=(0, "")
        )
        if best[0] == FULL:
            met.append(topic)
        elif best[0]:
            near.append(Near(topic, best[1], best[0]))
        else:
            unmet.append(topic)
    return _of_codes(met, near, unmet)


def _languages(line: WantedLine, offering: Offering) -> Basis:
    terms = offering.terms
    asked = sorted(set(line.languages))
    met = [one for one in asked if one in terms.languages]
    near = [Near(one, one, INTERPRETED) for one in asked if one not in met and one in terms.interpretation]
    unmet = [one for one in asked if one not in terms.languages and one not in terms.interpretation]
    return _of_codes(met, near, unmet)


def _covered(asked: Iterable[str], offered: Iterable[str]) -> Basis:
    each = sorted(set(asked))
    return _of_codes([code for code in each if code in offered], [], [code for code in each if code not in offered])


def _of_codes(met: list[str], near: list[Near], unmet: list[str]) -> Basis:
    """Return the basis; its degree is the mean over the codes asked for, rounded down."""
    count = len(met) + len(near) + len(unmet)
    points = FULL * len(met) + sum(one.closeness for one in near)
    return Basis(met=tuple(met), near=tuple(near), unmet=tuple(unmet), degree=points // count if count else 0)


def _kind(line: WantedLine, offering: Offering) -> Basis:
    kinds = set(offering.terms.kinds)
    if line.kind not in kinds:
        return Basis(unmet=(line.kind,), degree=0)
    how = "kind_alone" if len(kinds) == 1 else "kind_among"
    return Basis(met=(line.kind,), how=how, amount=len(kinds), degree=FULL // len(kinds))


def _window(line: WantedLine, offering: Offering) -> Basis:
    free, whole = free_days(*ordinals(line.window), free_spans(offering), SCALAR), window_days(line.window)
    return Basis(how="window", amount=free, whole=whole, degree=FULL * free // whole)


def _region(line: WantedLine, offering: Offering) -> Basis:
    eligible, region = offering.terms.eligible, region_of(line.state)
    if line.state in eligible.states:
        return Basis(met=(line.state,), how="by_name", degree=FULL)
    if region is not None and region in eligible.regions:
        return Basis(met=(region,), how="by_region", degree=BY_REGION)
    if region is not None and region == region_of(offering.provider):
        return Basis(met=(region,), how="same_region", degree=SAME_REGION)
    how = "open_to_groups" if _groups(eligible) else "open_to_all"
    return Basis(met=(line.state,), how=how, degree=OPEN_TO_ALL)


def _funding(_: WantedLine, offering: Offering) -> Basis:
    status = ResourceStatus(offering.terms.resource_status)
    return Basis(how=status, degree=FUNDING[status])


def _legal_system(line: WantedLine, offering: Offering) -> Basis:
    own, others = legal_system_of(line.state), legal_system_of(offering.provider)
    if not own or not others:
        return Basis(how="system_unknown", degree=0)
    found = _covered(own, others)
    how = "system_other" if not found.met else "system_partly" if found.unmet else "system_same"
    return Basis(met=found.met, unmet=found.unmet, how=how, degree=found.degree)


def _experience(line: WantedLine, experience: Experience) -> Basis:
    topics = _covered(line.topics, experience.topics)
    # Only the step that is reached: the exact number, queried daily, would reveal each delivery.
    amount = next((least for least, _ in PRACTISED if experience.deliveries.get(line.kind, 0) >= least), 0)
    return Basis(
        met=topics.met,
        how=("experience" if amount else "experience_none") + ("_on_topics" if topics.met else ""),
        amount=amount,
        rated=rated(experience.rating) if amount and experience.rating is not None else None,
        degree=experience_degree(line.kind, experience) + ON_TOPICS * topics.degree // FULL,
    )


def _load(_: WantedLine, offering: Offering) -> Basis:
    taken, units = offering.load
    return Basis(how="load", amount=taken, whole=units, degree=share_left(taken, units))


def _meaning(judgement: Judgement) -> Basis:
    by, closeness = f"{judgement.model} {judgement.version}", judgement.closeness
    return Basis(met=(by,), how="meaning", amount=closeness, whole=FULL, degree=meaning_degree(closeness))


_BASIS: Mapping[str, Callable[[WantedLine, Offering], Basis]] = {
    "topics": _topics,
    "articles": lambda line, offering: _covered(line.articles, offering.terms.articles),
    "kind": _kind,
    "paragraphs": lambda line, offering: _covered(line.paragraphs, offering.terms.paragraphs),
    "pillars": lambda line, offering: _covered(line.pillars, offering.terms.pillars),
    "language": _languages,
    "window": _window,
    "region": _region,
    "legal_system": _legal_system,
    "funding": _funding,
    "load": _load,
}


# -- in codes ---------------------------------------------------------------------------------------------------------


def _asked(share: Share, line: WantedLine) -> tuple[str, ...]:
    asked = {
        "topics": line.topics,
        "articles": line.articles,
        "kind": (line.kind,),
        "paragraphs": line.paragraphs,
        "pillars": line.pillars,
        "language": line.languages,
        "window": (_interval(line.window),),
        "region": (line.state,),
        "legal_system": (line.state,),
        "experience": (line.kind,),
    }
    return asked.get(share.criterion, ())


def _offered(share: Share, offering: Offering) -> tuple[str, ...]:
    terms = offering.terms
    offered: dict[str, tuple[str, ...]] = {
        "topics": terms.topics,
        "articles": terms.articles,
        "kind": terms.kinds,
        "paragraphs": terms.paragraphs,
        "pillars": terms.pillars,
        "language": (*terms.languages, *terms.interpretation),
        "window": tuple(_interval(one.period) for one in terms.capacity),
        "region": (*terms.eligible.states, *terms.eligible.regions, *_groups(terms.eligible)),
        "legal_system": (offering.provider,),
        "experience": (offering.provider,),
        "funding": (terms.resource_status,),
    }
    return offered.get(share.criterion, ())


def _groups(eligible: Eligibility) -> tuple[str, ...]:
    return (*eligible.income_groups, *eligible.special_groups)


def _interval(period: Period) -> str:
    return f"{period.starts}/{period.ends}"
