"""The routes of weights: how much each criterion counts, and a coordinator who adopts another version."""

from datetime import datetime
from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Struct

from chassis.http.application import Calling, Commanded, Db, Expected, Now, asks, shown
from chassis.http.idempotency import claim
from contracts.matching import Weight
from services.matching import policy
from services.matching.commands import AdoptWeights, check_reason
from services.matching.policy import Action
from services.matching.scoring import store as scoring_store
from services.matching.scoring import weights_actions
from services.matching.scoring.model import algorithm_of
from services.matching.scoring.weights import CRITERIA, WEIGHTS_ID, Weights

REVISION_MAX = 999_999_999


class WeightsView(Struct, frozen=True, kw_only=True):
    """A version of the weights, in thousandths that add up to 1000; a criterion that is left out is not judged.

    `revision` is the version, which the `algorithm` of a match names that was scored with it. The first, 0, comes with
    the program: nobody adopted it.
    """

    revision: int
    algorithm: str
    weights: tuple[Weight, ...]
    reason: str | None
    adopted_at: datetime | None


@get("/v1/matches/weights", opt=asks(Action.SHOW_WEIGHTS), summary="How much each criterion of a score counts")
async def show_weights(
    db: Db, caller: Calling, revision: Annotated[int | None, QueryParameter(ge=0, le=REVISION_MAX)] = None
) -> Response[WeightsView]:
    """Those in force, or those of a version, by its number."""
    policy.decide(caller, Action.SHOW_WEIGHTS).required()
    async with db.transaction(by=caller) as tx:
        found = await (scoring_store.in_force(tx) if revision is None else scoring_store.version(tx, revision))
    return shown(_view(found), revision=found.version)


@post(
    "/v1/matches/weights",
    opt=asks(Action.ADOPT_WEIGHTS),
    status_code=200,
    summary="Adopt weights, in the place of the version in force",
)
async def adopt_weights(
    data: JSONBody[AdoptWeights], db: Db, caller: Calling, command: Commanded, expected: Expected, now: Now
) -> Response[WeightsView]:
    """They hold for what is scored from now on; what was scored keeps its score and names its version."""
    policy.decide(caller, Action.ADOPT_WEIGHTS).required()
    check_reason("adopt_weights", data.reason)
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=WEIGHTS_ID)
        if claimed.first:
            await weights_actions.adopt(tx, data.given(), data.reason, expected=expected, now=now)
        found = await scoring_store.in_force(tx)
    return shown(_view(found), revision=found.version)


def _view(found: Weights) -> WeightsView:
    return WeightsView(
        revision=found.version,
        algorithm=algorithm_of(found),
        weights=tuple(Weight(criterion=name, of=found.of[name]) for name in CRITERIA if name in found.of),
        reason=found.reason,
        adopted_at=found.adopted_at,
    )


ROUTES = [show_weights, adopt_weights]
