"""The files of a service, and their scanner."""

from io import BytesIO
from typing import BinaryIO
from uuid import UUID

import structlog
from msgspec import Struct

from chassis.files.scanner import Scanner, ScannerError, Verdict
from chassis.files.store import Files
from contracts.refusals import Conflict, Unavailable

log = structlog.get_logger()


class Storage(Struct, frozen=True, kw_only=True):
    """Stores and scans files; without a scanner no file is accepted."""

    files: Files
    scanner: Scanner | None

    def require_scanner(self) -> None:
        """Raise Conflict without a scanner, because files could never be read."""
        if self.scanner is None:
            raise Conflict("attachments-off")

    async def keep(self, file_id: UUID, content: BinaryIO) -> None:
        """Store a file. Raises Unavailable if it cannot be stored."""
        try:
            await self.files.keep(file_id, content)
        except OSError as error:
            log.warning("a file cannot be kept", error=type(error).__name__)
            raise Unavailable("files-unavailable") from error

    async def keep_bytes(self, file_id: UUID, content: bytes) -> None:
        """Store bytes as a file. Raises Unavailable if it cannot be stored."""
        await self.keep(file_id, BytesIO(content))

    async def open(self, file_id: UUID) -> BinaryIO:
        """Open a file. Raises Unavailable if it cannot be read or is missing."""
        try:
            found = await self.files.open(file_id)
        except OSError as error:
            log.warning("a file cannot be read", error=type(error).__name__)
            found = None
        if found is None:
            raise Unavailable("files-unavailable")
        return found

    async def drop(self, file_id: UUID) -> None:
        """Delete the file; if that fails, the sweep deletes it later."""
        try:
            await self.files.drop(file_id)
        except OSError as error:
            log.warning("a file cannot be dropped", error=type(error).__name__)


async def scan_file(storage: Storage, scanner: Scanner, file_id: UUID) -> Verdict | None:
    """Scan a file; return None if there is no verdict now and the file waits."""
    try:
        with await storage.open(file_id) as content:
            return await scanner(content)
    except (ScannerError, Unavailable) as error:
        log.warning("a file waits to be scanned", reason=str(error))
        return None
