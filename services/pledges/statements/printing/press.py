"""Render statements in child processes, beside the event loop: they can be killed, and free their memory.

At most two at a time, and one per organization; a caller who waits too long, or whose statement takes too long, is
asked to retry.
"""

import asyncio
import contextlib
import os
import sys

import msgspec
import structlog
from msgspec import Struct

from chassis.concurrency import ConcurrencyLimit
from contracts.refusals import Unavailable
from contracts.values import Language
from services.pledges.statements.model import Statement, lines_in

AT_ONCE_MAX = 2
OF_ONE_ORGANIZATION_WAITING_MAX = 3
LARGE_LINES = 1_000
"""A statement with more lines takes both slots: it takes up to 1.1 GB of memory, a smaller one half."""

WAIT_SECONDS = 10.0
SET_SECONDS = 20.0
STDERR_SHOWN_MAX = 2_000

log = structlog.get_logger()


class RenderInput(Struct, frozen=True, kw_only=True):
    """A child's input."""

    statement: Statement
    language: Language


class Press:
    """Renders statements, with the limits of one process."""

    def __init__(self, *, wait_seconds: float = WAIT_SECONDS, set_seconds: float = SET_SECONDS) -> None:
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        # Prevents a deadlock of two large statements, each holding one slot and waiting for the other.
        self._large = asyncio.Lock()
        self._organizations = ConcurrencyLimit(running_max=1, waiting_max=OF_ONE_ORGANIZATION_WAITING_MAX)
        self._wait_seconds = wait_seconds
        self._set_seconds = set_seconds

    async def statement_pdf(self, statement: Statement, language: Language, *, organization: str) -> bytes:
        """Raises Unavailable if it takes too long, Excessive if too many calls of the organization wait already.

        Cancellation kills the child, too.
        """
        order = msgspec.json.encode(RenderInput(statement=statement, language=language))
        large = lines_in(statement) > LARGE_LINES
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await held.enter_async_context(self._organizations.slot(organization))
                    if large:
                        await held.enter_async_context(self._large)
                    for _ in range(AT_ONCE_MAX if large else 1):
                        await held.enter_async_context(self._places)
            except TimeoutError as error:
                raise Unavailable("statement-not-now") from error
            return await self._render(order)

    async def _render(self, order: bytes) -> bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "services.pledges.statements.printing"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
        )
        try:
            async with asyncio.timeout(self._set_seconds):
                made, said = await child.communicate(order)
        except TimeoutError as error:
            raise Unavailable("statement-not-now") from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if child.returncode or not made.startswith(b"%PDF-"):
            log.error(
                "statement rendering failed",
                code=child.returncode,
                said=said[-STDERR_SHOWN_MAX:].decode("utf-8", "replace"),
            )
            raise RuntimeError("the child that renders statements has failed")
        return made


def environment() -> dict[str, str]:
    """The child's environment: search paths, locale and temporary folder. No address, no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONSAFEPATH": "1"}
