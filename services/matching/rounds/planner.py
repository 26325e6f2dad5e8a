"""Planning of rounds in the background: one at a time in each process, under a lease, in a child process.

If a planner dies, its lease expires and another one plans the same round, with the same inputs. If the child dies, the
round has failed, and its best plan so far is shown.
"""

import asyncio
import contextlib
from collections.abc import Callable
from uuid import UUID

import structlog

from chassis import clock
from chassis.db.database import Database, Tx, is_transient
from chassis.ids import new_id
from services.matching.index.memory import Memory
from services.matching.rounds import actions as round_actions
from services.matching.rounds import store as round_store
from services.matching.rounds.answer import ExcludedPair, RoundAnswer
from services.matching.rounds.inputs import BuiltProblem, build_problem
from services.matching.rounds.settings import KeptSettings
from services.matching.rounds.solver.child import Answer, Child, Limits
from services.matching.rounds.solver.fair import Fairness
from services.matching.rounds.solver.problem import BadProblemError
from services.matching.rounds.solver.solve import Question, Solution

LEASE_SECONDS = 10.0
RENEW_SECONDS = 2.0
TIMES_MAX = 3
"""Number of planners that may die before a round is given up."""

MEMORY_MB = 768
"""Memory limit of the child process, in megabytes: three times what the largest round needs.

The service's container has more than that left.
"""

log = structlog.get_logger()
Making = Callable[[Question, Limits], Child]


class LeaseLostError(Exception):
    """Another planner has the round's lease."""


class Planner:
    """A planner, one per process. `child` makes the solver process."""

    def __init__(
        self,
        db: Database,
        memory: Memory,
        *,
        lease_seconds: float = LEASE_SECONDS,
        renew_seconds: float = RENEW_SECONDS,
        child: Making = Child,
    ) -> None:
        self._db = db
        self._memory = memory
        self._holder = new_id()
        self._lease_seconds = lease_seconds
        self._renew_seconds = renew_seconds
        self._child = child
        self.due_in_seconds: float | None = None
        """Seconds until a round may be claimed, after `plan_next` returned False."""

    async def plan_next(self) -> bool:
        """Plan the round that has waited longest; return False if none can be claimed."""
        async with self._db.transaction() as tx:
            claimed = await round_store.claim(tx, holder=self._holder, lease_seconds=self._lease_seconds)
            if claimed is None:
                self.due_in_seconds = await round_store.due_in_seconds(tx)
        if claimed is None:
            return False
        if claimed.times > TIMES_MAX:
            await self._conclude(claimed.round_id, RoundAnswer(outcome="given_up"))
            return True
        put_back = False
        try:
            await self._plan(claimed.round_id)
        except* Exception as errors:
            # The inputs could not be read for a transient reason: this does not count as an attempt.
            put_back = all(is_transient(error) for error in errors.exceptions)
            if not put_back:
                raise
        if put_back:
            async with self._db.transaction() as tx:
                await round_store.put_back(tx, claimed.round_id, holder=self._holder, seconds=RENEW_SECONDS)
            self.due_in_seconds = RENEW_SECONDS
        return not put_back

    async def _plan(self, round_id: UUID) -> None:
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._renew_lease(round_id, done))
            try:
                await self._answer_of(round_id)
            finally:
                done.set()

    async def _renew_lease(self, round_id: UUID, done: asyncio.Event) -> None:
        """Renew the lease until done. Raise LeaseLostError, which ends the search, if another planner has it."""
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._renew_seconds):
                    await done.wait()
            if done.is_set():
                return
            try:
                async with self._db.transaction() as tx:
                    held = await round_store.renew(tx, round_id, holder=self._holder, lease_seconds=self._lease_seconds)
            except Exception as error:
                # A short outage of the database; after a longer one the lease expires.
                if not is_transient(error):
                    raise
                continue
            if not held and not done.is_set():
                raise LeaseLostError(str(round_id))

    async def _answer_of(self, round_id: UUID) -> None:
        async with self._db.transaction() as tx:
            documents = await round_actions.prepare(tx, self._memory, round_id, now=clock.now())
            if documents is None:
                await round_store.end_lease(tx, round_id)
                return
            before = await _solution_of(tx, documents.settings.based_on)
        assert documents.world is not None, "`prepare` stores the inputs"
        try:
            asked = await asyncio.to_thread(build_problem, documents.world, documents.settings)
        except BadProblemError as error:
            await self._conclude(round_id, RoundAnswer(outcome="refused", fault=error.fault, where=error.where))
            return
        limits = Limits(milliseconds=documents.settings.seconds * 1000, memory_mb=MEMORY_MB)
        answer = await self._child(_question(asked, documents.settings, before), limits).answer()
        log.info("round planned", round_id=str(round_id), outcome=answer.outcome)
        await self._conclude(round_id, _round_answer(answer, asked), lines=len(asked.problem.lines))

    async def _conclude(self, round_id: UUID, answer: RoundAnswer, *, lines: int = 0) -> None:
        async with self._db.transaction() as tx:
            await round_actions.answer(tx, round_id, answer, lines=lines, now=clock.now())


async def _solution_of(tx: Tx, round_id: UUID | None) -> Solution | None:
    """Return the solution of the round this one is based on, as the start of the search."""
    if round_id is None:
        return None
    answer = (await round_store.documents(tx, round_id)).answer
    return answer.solution if answer else None


def _question(asked: BuiltProblem, settings: KeptSettings, before: Solution | None) -> Question:
    return Question(
        problem=asked.problem,
        seed=settings.seed,
        fairness=None if settings.fairness_loss is None else Fairness(loss=settings.fairness_loss),
        plan=before.plan if before else (),
        slot_prices=before.slot_prices if before else (),
        budget_prices=before.budget_prices if before else (),
    )


def _round_answer(answer: Answer, asked: BuiltProblem) -> RoundAnswer:
    """Return the answer with the reasons why pairs were forbidden, for pairs in the solution."""
    unmet = answer.solution.unmet if answer.solution else ()
    named = {(one.line, barred.offering) for one in unmet for barred in one.candidates}
    return RoundAnswer(
        outcome=answer.outcome,
        fault=answer.fault,
        where=answer.where,
        solution=answer.solution,
        barred=tuple(ExcludedPair(*pair, why) for pair, why in asked.barred.items() if pair in named),
    )
