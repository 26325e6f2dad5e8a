"""Why a match has its score: beside each criterion's share, what was asked and what is offered, in codes."""

from msgspec import Struct

from contracts.matching import Share
from contracts.values import Period
from services.matching.line import WantedLine
from services.matching.match import Match
from services.matching.offering import Offering


class Explained(Struct, frozen=True, kw_only=True):
    """One criterion's share, `points` of at most `of`; codes are those of `/v1/reference/…`, periods as `from/until`.

    The codes are those of the line and the offering as they now stand, the share is that of the day of the score.
    """

    criterion: str
    points: int
    of: int
    asked: tuple[str, ...]
    offered: tuple[str, ...]


def explain(match: Match, line: WantedLine | None, offering: Offering) -> tuple[Explained, ...]:
    """A line that its State has taken back since asks for nothing."""
    return tuple(
        Explained(
            criterion=share.criterion,
            points=share.points,
            of=share.of,
            asked=_asked(share, line) if line else (),
            offered=_offered(share, offering),
        )
        for share in match.shares
    )


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
        "region": (*terms.eligible.states, *terms.eligible.regions),
        "funding": (terms.resource_status,),
    }
    return offered.get(share.criterion, ())


def _interval(period: Period) -> str:
    return f"{period.starts}/{period.ends}"
