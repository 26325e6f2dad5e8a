"""The route of regional cohorts: lines of several States that one delivery could serve together."""

import asyncio
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct

from chassis.http.application import CurrentCaller, Db, Now, requires
from contracts.conversion import from_attributes
from contracts.values import Money, Period
from services.matching import policy
from services.matching.cohorts import store as cohort_store
from services.matching.cohorts.model import COHORTS_MAX, Cohort, cohorts
from services.matching.lines import store as line_store
from services.matching.offerings import store as offering_store
from services.matching.policy import Action

LINES_MAX = 2000
"""Maximum number of lines that are compared, longest waiting first."""


class Member(Struct, frozen=True, kw_only=True):
    """A line of one State; `group_size` is the number of persons whom the delivery would serve."""

    line_id: UUID
    request_id: UUID
    state: str
    group_size: int


class CohortView(Struct, frozen=True, kw_only=True):
    """Lines that one delivery of the offering could serve, what they have in common, and the savings.

    `region` is the regional group of all their States, null if there are several; `money_saved` is the funding gap of
    the deliveries saved, null if there is none. `maximal` is true if no other line considered could be added.
    """

    offering_id: UUID
    provider: str
    kind: str
    modality: str
    region: str | None
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    window: Period
    members: tuple[Member, ...]
    people: int
    deliveries_saved: int
    money_saved: Money | None
    maximal: bool


class Cohorts(Struct, frozen=True, kw_only=True):
    """Cohorts of one region first, then by savings.

    `whole` is true if all lines open to proposals and all available offerings were considered; otherwise only the lines
    longest waiting, or the offerings longest available, were.
    """

    cohorts: list[CohortView]
    whole: bool


@get(
    "/v1/matches/cohorts",
    opt=requires(Action.LIST_COHORTS),
    summary="Lines of several States that one delivery could serve",
)
async def list_cohorts(
    db: Db, caller: CurrentCaller, now: Now, limit: Annotated[int, QueryParameter(ge=1, le=COHORTS_MAX)] = 50
) -> Cohorts:
    """Requires the role `coordinator` or `auditor`."""
    policy.decide(caller, Action.LIST_COHORTS).required()
    async with db.transaction(by=caller) as tx:
        lines = await line_store.open_lines(tx, limit=LINES_MAX)
        begun = await cohort_store.begun_with(tx, [line.line_id for line in lines])
        offerings = await offering_store.available(tx, now.date())
    # Run in a thread, as it takes seconds if most lines and offerings are of a few kinds.
    found = await asyncio.to_thread(cohorts, lines, offerings, begun, today=now.date())
    whole = len(lines) < LINES_MAX and len(offerings) < offering_store.AVAILABLE_MAX
    return Cohorts(cohorts=[_view(one) for one in found[:limit]], whole=whole)


def _view(cohort: Cohort) -> CohortView:
    first = cohort.lines[0]
    return from_attributes(
        CohortView,
        cohort,
        offering_id=cohort.offering.offering_id,
        provider=cohort.offering.provider,
        kind=first.kind,
        modality=first.modality,
        members=tuple(
            Member(line_id=one.line_id, request_id=one.request_id, state=one.state, group_size=one.group_size)
            for one in cohort.lines
        ),
    )


ROUTES = [list_cohorts]
