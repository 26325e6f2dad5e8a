"""Actions on rounds: load for the caller, decide, save, announce. The edge opens the transaction."""

from datetime import datetime
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from contracts.facts import Event, Fact
from contracts.refusals import Conflict, Excessive
from contracts.rounds import RoundAsked, RoundFailed, RoundPlanned
from contracts.values import Caller
from services.matching import policy
from services.matching.index.memory import Memory
from services.matching.policy import Action
from services.matching.rounds import model as round
from services.matching.rounds import snapshot
from services.matching.rounds import store as round_store
from services.matching.rounds.answer import RoundAnswer
from services.matching.rounds.model import Round, RoundStatus
from services.matching.rounds.settings import KeptSettings
from services.matching.rounds.store import RoundDocuments

WAITING_MAX = 5
"""Maximum number of rounds that wait for their plan at a time."""

WAITING_EACH_MAX = 2
"""Maximum number of waiting rounds of one person; all who may create rounds belong to one organization, UNODC."""


async def record(tx: Tx, before: Round | None, fact: Fact, *, because: Event | None = None) -> Round:
    """Fold a fact into the round, save it, and announce the fact."""
    after = await fold(tx, before, fact)
    await announce(tx, fact, version=after.revision, because=because)
    return after


async def fold(tx: Tx, before: Round | None, fact: Fact) -> Round:
    after = round.evolve(before, fact)
    await round_store.save(tx, after)
    return after


async def ask(tx: Tx, ctx: Context, round_id: UUID, settings: KeptSettings) -> Round:
    """Create a round, to be planned in the background.

    Raise Conflict if the round it is based on has no inputs yet, Excessive if too many rounds wait already.
    """
    policy.decide(ctx.caller, Action.ASK_ROUND).required()
    if await round_store.waiting(tx) >= WAITING_MAX:
        raise Excessive("rounds-waiting", limit=WAITING_MAX)
    if await round_store.waiting_of(tx, ctx.caller.person_id) >= WAITING_EACH_MAX:
        raise Excessive("own-rounds-waiting", limit=WAITING_EACH_MAX)
    world = None if settings.based_on is None else (await documents_of_base(tx, settings.based_on, ctx.caller)).world
    asked = RoundAsked(
        round_id=round_id,
        settings_hash=round_store.hash_of(settings),
        seed=settings.seed,
        seconds=settings.seconds,
        based_on=settings.based_on,
        asked_at=ctx.now,
    )
    created = await record(tx, None, asked)
    await round_store.insert_documents(tx, round_id, settings, world)
    return created


async def documents_of_base(tx: Tx, round_id: UUID, caller: Caller) -> RoundDocuments:
    """Return the documents of a round that another is to be based on.

    Raise Missing; raise Conflict if it has no inputs yet.
    """
    before = await round_store.get(tx, round_id, caller)
    policy.decide(caller, Action.SHOW_ROUND, before).required()
    documents = await round_store.documents(tx, round_id)
    if documents.world is None:
        raise Conflict("round-status", status=before.status, move="plan")
    return documents


async def prepare(tx: Tx, memory: Memory, round_id: UUID, *, now: datetime) -> RoundDocuments | None:
    """Return the documents of a round to plan; read its inputs the first time. None if there is nothing to plan."""
    # Not locked, so that discarding the round does not wait.
    found = await round_store.get_as_service(tx, round_id, lock=False)
    if found is None or found.status is not RoundStatus.ASKED:
        return None
    documents = await round_store.documents(tx, round_id)
    if documents.world is not None:
        return documents
    world = await snapshot.snapshot_inputs(tx, memory, now=now)
    if not await round_store.save_world(tx, round_id, world):
        return await round_store.documents(tx, round_id)
    return RoundDocuments(settings=documents.settings, world=world)


async def answer(tx: Tx, round_id: UUID, found: RoundAnswer, *, lines: int, now: datetime) -> None:
    """Record the result of a search; a round that is discarded or has an answer is not changed."""
    before = await round_store.get_as_service(tx, round_id)
    if before is not None and before.status in round.MOVES["plan"]:
        await round_store.save_answer(tx, round_id, found)
        await record(tx, before, _answered(round_id, found, lines, now))
    await round_store.end_lease(tx, round_id)


def _answered(round_id: UUID, found: RoundAnswer, lines: int, now: datetime) -> RoundPlanned | RoundFailed:
    answer_hash = round_store.hash_of(found)
    if not found.planned:
        return RoundFailed(round_id=round_id, outcome=found.outcome, answer_hash=answer_hash, failed_at=now)
    solution = found.solution
    assert solution is not None, "a planned round has a solution"
    return RoundPlanned(
        round_id=round_id,
        ended=solution.ended,
        lines=lines,
        deliveries=sum(one.units for one in solution.plan),
        value=solution.value,
        bound=solution.bound,
        gap_millionths=solution.gap_millionths,
        answer_hash=answer_hash,
        planned_at=now,
    )


async def discard(tx: Tx, ctx: Context, round_id: UUID) -> Round:
    before = await for_move(tx, ctx, round_id, Action.DISCARD_ROUND)
    return await record(tx, before, before.discard(now=ctx.now))


async def for_move(tx: Tx, ctx: Context, round_id: UUID, action: Action) -> Round:
    """Return the round, locked until the transaction ends, if the caller may move it and its revision is current."""
    found = await round_store.get(tx, round_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, found).required()
    check_revision(found.revision, ctx.expected)
    return found
