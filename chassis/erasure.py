"""Erasure of a person from every service, decided by two people, and repeated after a restore.

Each service consumes `directory.person.erased` and deletes what it holds; `entraide erase` repeats that and verifies
that nothing is left. The lines of `erasures.jsonl`, signed like the checkpoints of the audit log and stored beside
them, outlive the database: after a restore to an earlier time they list the persons who had been erased.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from chassis.audit.checkpoint import append, known_keys, lines, read_signed, signed, signing_key, size_of
from chassis.audit.log import delete_origins
from chassis.db.database import Tx
from chassis.http.idempotency import delete_outcomes_about
from chassis.journal.inbox import Handler
from chassis.settings import Settings, SettingsError
from contracts.directory import PersonErased
from contracts.facts import Event
from contracts.refusals import Conflict

OWNER = "directory"
"""The service whose key signs the erasure file."""

Dropped = Mapping[str, int]
"""Maps each table to the number of deleted rows."""

Forget = Callable[[Tx, UUID, Event | None], Awaitable[Dropped]]
"""`(tx, person_id, because)`: deletes all data that names a person. `because` is None when an operator repeats it."""


async def forget(tx: Tx, person_id: UUID, because: Event | None = None, *, about: Sequence[UUID] = ()) -> Dropped:
    """Delete the data of a person that every service holds.

    These are the client addresses of their calls, and the idempotency keys of their commands and of commands `about`
    them. Runs in the service's own role. Idempotent.
    """
    await tx.execute("INSERT INTO erased (person_id) VALUES ($1) ON CONFLICT DO NOTHING", person_id)
    return {
        "audit_origin": await delete_origins(tx, person_id),
        "command": await delete_outcomes_about(tx, person_id, about),
    }


def handler_of(forget: Forget) -> Handler:
    """Return the handler of `directory.person.erased`."""

    async def on_erasure(tx: Tx, event: Event, fact: PersonErased) -> None:
        await forget(tx, fact.person_id, event)

    return on_erasure


async def require_not_erased(tx: Tx, person_id: UUID) -> None:
    """Raise Conflict for an erased person, whose token may still be valid for a short time."""
    if await tx.fetchval("SELECT EXISTS (SELECT FROM erased WHERE person_id = $1)", person_id):
        raise Conflict("person-erased")


# -- the erasure file, which outlives the database ------------------------------------------------------------------


class Erasure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person erased by two people."""

    person_id: UUID
    reason: str
    proposed_by: UUID
    approved_by: UUID
    erased_at: datetime
    jws: str = ""


class ErasureLedger:
    """The erasure file, stored with the checkpoints. Raises SettingsError if the file or its key cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._path: Path = (settings.audit_dir or settings.state / "audit") / "erasures.jsonl"
        self._settings = settings

    def read(self) -> tuple[list[Erasure], int]:
        """Return the distinct erasures, and the number of lines without a valid signature."""
        keys = known_keys(self._settings, OWNER)
        found: dict[UUID, Erasure] = {}
        strange = 0
        with self._reached():
            for _, line in lines(self._path, size_of(self._path)):
                one = read_signed(line, keys, Erasure)
                if one is None:
                    strange += bool(line.strip())
                else:
                    found.setdefault(one.person_id, one)
        return list(found.values()), strange

    def add(self, erasures: Sequence[Erasure]) -> None:
        """Append the erasures that are not in the file yet, and flush them to disk."""
        known = {one.person_id for one in self.read()[0]}
        with self._reached():
            for one in erasures:
                if one.person_id not in known:
                    append(self._path, signed(one, signing_key(self._settings, OWNER)))

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SettingsError(f"{self._path} cannot be used ({error.strerror}): see ENTRAIDE_AUDIT_DIR") from error
