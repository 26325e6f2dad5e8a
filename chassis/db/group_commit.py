"""Group commit: concurrent single-statement writes are committed together.

A COMMIT waits for the disk, and each process that waits for it takes CPU from the others. Therefore at most
`UNDER_WAY_MAX` are running per statement, and later writes join the next one. A single write does not wait.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import NamedTuple, TypeAlias

import asyncpg

from chassis.db.pool import Connection
from chassis.supervise import finish_despite_cancel
from contracts.refusals import Unavailable

UNDER_WAY_MAX = 2
"""Maximum number of running transactions per statement: PostgreSQL executes one while we prepare the other."""

OWN_UNDER_WAY_MAX = 1
OWN_LINGER_SECONDS = 0.001
"""Time that a service's own work waits for further writes. It comes in bursts, and no caller waits for it."""

TOGETHER_MAX = 16
"""Maximum number of writes per transaction."""

WAIT_SECONDS = 2.0
"""Maximum wait of a write. One that has waited longer is refused, and has written nothing."""

Lending: TypeAlias = Callable[[], AbstractAsyncContextManager[Connection]]
Kind: TypeAlias = tuple[str, str | None]
"""Statement and role. Writes of the same kind can be grouped."""


class _Write(NamedTuple):
    args: Sequence[object]
    since: float
    turn: "asyncio.Future[bool]"
    """True if this write leads the next group; False if another leader has committed it."""

    def end(self, error: Exception | None = None) -> None:
        if self.turn.done():
            return
        if error:
            self.turn.set_exception(error)
        else:
            self.turn.set_result(False)


class GroupCommit:
    """Groups and commits writes.

    `lending` provides a connection outside of any transaction; `seconds` limits the total wait of a caller.
    """

    def __init__(self, lending: Lending, *, seconds: float) -> None:
        self._lending = lending
        self._seconds = seconds
        self._waiting: dict[Kind, deque[_Write]] = {}
        self._under_way: Counter[Kind] = Counter()
        self._gathering: Counter[Kind] = Counter()

    async def execute_grouped(self, statement: str, args: Sequence[object], *, role: str | None = None) -> None:
        """Execute and commit a statement; raise PostgreSQL's error, or the reason for which it was not executed.

        An error rolls back the whole group; each write is then executed alone, and raises only its own error. `role` is
        set for a service's own work. Raises Unavailable if its turn does not come in time.
        """
        kind = (statement, role)
        write = _Write(args, time.monotonic(), asyncio.get_running_loop().create_future())
        if self._may_lead(kind):
            self._under_way[kind] += 1
        elif not await self._wait_for_turn(write, kind):
            return
        self._gathering[kind] += 1
        try:
            errors = await finish_despite_cancel(self._commit_as_leader(kind, write))
        finally:
            self._promote_next(kind)
        if errors[0]:
            raise errors[0]

    def _may_lead(self, kind: Kind) -> bool:
        """False while another leader gathers its group, which later writes join, or at the limit of transactions."""
        _, role = kind
        return not self._gathering[kind] and self._under_way[kind] < (OWN_UNDER_WAY_MAX if role else UNDER_WAY_MAX)

    async def _wait_for_turn(self, write: _Write, kind: Kind) -> bool:
        self._waiting.setdefault(kind, deque()).append(write)
        try:
            return await write.turn
        except asyncio.CancelledError:
            if not write.turn.cancelled() and not write.turn.exception() and write.turn.result():
                # The write became the leader at the moment it was cancelled.
                self._promote_next(kind)
            raise

    def _promote_next(self, kind: Kind) -> None:
        """Make the longest waiting write the next leader."""
        for write in self._next(kind, 1):
            write.turn.set_result(True)
            return
        self._under_way[kind] -= 1
        if not self._under_way[kind]:
            del self._under_way[kind], self._gathering[kind]
            self._waiting.pop(kind, None)

    def _next(self, kind: Kind, count: int) -> list[_Write]:
        """The longest waiting writes, without cancelled and timed-out ones."""
        waiting, group = self._waiting.get(kind, deque()), list[_Write]()
        while waiting and len(group) < count:
            write = waiting.popleft()
            if time.monotonic() - write.since > WAIT_SECONDS:
                write.end(Unavailable("overloaded"))
            if not write.turn.done():
                group.append(write)
        return group

    async def _commit_as_leader(self, kind: Kind, write: _Write) -> Sequence[Exception | None]:
        """Commit this write with those that arrived in the same turn of the event loop: sleep(0) lets them queue."""
        _, role = kind
        try:
            await asyncio.sleep(OWN_LINGER_SECONDS if role and not self._waiting.get(kind) else 0)
        finally:
            self._gathering[kind] -= 1
        group = [write, *self._next(kind, TOGETHER_MAX - 1)]
        if self._waiting.get(kind) and self._may_lead(kind):
            self._under_way[kind] += 1
            self._promote_next(kind)
        return await self._commit_group(kind, group)

    async def _commit_group(self, kind: Kind, group: Sequence[_Write]) -> Sequence[Exception | None]:
        """Commit a group and return an error or None for each write; all but the leader are notified."""
        errors: list[Exception | None] = [await self._commit(kind, group)] * len(group)
        if len(group) > 1 and errors[0] and is_rolled_back(errors[0]):
            errors = [await self._commit(kind, [write]) for write in group]
        for write, error in zip(group[1:], errors[1:], strict=True):
            write.end(error)
        return errors

    async def _commit(self, kind: Kind, group: Sequence[_Write]) -> Exception | None:
        statement, role = kind
        left = self._seconds - (time.monotonic() - min(write.since for write in group))
        try:
            if left <= 0:
                raise Unavailable("overloaded")
            async with self._lending() as connection, _in_role(connection, role, seconds=left):
                if len(group) == 1:
                    await connection.execute(statement, *group[0].args, timeout=left)
                else:
                    # executemany() sends one Sync at the end, which makes it one transaction.
                    await connection.executemany(statement, [write.args for write in group], timeout=left)
        except Exception as error:
            return error
        return None


@asynccontextmanager
async def _in_role(connection: Connection, role: str | None, *, seconds: float) -> AsyncIterator[None]:
    """Run a transaction in that role; without a role each statement is its own transaction."""
    if role is None:
        yield
        return
    await connection.execute(f"BEGIN; SET LOCAL ROLE {role}", timeout=seconds)
    try:
        yield
    except Exception as error:
        if is_rolled_back(error):
            await connection.execute("ROLLBACK", timeout=seconds)
        raise
    await connection.execute("COMMIT", timeout=seconds)


def is_rolled_back(error: Exception) -> bool:
    """True if it is certain that nothing was committed: PostgreSQL refused it, or an argument could not be encoded."""
    return isinstance(error, asyncpg.DataError) or (
        isinstance(error, asyncpg.PostgresError) and error.severity_en == "ERROR"
    )
