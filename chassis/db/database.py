"""A service's PostgreSQL: one pool, one role, one schema, and transactions."""

import asyncio
import contextlib
import copy
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

import asyncpg
import structlog

from chassis.activity import Activity
from chassis.db.group_commit import GroupCommit, is_rolled_back
from chassis.db.keyed_locks import KeyedLocks
from chassis.db.migrate import own_role_of
from chassis.db.pool import Connection, Pool, PoolTimeout
from chassis.db.writes import Write, combine, may_join
from contracts.facts import Event
from contracts.refusals import Unavailable
from contracts.values import Caller

POOL_MAX = 12
RESERVED_FRACTION = 4
"""One connection in so many is reserved for reading, and one for all other uses."""

ACQUIRE_SECONDS = 2.0
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 5.0
ROLLBACK_SECONDS = 0.5
ATTEMPTS_MAX = 5
RETRY_SECONDS = 0.02
LOCK_SECONDS_MAX = 3.0
"""Maximum time of retries of a row lock with NOWAIT; the same as `lock_timeout` for a lock that waits."""

LOCK_RETRY_SECONDS, LOCK_RETRY_SECONDS_MAX = 0.005, 0.1
"""Pause between the first two attempts, and the longest pause."""

SESSION_LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
    "tcp_keepalives_idle": "10",
}

# Transactions that may be retried: deadlock and serialization (40), lock not available (55P03), server shutting down or
# starting (57P0x), too many connections (53300), read-only after a failover (25006).
TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25006", "57014"})

BUSY_STATES = frozenset({"40P01", "53300", "55P03", "57014"})
"""Errors caused by load: no lock, no connection, or a statement timeout."""

ENDS_SESSION = frozenset({"FATAL", "PANIC"})
"""Severities after which PostgreSQL closes the connection and rolls back (PostgreSQL, 19.8.3)."""

CALLER_SETTINGS = ("entraide.organization", "entraide.role", "entraide.person")
"""Settings read by row-level security, local to the transaction. Without them no row is visible."""

_PLANNED = {
    None: "",
    True: "; SET LOCAL plan_cache_mode = force_generic_plan",
    False: "; SET LOCAL plan_cache_mode = force_custom_plan",
}
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FOR_CALLER = Write(
    parts={
        "caller": """
            SELECT set_config('entraide.organization', $1, true), set_config('entraide.role', $2, true),
                set_config('entraide.person', $3, true)
        """
    },
    needed="caller",
)
"""Sets the caller. As it is `needed`, the statement reads it first, before the parts that change rows are executed."""


log = structlog.get_logger()
T = TypeVar("T")


def _caller_settings(caller: Caller) -> tuple[str, str, str]:
    return caller.organization, caller.role.value, str(caller.person_id)


class OutcomeUnknown(Exception):
    """COMMIT was sent and not answered: the transaction may or may not be committed."""


class Tx:
    """A transaction: its queries, its caller, and the events announced so far.

    It begins with the first query; a transaction that only writes is a single statement. With a caller it can read and
    change the rows that row-level security allows this caller. Without one, and inside `as_service`, it uses the role
    of the service's own work.
    """

    __slots__ = (
        "_group",
        "_opened",
        "_own_role",
        "_planned_once",
        "_snapshot",
        "_take",
        "_writes",
        "announced",
        "caller",
        "connection",
        "in_doubt",
        "wrote",
    )

    def __init__(
        self,
        take: Callable[[], Awaitable[Connection]],
        group: GroupCommit,
        caller: Caller | None,
        own_role: str | None,
        *,
        planned_once: bool | None = None,
        snapshot: bool = False,
    ) -> None:
        self._take = take
        self._group = group
        self._own_role = own_role
        self._planned_once = planned_once
        self._snapshot = snapshot
        self._opened = False
        self._writes: dict[Write, tuple[object, ...]] = {}
        self.caller = caller
        self.announced: list[Event] = []
        self.wrote = False
        """True if something was written for background loops: a fact, or a `Write`."""
        self.in_doubt = False
        """True if COMMIT was sent and not answered."""
        self.connection: Connection | None = None
        """The connection, acquired with the first query and released at the end."""

    async def queue(self, write: Write, *args: object) -> None:
        """Queue a write, to be sent with others before the next query, or at the end.

        It has no effect until then, and its errors are raised then.
        """
        if not may_join(tuple(self._writes), write):
            await self._begin()
        self._writes[write] = args
        self.wrote = True

    async def flush(self) -> None:
        """Send the queued writes."""
        await self._begin()

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        return await (await self._begin()).fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        return await (await self._begin()).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        return await (await self._begin()).fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await (await self._begin()).execute(query, *args)

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        await (await self._begin()).executemany(query, args)

    @contextlib.asynccontextmanager
    async def as_service(self) -> AsyncIterator[None]:
        """Act in the service's own role, for consequences of the caller's action that exceed the caller's rights.

        Use it only after the policy has allowed the action.
        """
        if self.caller is None or self._own_role is None:
            yield
            return
        connection = await self._begin()
        await connection.execute(f"SET LOCAL ROLE {self._own_role}")
        yield
        await self._send()
        await connection.execute("RESET ROLE")

    async def _begin(self) -> Connection:
        """Begin the transaction if necessary and send the queued writes."""
        if self.connection is None:
            self.connection = await self._take()
        if not self._opened:
            # Set before BEGIN: after a cancellation in between, the connection must not be used again.
            self._opened = True
            planned = _PLANNED[self._planned_once]
            isolation = " ISOLATION LEVEL REPEATABLE READ" if self._snapshot else ""
            await self.connection.execute(f"BEGIN{isolation}; {self._identify()}{planned}")
        await self._send()
        return self.connection

    def _identify(self) -> str:
        """The statements that set the caller, or the service's own role; sent with BEGIN in one round trip.

        Parameters are not possible there, so every value is checked.
        """
        if self.caller is None:
            return f"SET LOCAL ROLE {self._own_role}" if self._own_role else ""
        words = _caller_settings(self.caller)
        assert all(_WORD.fullmatch(word) for word in words), "organization, role and id have no special characters"
        return "; ".join(f"SET LOCAL {name} = '{word}'" for name, word in zip(CALLER_SETTINGS, words, strict=True))

    async def _send(self) -> None:
        if not self._writes:
            return
        writes, self._writes = self._writes, {}
        if not self._opened and self.caller is not None:
            writes = {_FOR_CALLER: _caller_settings(self.caller), **writes}
        statement, args = combine(tuple(writes)), [arg for args in writes.values() for arg in args]
        if self._opened and self.connection is not None:
            await self.connection.execute(statement, *args)
        else:
            await self._group.execute_grouped(statement, args, role=self._own_role if self.caller is None else None)

    async def commit(self) -> None:
        """Commit. Raises OutcomeUnknown, and errors of PostgreSQL such as NotWritten."""
        if self._opened:
            await self._begin()
        self.in_doubt = True
        try:
            if not self._opened:
                await self._send()
            elif await (await self._begin()).execute("COMMIT") != "COMMIT":
                # An action ignored an error that had aborted the transaction.
                raise RuntimeError("the transaction had failed and was rolled back")
        except asyncpg.PostgresError as error:
            # After an ERROR the transaction is rolled back; after a worse error the outcome is unknown.
            if not is_rolled_back(error):
                raise OutcomeUnknown from error
            self.in_doubt = self._opened = False
            raise
        except (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            raise OutcomeUnknown from error
        self.in_doubt = self._opened = False

    async def roll_back(self) -> None:
        if self._opened and self.connection is not None:
            await self.connection.execute("ROLLBACK")


class Database:
    """The database of one service.

    `source` is the name of the service that owns the schema and is the source of its events. `on_commit` receives the
    events of each committed transaction.
    """

    def __init__(
        self, pool: Pool, source: str, *, own_role: str | None = None, wait_seconds: float | None = None
    ) -> None:
        self._pool = pool
        self._wait_seconds = wait_seconds
        self._group = GroupCommit(self._borrow, seconds=COMMAND_SECONDS)
        self._locks = KeyedLocks()
        self._reading = False
        self.activity = Activity()
        self.source = source
        self._own_role = own_role
        self.on_commit: Callable[[Sequence[Event]], None] = lambda _events: None

    @classmethod
    async def connect(
        cls,
        dsn: str,
        source: str,
        *,
        role: str | None = None,
        owner: bool = False,
        pool_max: int = POOL_MAX,
        wait_seconds: float | None = None,
    ) -> "Database":
        """Create the database without opening a connection, so that a service starts without PostgreSQL.

        With `role` the session of a shared login changes to that role, in which the service acts for its callers. The
        `owner` of the schema has no separate role for its own work. A transaction waits at most `wait_seconds` for a
        connection, by default ACQUIRE_SECONDS.
        """
        settings = {
            **SESSION_LIMITS,
            # JIT compilation would take longer than any of our statements.
            "jit": "off",
            "search_path": source,
            "application_name": f"entraide {source}",
            **({"role": role} if role else {}),
        }

        async def connect() -> Connection:
            return await asyncpg.connect(
                dsn,
                command_timeout=COMMAND_SECONDS,
                timeout=max(CONNECT_SECONDS, wait_seconds or ACQUIRE_SECONDS),
                server_settings=settings,
            )

        pool = Pool(connect, pool_max, reserved=pool_max // RESERVED_FRACTION)
        return cls(pool, source, own_role=None if owner else own_role_of(source), wait_seconds=wait_seconds)

    def for_reading(self) -> "Database":
        """Return the same database with transactions that use the connections reserved for reading."""
        made = copy.copy(self)
        made._reading = True
        return made

    @contextlib.asynccontextmanager
    async def transaction(
        self,
        *,
        by: Caller | None = None,
        planned_once: bool | None = None,
        snapshot: bool = False,
        locks: Sequence[str] = (),
    ) -> AsyncIterator[Tx]:
        """Run a transaction: commit at the end of the block, roll back on any exception.

        Without `by` it is the service's own work. `locks` are in-process locks on rows with many concurrent changes,
        held from before a connection is acquired until after COMMIT. If `planned_once` is true, statements use generic
        plans, since with row-level security planning takes longer than execution; if false, each is planned for its
        values; if None, PostgreSQL decides after some calls, by the values of those calls. With `snapshot` all queries
        see the state at the first of them (REPEATABLE READ). Raises Unavailable if no connection or lock is available,
        OutcomeUnknown if COMMIT was not answered.
        """
        async with self._locks.hold(*locks) if locks else contextlib.nullcontext():
            tx = Tx(self._take, self._group, by, self._own_role, planned_once=planned_once, snapshot=snapshot)
            sound = False
            try:
                try:
                    yield tx
                    await tx.commit()
                except BaseException as error:
                    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                        # The server was the primary when we connected; a new connection finds the current one.
                        self.expire()
                    sound = await self._roll_back(tx, error)
                    raise
                sound = True
            finally:
                # No reset: all settings, locks and cursors here are local to the transaction.
                if tx.connection is not None:
                    self._pool.release(tx.connection, sound=sound)
        if tx.wrote:
            self.activity.record()
        if tx.announced:
            self.on_commit(tx.announced)

    async def run_in_transaction(
        self, work: Callable[[Tx], Awaitable[T]], *, by: Caller | None = None, locks: Sequence[str] = ()
    ) -> T:
        """Run `work` in a transaction; retry if another process holds a row lock that it takes with NOWAIT.

        `locks` are those of `transaction`, held over all attempts; no connection is held between two attempts. Raises
        LockNotAvailableError after LOCK_SECONDS_MAX, and all errors of `transaction`.
        """
        async with self._locks.hold(*locks):
            deadline, pause = time.monotonic() + LOCK_SECONDS_MAX, LOCK_RETRY_SECONDS
            while True:
                try:
                    async with self.transaction(by=by) as tx:
                        return await work(tx)
                except asyncpg.LockNotAvailableError:
                    if time.monotonic() + pause > deadline:
                        raise
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))
                pause = min(2 * pause, LOCK_RETRY_SECONDS_MAX)

    @contextlib.asynccontextmanager
    async def _borrow(self) -> AsyncIterator[Connection]:
        """Provide a connection for a single-statement transaction."""
        connection = await self._take()
        sound = False
        try:
            yield connection
            sound = True
        except asyncpg.PostgresError as error:
            sound = is_rolled_back(error)
            raise
        finally:
            self._pool.release(connection, sound=sound)

    async def _take(self) -> Connection:
        try:
            within_seconds = self._wait_seconds or ACQUIRE_SECONDS
            return await self._pool.acquire(within_seconds=within_seconds, reading=self._reading)
        except PoolTimeout as error:
            raise Unavailable("overloaded") from error
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable("database-unavailable") from error

    async def _roll_back(self, tx: Tx, error: BaseException) -> bool:
        """Roll back; return False if PostgreSQL did not confirm, in which case it rolls back on disconnection."""
        if tx.in_doubt or isinstance(error, TimeoutError):
            # There was no answer within the longest wait of a caller.
            return False
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with asyncio.timeout(ROLLBACK_SECONDS):
                await tx.roll_back()
            return True
        return False

    def expire(self) -> None:
        """Close all pooled connections, which may lead to a former primary."""
        self._pool.expire()

    async def close(self) -> None:
        await self._pool.close()


def is_transient(error: BaseException) -> bool:
    """True for a temporary failure without effect, after which the whole transaction may be retried."""
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        # A migration has changed a table since; asyncpg has discarded its prepared statements.
        return True
    if isinstance(error, asyncpg.PostgresConnectionError):
        # Class 08: the connection broke, and the transaction was rolled back (COMMIT is OutcomeUnknown).
        return not isinstance(error, asyncpg.ProtocolViolationError)
    if isinstance(error, asyncpg.PostgresError):
        return error.sqlstate in TRANSIENT_STATES or error.severity_en in ENDS_SESSION
    return isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError, Unavailable))


def is_busy(error: BaseException) -> bool:
    """True for a temporary failure caused by load on a reachable PostgreSQL."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in BUSY_STATES


async def with_retries(work: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction, and retry it, with jitter, after temporary failures."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await work()
        except Exception as error:
            if attempt == ATTEMPTS_MAX or not is_transient(error):
                raise
            await asyncio.sleep(RETRY_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("the loop returns or raises")
