"""Facts of the matching service: the first ranking of a line, as one fact."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts.facts import Fact
from contracts.values import Code, Organization, State

CRITERIA_MAX = 16
SUGGESTIONS_MAX = 20
FITTING_PROVIDERS_MAX = 200


class Suggestion(Struct, frozen=True, kw_only=True):
    """An offering ranked for a line, and the match created between the two."""

    match_id: UUID
    offering_id: UUID
    provider: Organization
    offering_revision: int
    score: Annotated[int, Meta(ge=0, le=1000)]
    points: Annotated[tuple[Annotated[int, Meta(ge=0, le=1000)], ...], Meta(max_length=CRITERIA_MAX)]
    """The points of each criterion, in the order of the ranking's `criteria`."""


class LineRanked(Fact, frozen=True, kw_only=True, tag="matching.line.ranked.v1"):
    """The system ranked the best offerings for a line that had no match yet, best first.

    Each of its matches is `suggested`, at revision 0 until it has a fact of its own. `algorithm` names the version of
    the scoring, `criteria` the criteria used, and `of` the maximum points of each, in the same order. Later suggestions
    are facts `matching.match.suggested.v1`.
    """

    line_id: UUID
    request_id: UUID
    state: State
    algorithm: Code
    criteria: Annotated[tuple[Code, ...], Meta(max_length=CRITERIA_MAX)]
    of: Annotated[tuple[Annotated[int, Meta(ge=1, le=1000)], ...], Meta(max_length=CRITERIA_MAX)]
    suggestions: Annotated[tuple[Suggestion, ...], Meta(min_length=1, max_length=SUGGESTIONS_MAX)]
    ranked_at: datetime
    fitting_providers: Annotated[tuple[Organization, ...], Meta(max_length=FITTING_PROVIDERS_MAX)] = ()
    """Providers with an offering that fits the line, sorted by code, at most 200; older facts lack them."""


FACTS: tuple[type[Fact], ...] = (LineRanked,)
