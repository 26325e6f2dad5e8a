"""The route that explains why an offering is not among a line's matches."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import QueryParameter
from msgspec import UNSET, Struct, UnsetType

from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, Now, requires
from chassis.http.edge import reader_language
from contracts.conversion import from_attributes
from contracts.refusals import Missing
from contracts.values import Caller, Language
from services.matching import policy
from services.matching.lines import consent_store
from services.matching.lines import store as line_store
from services.matching.lines.model import WantedLine
from services.matching.matches import store as match_store
from services.matching.matches import wording
from services.matching.matches.why_not import Nearest, Obstacle, obstacles
from services.matching.offerings import store as offering_store
from services.matching.offerings.model import Offering
from services.matching.policy import Action, Guarded
from services.matching.scoring import store as scoring_store
from services.matching.scoring.model import ranked


class ObstacleView(Struct, frozen=True, kw_only=True):
    """One reason, and the smallest change that would resolve it, as codes and in the reader's language.

    `asked` and `offered` are codes of `/v1/reference/…`, organizations, periods as `from/until` or numbers; `nearest`
    is null if no change would resolve it. `as_of` is the day of the known treaty status, or of the list of groups of
    States. `covers` is how many persons the offering could cover, for the group size. `overridable` is true if a
    coordinator may override the constraint.
    """

    name: str
    asked: tuple[str, ...]
    offered: tuple[str, ...]
    as_of: date | None
    reason: str
    nearest: Nearest | None
    advice: str | None
    covers: int | None
    overridable: bool


class WhyNot(Struct, frozen=True, kw_only=True):
    """The fit of an offering with a line, by current data.

    A coordinator gets the obstacles or, if there are none, the offering's place among all that fit (the best are
    suggested) and the existing match. A provider sees only whether it fits.
    """

    line_id: UUID
    offering_id: UUID
    fits: bool
    obstacles: tuple[ObstacleView, ...] | UnsetType = UNSET
    place: int | UnsetType = UNSET
    match_id: UUID | UnsetType = UNSET


@get("/v1/matches/why-not", opt=requires(Action.WHY_NOT), summary="Why an offering is not suggested for a line")
async def show_why_not(
    request: Request[Any, Any, Any],
    db: Db,
    caller: CurrentCaller,
    now: Now,
    of_line: Annotated[UUID, QueryParameter(name="line")],
    of_offering: Annotated[UUID, QueryParameter(name="offering")],
) -> WhyNot:
    """Requires a coordinator, or an officer of the offering's provider who may know of the line."""
    policy.decide(caller, Action.WHY_NOT).required()
    async with db.transaction(by=caller) as tx, tx.as_service():
        line, offering = await _both(tx, of_line, of_offering, caller)
        guarded = policy.decide(caller, Action.WHY_NOT, offering).required().fields
        # A new match would serve the persons who are not covered yet.
        rest = line.rest()
        against = obstacles(rest, offering, today=now.date())
        found = WhyNot(line_id=of_line, offering_id=of_offering, fits=not against)
        if Guarded.OBSTACLES not in guarded:
            return found
        return WhyNot(
            line_id=of_line,
            offering_id=of_offering,
            fits=not against,
            obstacles=tuple(_view(one, reader_language(request.scope)) for one in against),
            place=UNSET if against else await _place(tx, rest, offering),
            match_id=await _match_id(tx, of_line, of_offering),
        )


async def _both(tx: Tx, line_id: UUID, offering_id: UUID, caller: Caller) -> tuple[WantedLine, Offering]:
    await consent_store.check_consents_current_for(tx, caller)
    line = await line_store.line(tx, line_id)
    if line is None:
        raise Missing("not-found")
    policy.decide(caller, Action.WHY_NOT, line).required()
    return line, await offering_store.get(tx, offering_id, caller)


async def _place(tx: Tx, line: WantedLine, offering: Offering) -> int | UnsetType:
    found = await offering_store.candidates(tx, line)
    known = await scoring_store.current_context(tx, {one.provider for one in found})
    ids = [one.offering.offering_id for one in ranked(line, found, known=known)]
    return ids.index(offering.offering_id) + 1 if offering.offering_id in ids else UNSET


async def _match_id(tx: Tx, line_id: UUID, offering_id: UUID) -> UUID | UnsetType:
    held = (await match_store.between(tx, [line_id], [offering_id])).get((line_id, offering_id))
    return held.match_id if held else UNSET


def _view(obstacle: Obstacle, reader: Language) -> ObstacleView:
    return from_attributes(
        ObstacleView,
        obstacle,
        reason=wording.reason(obstacle, reader),
        advice=wording.advice(obstacle, obstacle.nearest, reader) if obstacle.nearest else None,
    )


ROUTES = [show_why_not]
