"""Routes of score weights: show, and adopt a new version."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires, with_etag
from chassis.http.commands import change
from contracts.weights import Weight
from services.matching import policy
from services.matching.commands import AdoptWeights
from services.matching.fields import check_reason
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring import weights_actions
from services.matching.scoring.model import algorithm_of
from services.matching.scoring.weights import CRITERIA, WEIGHTS_ID, Weights

REVISION_MAX = 999_999_999


class WeightsView(Struct, frozen=True, kw_only=True):
    """A version of the weights, in thousandths that add up to 1000; a criterion left out is not scored.

    `revision` is the version, which is part of a match's `algorithm`. Version 0 comes with the program and was not
    adopted.
    """

    revision: int
    algorithm: str
    weights: tuple[Weight, ...]
    reason: str | None
    adopted_at: datetime | None


@get("/v1/matches/weights", opt=requires(Action.SHOW_WEIGHTS), summary="The weights of the criteria of a score")
async def show_weights(
    db: Db, caller: CurrentCaller, revision: Annotated[int | None, QueryParameter(ge=0, le=REVISION_MAX)] = None
) -> Response[WeightsView]:
    """Shows the weights in force, or those of a version given by its number."""
    policy.decide(caller, Action.SHOW_WEIGHTS).required()
    async with db.transaction(by=caller) as tx:
        found = await (scoring_store.in_force(tx) if revision is None else scoring_store.version(tx, revision))
    return with_etag(_view(found), revision=found.version)


async def _in_force(tx: Tx, _ctx: Context, _weights_id: UUID) -> WeightsView:
    return _view(await scoring_store.in_force(tx))


@change(
    "/v1/matches/weights",
    Action.ADOPT_WEIGHTS,
    "Adopt a new version of the weights",
    read=_in_force,
    key=lambda: WEIGHTS_ID,
)
async def adopt_weights(tx: Tx, ctx: Context, _weights_id: UUID, data: JSONBody[AdoptWeights]) -> None:
    """The weights apply to future scores; existing scores are kept, with their version."""
    policy.decide(ctx.caller, Action.ADOPT_WEIGHTS).required()
    check_reason("adopt_weights", data.reason)
    await weights_actions.adopt(tx, ctx, data.given(), data.reason)


def _view(found: Weights) -> WeightsView:
    return WeightsView(
        revision=found.version,
        algorithm=algorithm_of(found),
        weights=tuple(Weight(criterion=name, of=found.of[name]) for name in CRITERIA if name in found.of),
        reason=found.reason,
        adopted_at=found.adopted_at,
    )


ROUTES = [show_weights, adopt_weights]
