"""Group commit: what several callers write at the same moment, each in one statement, is committed once for all.

A COMMIT has to reach the disk, and every process that waits for that costs what the others would work with. So at most
a few are under way for a statement, and whatever comes meanwhile goes with the next one. Who is alone does not wait.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, TypeAlias

import asyncpg

from chassis.pool import Connection
from chassis.supervise import to_the_end
from contracts.refusals import Unavailable

UNDER_WAY_MAX = 3
"""Transactions of one statement at a time."""

TOGETHER_MAX = 16
"""Callers whose writes are one transaction."""

WAIT_SECONDS = 2.0
"""Whoever has waited longer for a turn is told so, and has written nothing."""

Lending: TypeAlias = Callable[[], AbstractAsyncContextManager[Connection]]


class _Write(NamedTuple):
    args: Sequence[object]
    since: float
    turn: "asyncio.Future[bool]"
    """True: it leads the next group. False: it was committed with somebody else's."""

    def end(self, error: Exception | None = None) -> None:
        if self.turn.done():
            return
        if error:
            self.turn.set_exception(error)
        else:
            self.turn.set_result(False)


class GroupCommit:
    """`lending` lends a connection outside of any transaction; `seconds` is the most that a caller waits in all."""

    def __init__(self, lending: Lending, *, seconds: float) -> None:
        self._lending = lending
        self._seconds = seconds
        self._waiting: dict[str, deque[_Write]] = {}
        self._under_way: Counter[str] = Counter()

    async def carry_out(self, statement: str, args: Sequence[object]) -> None:
        """Returns once it is committed; raises what PostgreSQL answers to it, or why there was no answer.

        One that is refused undoes those it went with: each is then carried out by itself, and hears only of itself.
        Raises Unavailable where its turn does not come.
        """
        write = _Write(args, time.monotonic(), asyncio.get_running_loop().create_future())
        if self._under_way[statement] < UNDER_WAY_MAX:
            self._under_way[statement] += 1
        elif not await self._turn_of(write, statement):
            return
        try:
            group = [write, *self._next(statement, TOGETHER_MAX - 1)]
            errors = await to_the_end(self._committed(statement, group))
        finally:
            self._pass_on(statement)
        if errors[0]:
            raise errors[0]

    async def _turn_of(self, write: _Write, statement: str) -> bool:
        self._waiting.setdefault(statement, deque()).append(write)
        try:
            return await write.turn
        except asyncio.CancelledError:
            if not write.turn.cancelled() and not write.turn.exception() and write.turn.result():
                # Its turn came in the moment in which it gave up.
                self._pass_on(statement)
            raise

    def _pass_on(self, statement: str) -> None:
        """Let the longest waiting lead the next group."""
        for write in self._next(statement, 1):
            write.turn.set_result(True)
            return
        self._under_way[statement] -= 1
        if not self._under_way[statement]:
            del self._under_way[statement]
            self._waiting.pop(statement, None)

    def _next(self, statement: str, count: int) -> list[_Write]:
        """The longest waiting, less those who have given up, or have to."""
        waiting, group = self._waiting.get(statement, deque()), list[_Write]()
        while waiting and len(group) < count:
            write = waiting.popleft()
            if time.monotonic() - write.since > WAIT_SECONDS:
                write.end(Unavailable("database-unavailable"))
            if not write.turn.done():
                group.append(write)
        return group

    async def _committed(self, statement: str, group: Sequence[_Write]) -> Sequence[Exception | None]:
        """What became of each, of which all but the first are told."""
        errors: list[Exception | None] = [await self._commit(statement, group)] * len(group)
        if len(group) > 1 and errors[0] and has_undone(errors[0]):
            errors = [await self._commit(statement, [write]) for write in group]
        for write, error in zip(group[1:], errors[1:], strict=True):
            write.end(error)
        return errors

    async def _commit(self, statement: str, group: Sequence[_Write]) -> Exception | None:
        left = self._seconds - (time.monotonic() - min(write.since for write in group))
        try:
            if left <= 0:
                raise Unavailable("database-unavailable")
            async with self._lending() as connection:
                if len(group) == 1:
                    await connection.execute(statement, *group[0].args, timeout=left)
                else:
                    # Sent with one Sync at the end, and so one transaction.
                    await connection.executemany(statement, [write.args for write in group], timeout=left)
        except Exception as error:
            return error
        return None


def has_undone(error: Exception) -> bool:
    """True where nothing has happened for certain: PostgreSQL refused it, or an argument of it could not be sent."""
    return isinstance(error, asyncpg.DataError) or (
        isinstance(error, asyncpg.PostgresError) and error.severity_en == "ERROR"
    )
