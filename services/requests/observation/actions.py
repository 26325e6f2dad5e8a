"""Actions on observations. The caller opens the transaction."""

from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from contracts.refusals import Conflict
from contracts.values import Language
from services.requests import policy
from services.requests.observation import store
from services.requests.observation.model import OBSERVATIONS_MAX, Observation
from services.requests.policy import Action


async def enter(
    tx: Tx, ctx: Context, observation_id: UUID, article: str, cluster: str | None, language: Language, text: str
) -> None:
    """Enter an observation. Raises Conflict at the limit."""
    policy.decide(ctx.caller, Action.ENTER_OBSERVATION).required()
    if await store.count(tx, ctx.caller) >= OBSERVATIONS_MAX:
        raise Conflict("observation-limit-reached", limit=OBSERVATIONS_MAX)
    observation = Observation(
        observation_id=observation_id,
        state=ctx.caller.organization,
        article=article,
        cluster=cluster,
        language=language,
        text=text,
        entered_at=ctx.now,
        revision=1,
    )
    await store.save(tx, observation)


async def revise(tx: Tx, ctx: Context, observation_id: UUID, revised: Callable[[Observation], Observation]) -> None:
    """Revise an observation; a change without effect keeps the revision."""
    observation = await _expected(tx, ctx, observation_id, Action.REVISE_OBSERVATION)
    after = revised(observation)
    if after != observation:
        await store.save(tx, replace(after, revision=observation.revision + 1))


async def remove(tx: Tx, ctx: Context, observation_id: UUID) -> None:
    await _expected(tx, ctx, observation_id, Action.REMOVE_OBSERVATION)
    await store.delete(tx, observation_id, ctx.caller)


async def _expected(tx: Tx, ctx: Context, observation_id: UUID, action: Action) -> Observation:
    observation = await store.get(tx, observation_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, observation).required()
    check_revision(observation.revision, ctx.expected)
    return observation
