"""Facts of the matching service: what a line was suggested at first, all of it together."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import Code, Organization, State

CRITERIA_MAX = 16
SUGGESTIONS_MAX = 20


class Suggestion(Struct, frozen=True, kw_only=True):
    """An offering that a ranking found for a line, and the match that has begun between the two."""

    match_id: UUID
    offering_id: UUID
    provider: Organization
    offering_revision: int
    score: Annotated[int, Meta(ge=0, le=1000)]
    points: Annotated[tuple[Annotated[int, Meta(ge=0, le=1000)], ...], Meta(max_length=CRITERIA_MAX)]
    """What each criterion gave to the score, in the order of the ranking's `criteria`."""


class LineRanked(Fact, frozen=True, kw_only=True, tag="matching.line.ranked.v1"):
    """The system suggested to a line that had no match yet what fits it best: the whole ranking, best first.

    Each of its matches is `suggested`, and at revision 0 until a fact of its own tells more. `algorithm` names the
    version of the scoring, `criteria` what was asked, and `of`, in their order, the most that each could give. What is
    suggested to the line later, `matching.match.suggested.v1` tells.
    """

    line_id: UUID
    request_id: UUID
    state: State
    algorithm: Code
    criteria: Annotated[tuple[Code, ...], Meta(max_length=CRITERIA_MAX)]
    of: Annotated[tuple[Annotated[int, Meta(ge=1, le=1000)], ...], Meta(max_length=CRITERIA_MAX)]
    suggestions: Annotated[tuple[Suggestion, ...], Meta(min_length=1, max_length=SUGGESTIONS_MAX)]
    ranked_at: datetime


FACTS: tuple[type[Fact], ...] = (LineRanked,)
