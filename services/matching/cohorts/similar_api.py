"""The route of lines similar to a given line."""

import asyncio
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from chassis.db.database import Database
from chassis.http.application import CurrentCaller, Db, requires
from contracts.conversion import from_attributes
from contracts.matching import Judgement
from contracts.refusals import Missing
from contracts.values import Caller, Period
from services.matching import policy
from services.matching.cohorts.similar import Similar, Submitted, similar
from services.matching.dependencies import Owned
from services.matching.lines import store as line_store
from services.matching.policy import Action
from services.matching.texts import store as reading_store

AT_ONCE_MAX = 2
"""Maximum number of comparisons in parallel, per process; others wait without a database connection."""

OF_ONE_ORGANIZATION_WAITING_MAX = 6
"""Maximum number of waiting comparisons of one organization, so that it cannot block the others."""


class SimilarLine(Struct, frozen=True, kw_only=True):
    """A line and what it has in common with the given line, in codes of `/v1/reference/…`.

    `judgement` is the closeness of the texts by a model that has read both, else null. `duplicate` is true if the same
    State submitted nearly the same within an hour.
    """

    line_id: UUID
    request_id: UUID
    state: str
    kind: str
    same_kind: bool
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    overlap: Period | None
    judgement: Judgement | None
    duplicate: bool


class SimilarLines(Struct, frozen=True, kw_only=True):
    """At most twenty similar lines, duplicates first, then by similarity."""

    line_id: UUID
    similar: list[SimilarLine]


@get("/v1/matches/similar", opt=requires(Action.SIMILAR), summary="Lines that are similar to a line")
async def show_similar(
    db: Db, own: Owned, caller: CurrentCaller, of_line: Annotated[UUID, QueryParameter(name="line")]
) -> SimilarLines:
    """UNODC may compare all lines, a State only its own."""
    policy.decide(caller, Action.SIMILAR).required()
    async with own.comparisons.slot(caller.organization), own.comparison_slots:
        to, others = await _read(db, caller, of_line)
        # Run in a thread, as it is slow.
        found = await asyncio.to_thread(similar, to, others)
    return SimilarLines(line_id=of_line, similar=[_view(one) for one in found])


async def _read(db: Database, caller: Caller, of_line: UUID) -> tuple[Submitted, list[Submitted]]:
    async with db.transaction(by=caller) as tx, tx.as_service():
        line = await line_store.line(tx, of_line)
        if line is None:
            raise Missing("not-found")
        policy.decide(caller, Action.SIMILAR, line).required()
        others = await line_store.similar_to(tx, line, caller)
        submitted_at = await line_store.submitted_at(tx, line.request_id)
        reading = (await reading_store.readings_of(tx, [of_line])).get(of_line)
        read = await reading_store.comparable_with(tx, reading, [one.line.line_id for one in others]) if reading else {}
    to = Submitted(line=line, submitted_at=submitted_at, reading=reading)
    return to, [replace(one, reading=read.get(one.line.line_id)) for one in others]


def _view(found: Similar) -> SimilarLine:
    return from_attributes(
        SimilarLine,
        found,
        line_id=found.line.line_id,
        request_id=found.line.request_id,
        state=found.line.state,
        kind=found.line.kind,
    )


ROUTES = [show_similar]
