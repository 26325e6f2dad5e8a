"""A service's PostgreSQL: one pool, one role, one schema, and the transaction that an action works in."""

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
from chassis.db.group_commit import GroupCommit, has_undone
from chassis.db.keyed_locks import KeyedLocks
from chassis.db.migrate import own_role_of
from chassis.db.pool import Connection, Pool, PoolTimeout
from chassis.db.writes import NotWritten, Write, combine, may_join
from contracts.facts import Event
from contracts.refusals import Unavailable
from contracts.values import Caller

POOL_MAX = 12
RESERVED_FRACTION = 4
"""One of so many connections is for reading alone, and as many are for all but reading."""

ACQUIRE_SECONDS = 2.0
CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 5.0
ROLLBACK_SECONDS = 0.5
ATTEMPTS_MAX = 5
RETRY_SECONDS = 0.02
LOCK_SECONDS_MAX = 3.0
"""So long a row that another process has locked is tried for, as `lock_timeout` has it for one that is waited for."""

LOCK_RETRY_SECONDS, LOCK_RETRY_SECONDS_MAX = 0.005, 0.1
"""Between the first two attempts, and between later ones at most."""

SESSION_LIMITS = {
    "statement_timeout": "10s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "15s",
    "tcp_keepalives_idle": "10",
}

# Whole transactions that may be tried again: deadlock and serialization (40), lock not available (55P03), server
# going down or coming up (57P0x), too many connections (53300), read-only after a failover (25006).
TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300", "25006", "57014"})

BUSY_STATES = frozenset({"40P01", "53300", "55P03", "57014"})
"""Of those the ones that come of how much is asked: no lock, no connection, or not enough time for a statement."""

ENDS_SESSION = frozenset({"FATAL", "PANIC"})
"""Severities after which PostgreSQL closes the connection (PostgreSQL, 19.8.3): it has undone what was under way."""

CALLER_SETTINGS = ("entraide.organization", "entraide.role", "entraide.person")
"""What row-level security asks, local to the transaction: who is not told sees no row."""

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
"""Needed by the first word of the answer, and so carried out before the parts beside it that change rows."""


log = structlog.get_logger()
T = TypeVar("T")


def _words(caller: Caller) -> tuple[str, str, str]:
    return caller.organization, caller.role.value, str(caller.person_id)


class OutcomeUnknown(Exception):
    """COMMIT was sent and its answer never came: the transaction may or may not have happened."""


class Tx:
    """One transaction: what may be asked of PostgreSQL in it, who acts, and the events announced so far.

    It is opened when something is asked; what does nothing but write is one statement, and needs no other. With a
    caller it sees and changes the rows that the row-level security of its service lets this caller have; without one,
    and inside `as_service`, it acts in the role that the service has for its own work.
    """

    __slots__ = (
        "_group",
        "_opened",
        "_own_role",
        "_planned_once",
        "_take",
        "_writes",
        "announced",
        "caller",
        "connection",
        "in_doubt",
        "memory",
        "wrote",
    )

    def __init__(
        self,
        take: Callable[[], Awaitable[Connection]],
        group: GroupCommit,
        caller: Caller | None,
        own_role: str | None,
        *,
        memory: dict[type, object],
        planned_once: bool = False,
    ) -> None:
        self._take = take
        self._group = group
        self._own_role = own_role
        self._planned_once = planned_once
        self.memory = memory
        self._opened = False
        self._writes: dict[Write, tuple[object, ...]] = {}
        self.caller = caller
        self.announced: list[Event] = []
        self.wrote = False
        """Something that loops may have to look at: a fact, or a `Write`."""
        self.in_doubt = False
        """Its last word was sent and not answered."""
        self.connection: Connection | None = None
        """Taken when something is first asked, and to be given back."""

    async def write(self, write: Write, *args: object) -> None:
        """Send it together with the writes around it: before anything is asked again, at the latest at the end.

        Until then it has no effect, and what it may raise is raised there.
        """
        if not may_join(tuple(self._writes), write):
            await self._reach()
        self._writes[write] = args
        self.wrote = True

    async def flush(self) -> None:
        """Send what has been written."""
        await self._reach()

    async def fetch(self, query: str, *args: object) -> list[asyncpg.Record]:
        return await (await self._reach()).fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> asyncpg.Record | None:
        return await (await self._reach()).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        return await (await self._reach()).fetchval(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        return await (await self._reach()).execute(query, *args)

    async def executemany(self, query: str, args: Sequence[Sequence[object]]) -> None:
        await (await self._reach()).executemany(query, args)

    @contextlib.asynccontextmanager
    async def as_service(self) -> AsyncIterator[None]:
        """What the service does inside as a consequence of what the caller did, and the caller could not do alone.

        Only after the caller's right to the move has been decided.
        """
        if self.caller is None or self._own_role is None:
            yield
            return
        connection = await self._reach()
        await connection.execute(f"SET LOCAL ROLE {self._own_role}")
        yield
        await self._send()
        await connection.execute("RESET ROLE")

    async def _reach(self) -> Connection:
        """Have the transaction open, and everything written so far in effect."""
        if self.connection is None:
            self.connection = await self._take()
        if not self._opened:
            # Known before it has begun: whoever is cancelled meanwhile leaves a connection that nobody may use again.
            self._opened = True
            planned = "; SET LOCAL plan_cache_mode = force_generic_plan" if self._planned_once else ""
            await self.connection.execute(f"BEGIN; {self._identify()}{planned}")
        await self._send()
        return self.connection

    def _identify(self) -> str:
        """Said with BEGIN, in one round trip, where there are no parameters: so every word is looked at."""
        if self.caller is None:
            return f"SET LOCAL ROLE {self._own_role}" if self._own_role else ""
        words = _words(self.caller)
        assert all(_WORD.fullmatch(word) for word in words), "an organization, a role and an id are words"
        return "; ".join(f"SET LOCAL {name} = '{word}'" for name, word in zip(CALLER_SETTINGS, words, strict=True))

    async def _send(self) -> None:
        if not self._writes:
            return
        writes, self._writes = self._writes, {}
        if not self._opened and self.caller is not None:
            writes = {_FOR_CALLER: _words(self.caller), **writes}
        statement, args = combine(tuple(writes)), [arg for args in writes.values() for arg in args]
        try:
            if self._opened and self.connection is not None:
                await self.connection.execute(statement, *args)
            else:
                await self._group.carry_out(statement, args, role=self._own_role if self.caller is None else None)
        except asyncpg.DivisionByZeroError as error:
            raise NotWritten from error

    async def commit(self) -> None:
        """Raises NotWritten, OutcomeUnknown, and what PostgreSQL answers where it has refused, or has not begun."""
        if self._opened:
            await self._reach()
        self.in_doubt = True
        try:
            if not self._opened:
                await self._send()
            elif await (await self._reach()).execute("COMMIT") != "COMMIT":
                # What an action caught and went on after had ended the transaction.
                raise RuntimeError("the transaction had failed and was rolled back")
        except NotWritten:
            self.in_doubt = False
            raise
        except asyncpg.PostgresError as error:
            # An ERROR has undone the transaction; after anything worse nobody knows.
            if not has_undone(error):
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
    """The pool of one service.

    `source` is the name of the service that owns the schema; it signs every event announced here. `on_commit` is told
    the events of each transaction after its COMMIT returned.
    """

    def __init__(self, pool: Pool, source: str, *, own_role: str | None = None) -> None:
        self._pool = pool
        self._group = GroupCommit(self._lent, seconds=COMMAND_SECONDS)
        self._locks = KeyedLocks()
        self._reading = False
        self.activity = Activity()
        self.source = source
        self._own_role = own_role
        self.on_commit: Callable[[Sequence[Event]], None] = lambda _events: None
        self.memory: dict[type, object] = {}
        """What a service keeps in this process of what stands in the database: it can be read again at any time."""

    @classmethod
    async def connect(
        cls, dsn: str, source: str, *, role: str | None = None, owner: bool = False, pool_max: int = POOL_MAX
    ) -> "Database":
        """Opens no connection before the first is needed, so that a service starts while PostgreSQL is away.

        With `role` the session of a shared login drops to that role, in which the service acts for its callers. As the
        `owner` of the schema it has no role for its own work, and does all as who it is.
        """
        settings = {
            **SESSION_LIMITS,
            # To compile a statement takes longer than to run any of ours.
            "jit": "off",
            "search_path": source,
            "application_name": f"entraide {source}",
            **({"role": role} if role else {}),
        }

        async def connect() -> Connection:
            return await asyncpg.connect(
                dsn, command_timeout=COMMAND_SECONDS, timeout=CONNECT_SECONDS, server_settings=settings
            )

        pool = Pool(connect, pool_max, reserved=pool_max // RESERVED_FRACTION)
        return cls(pool, source, own_role=None if owner else own_role_of(source))

    def for_reading(self) -> "Database":
        """The same, whose transactions take the connections that are kept for reading."""
        made = copy.copy(self)
        made._reading = True
        return made

    @contextlib.asynccontextmanager
    async def transaction(
        self, *, by: Caller | None = None, planned_once: bool = False, locks: Sequence[str] = ()
    ) -> AsyncIterator[Tx]:
        """Commits at the end of the block, rolls back on any exception. Without `by` it is the service's own work.

        `locks` name what many change at once, and whose row it will lock: held in this process from before a connection
        is taken until after COMMIT.
        `planned_once`: what is asked in it is written so that one plan does, whoever asks and whatever for; with
        row-level security in it a statement takes longer to plan than to carry out.
        Raises Unavailable when no connection or lock is to be had, OutcomeUnknown when COMMIT was not answered.
        """
        async with self._locks.hold(*locks) if locks else contextlib.nullcontext():
            tx = Tx(self._take, self._group, by, self._own_role, memory=self.memory, planned_once=planned_once)
            sound = False
            try:
                try:
                    yield tx
                    await tx.commit()
                except BaseException as error:
                    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
                        # It was the primary when we connected; a new connection finds the one that is primary now.
                        self.expire()
                    sound = await self._roll_back(tx, error)
                    raise
                sound = True
            finally:
                # Nothing else is to be reset: whatever is set, locked and opened here ends with its transaction.
                if tx.connection is not None:
                    self._pool.give_back(tx.connection, sound=sound)
        if tx.wrote:
            self.activity.note()
        if tx.announced:
            self.on_commit(tx.announced)

    async def run_in_transaction(
        self, work: Callable[[Tx], Awaitable[T]], *, by: Caller | None = None, locks: Sequence[str] = ()
    ) -> T:
        """Run `work` in a transaction; again where another process has locked a row that it locks with NOWAIT.

        `locks` as in `transaction`, held over all attempts; between two of them it has no connection. Raises
        LockNotAvailableError where the row is not free within LOCK_SECONDS_MAX, and all that `transaction` raises.
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
    async def _lent(self) -> AsyncIterator[Connection]:
        """A connection for one statement that is a transaction by itself."""
        connection = await self._take()
        sound = False
        try:
            yield connection
            sound = True
        except asyncpg.PostgresError as error:
            sound = has_undone(error)
            raise
        finally:
            self._pool.give_back(connection, sound=sound)

    async def _take(self) -> Connection:
        try:
            return await self._pool.take(within_seconds=ACQUIRE_SECONDS, reading=self._reading)
        except PoolTimeout as error:
            raise Unavailable("overloaded") from error
        except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise Unavailable("database-unavailable") from error

    async def _roll_back(self, tx: Tx, error: BaseException) -> bool:
        """False where PostgreSQL did not say that it has: then it does so when the connection is closed."""
        if tx.in_doubt or isinstance(error, TimeoutError):
            # Silent for as long as a caller may wait already.
            return False
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            async with asyncio.timeout(ROLLBACK_SECONDS):
                await tx.roll_back()
            return True
        return False

    async def ready(self) -> bool:
        """True when PostgreSQL answers now."""
        try:
            async with self.transaction() as tx:
                return bool(await tx.fetchval("SELECT NOT pg_is_in_recovery()"))
        except (Unavailable, OutcomeUnknown, TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    def expire(self) -> None:
        """Forget every pooled connection: they may lead to a server that is no longer the primary."""
        self._pool.expire()

    async def close(self) -> None:
        await self._pool.close()


def is_transient(error: BaseException) -> bool:
    """True for a failure of the moment: the whole transaction may be tried again, and had no effect."""
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        # A migration has changed a table since; asyncpg has forgotten all that it had prepared.
        return True
    if isinstance(error, asyncpg.PostgresConnectionError):
        # Class 08: the connection broke, and the transaction was undone with it (COMMIT is OutcomeUnknown).
        return not isinstance(error, asyncpg.ProtocolViolationError)
    if isinstance(error, asyncpg.PostgresError):
        return error.sqlstate in TRANSIENT_STATES or error.severity_en in ENDS_SESSION
    return isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError, Unavailable))


def is_busy(error: BaseException) -> bool:
    """True for a failure of the moment that comes of how much is asked of PostgreSQL, which answers."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in BUSY_STATES


async def with_retries(work: Callable[[], Awaitable[T]]) -> T:
    """Run a whole transaction again, with jitter, while it fails for a reason of the moment."""
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            return await work()
        except Exception as error:
            if attempt == ATTEMPTS_MAX or not is_transient(error):
                raise
            await asyncio.sleep(RETRY_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    raise AssertionError("the loop returns or raises")
