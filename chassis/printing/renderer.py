"""Render documents in child processes, which can be killed and free their memory.

At most two run at a time, and one per organization. A caller who waits too long, or whose document takes too long, is
asked to retry.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

import structlog

from chassis.concurrency import ConcurrencyLimit
from contracts.refusals import Unavailable

AT_ONCE_MAX = 2
OF_ONE_ORGANIZATION_WAITING_MAX = 3
WAIT_SECONDS = 10.0
SET_SECONDS = 20.0
STDERR_SHOWN_MAX = 2_000
BEGINNINGS = (b"%PDF-", b"PK\x03\x04")
"""First bytes of a PDF, and of a text document, which is a ZIP file."""

log = structlog.get_logger()


class DocumentRenderer:
    """Runs `python -m module` for each document, within the limits of one process.

    `busy` creates the refusal of a call that takes too long.
    """

    def __init__(
        self,
        module: str,
        busy: Callable[[], Unavailable],
        *,
        wait_seconds: float = WAIT_SECONDS,
        set_seconds: float = SET_SECONDS,
    ) -> None:
        self._module, self._busy = module, busy
        self._places = asyncio.Semaphore(AT_ONCE_MAX)
        # Prevents a deadlock of two large documents, each holding one slot and waiting for the other.
        self._large = asyncio.Lock()
        self._organizations = ConcurrencyLimit(running_max=1, waiting_max=OF_ONE_ORGANIZATION_WAITING_MAX)
        self._wait_seconds = wait_seconds
        self._set_seconds = set_seconds

    async def render(self, order: bytes, *, organization: str, large: bool = False) -> bytes:
        """Return the output of the child for this input; a `large` document takes both slots.

        Raises Unavailable if it takes too long, Excessive if too many calls of the organization already wait.
        Cancellation also kills the child.
        """
        async with contextlib.AsyncExitStack() as held:
            try:
                async with asyncio.timeout(self._wait_seconds):
                    await held.enter_async_context(self._organizations.slot(organization))
                    if large:
                        await held.enter_async_context(self._large)
                    for _ in range(AT_ONCE_MAX if large else 1):
                        await held.enter_async_context(self._places)
            except TimeoutError as error:
                raise self._busy() from error
            return await self._render(order)

    async def _render(self, order: bytes) -> bytes:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", self._module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(),
        )
        try:
            async with asyncio.timeout(self._set_seconds):
                made, said = await child.communicate(order)
        except TimeoutError as error:
            raise self._busy() from error
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if child.returncode or not made.startswith(BEGINNINGS):
            log.error(
                "rendering failed",
                module=self._module,
                code=child.returncode,
                said=said[-STDERR_SHOWN_MAX:].decode("utf-8", "replace"),
            )
            raise RuntimeError(f"the child {self._module} has failed")
        return made


def environment() -> dict[str, str]:
    """The child's environment: search paths, locale and temporary folder, but no address and no secret."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONSAFEPATH": "1"}
