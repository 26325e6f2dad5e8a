"""What can be done with a round: load for this caller, decide, save, announce. The edge opens the transaction."""

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
from services.matching.policy import Action
from services.matching.rounds import model as round
from services.matching.rounds import snapshot
from services.matching.rounds import store as round_store
from services.matching.rounds.answer import RoundAnswer
from services.matching.rounds.model import Round, RoundStatus
from services.matching.rounds.settings import KeptSettings
from services.matching.rounds.store import Papers

WAITING_MAX = 5
"""So many rounds may wait for their plan at a time."""

WAITING_EACH_MAX = 2
"""And of these so many of one person: all who may ask are of one organization, UNODC."""


async def record(tx: Tx, before: Round | None, fact: Fact, *, because: Event | None = None) -> Round:
    """Fold a fact into the round, save it, and announce the fact: always these three together."""
    after = await fold(tx, before, fact)
    await announce(tx, fact, version=after.revision, because=because)
    return after


async def fold(tx: Tx, before: Round | None, fact: Fact) -> Round:
    after = round.evolve(before, fact)
    await round_store.save(tx, after)
    return after


async def ask(tx: Tx, ctx: Context, round_id: UUID, settings: KeptSettings) -> Round:
    """A new round, to be planned in the background. Raises Conflict where what it is based on has no world yet.

    Raises Excessive where too many wait already.
    """
    policy.decide(ctx.caller, Action.ASK_ROUND).required()
    if await round_store.waiting(tx) >= WAITING_MAX:
        raise Excessive("rounds-waiting", limit=WAITING_MAX)
    if await round_store.waiting_of(tx, ctx.caller.person_id) >= WAITING_EACH_MAX:
        raise Excessive("own-rounds-waiting", limit=WAITING_EACH_MAX)
    world = None if settings.based_on is None else (await papers_before(tx, settings.based_on, ctx.caller)).world
    asked = RoundAsked(
        round_id=round_id,
        settings_hash=round_store.hash_of(settings),
        seed=settings.seed,
        seconds=settings.seconds,
        based_on=settings.based_on,
        asked_at=ctx.now,
    )
    created = await record(tx, None, asked)
    await round_store.begin_papers(tx, round_id, settings, world)
    return created


async def papers_before(tx: Tx, round_id: UUID, caller: Caller) -> Papers:
    """Those of a round that another is to be based on. Raises Missing; Conflict where it has no world yet."""
    before = await round_store.get(tx, round_id, caller)
    policy.decide(caller, Action.SHOW_ROUND, before).required()
    papers = await round_store.papers(tx, round_id)
    if papers.world is None:
        raise Conflict("round-status", status=before.status, move="plan")
    return papers


async def prepare(tx: Tx, round_id: UUID, *, now: datetime) -> Papers | None:
    """What is to be planned, with the lines and offerings that are found the first time; None where nothing is."""
    # Not held: whoever discards it meanwhile is not to wait.
    found = await round_store.known(tx, round_id, lock=False)
    if found is None or found.status is not RoundStatus.ASKED:
        return None
    papers = await round_store.papers(tx, round_id)
    if papers.world is not None:
        return papers
    world = await snapshot.snapshot_inputs(tx, now=now)
    if not await round_store.keep_world(tx, round_id, world):
        return await round_store.papers(tx, round_id)
    return Papers(settings=papers.settings, world=world)


async def answer(tx: Tx, round_id: UUID, found: RoundAnswer, *, lines: int, now: datetime) -> None:
    """Record how a search for a plan ended; a round that is asked for no more, or was answered, stays as it is."""
    before = await round_store.known(tx, round_id)
    if before is not None and before.status in round.MOVES["plan"]:
        await round_store.keep_answer(tx, round_id, found)
        await record(tx, before, _answered(round_id, found, lines, now))
    await round_store.end_lease(tx, round_id)


def _answered(round_id: UUID, found: RoundAnswer, lines: int, now: datetime) -> RoundPlanned | RoundFailed:
    answer_hash = round_store.hash_of(found)
    if not found.planned:
        return RoundFailed(round_id=round_id, outcome=found.outcome, answer_hash=answer_hash, failed_at=now)
    solution = found.solution
    assert solution is not None, "there is a plan"
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
    """The round, held until the transaction ends, if the caller may make the move and knows how it stands."""
    found = await round_store.get(tx, round_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, found).required()
    check_revision(found.revision, ctx.expected)
    return found
