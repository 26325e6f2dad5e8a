"""Actions on criteria: publish a version, assess a request. The caller opens the transaction."""

from collections.abc import Sequence
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.criteria import Judged, PriorityCriterion, RequestAssessed
from contracts.refusals import Conflict
from services.requests import policy
from services.requests.criteria import model, store
from services.requests.criteria.store import Texts
from services.requests.policy import Action
from services.requests.request import actions as request_actions
from services.requests.request.model import Request


async def publish_version(
    tx: Tx, ctx: Context, eligibility: Sequence[str], priority: Sequence[PriorityCriterion], texts: Texts
) -> None:
    """Publish the version after the one that the caller read."""
    policy.decide(ctx.caller, Action.PUBLISH_CRITERIA).required()
    before = await store.in_force(tx)
    check_revision(before.version, ctx.expected)
    salt, texts_hash = store.hashed(texts)
    fact = model.publish_version(before, eligibility, priority, texts_hash, now=ctx.now)
    await store.save(tx, model.evolve(fact))
    await store.save_texts(tx, fact.version, texts, salt)
    await announce(tx, fact, version=fact.version)


async def assess(tx: Tx, ctx: Context, request_id: UUID, judged: Sequence[Judged], comment: str) -> None:
    """Assess a request by the criteria in force. Raises Conflict if none are published."""
    criteria = await store.in_force(tx)

    def decide(request: Request) -> RequestAssessed:
        # This runs after the policy, so that callers who may not assess are refused by it.
        if not criteria.version:
            raise Conflict("no-criteria")
        return model.assess(request, criteria, judged, now=ctx.now)

    await request_actions.move(tx, ctx, request_id, Action.ASSESS, decide, comment=comment)
