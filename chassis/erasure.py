"""What names a person goes from every service at the word of two, and is not taken in again.

Each service hears `directory.person.erased` and drops what it holds; `entraide erase` has it done again and sees that
nothing is left. The lines of `erasures.jsonl`, signed as the audit's checkpoints are and beside them, outlive the
database: after a restore to an earlier moment they say who had been erased.
"""

import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec

from chassis.audit.checkpoint import append, known_keys, lines, read_signed, signed, signing_key, size_of
from chassis.audit.log import forget_origins
from chassis.db.database import Tx
from chassis.http.idempotency import forget_about
from chassis.journal.inbox import Handler
from chassis.settings import Settings, SettingsError
from contracts.directory import PersonErased
from contracts.facts import Event
from contracts.refusals import Conflict

OWNER = "directory"
"""Whose key signs the lines of the file of erasures."""

Dropped = Mapping[str, int]
"""How many rows of which table."""

Forget = Callable[[Tx, UUID, Event | None], Awaitable[Dropped]]
"""`(tx, person_id, because)`: drop all that names a person; without `because` an operator has it done again."""


async def forget(tx: Tx, person_id: UUID, because: Event | None = None, *, about: Sequence[UUID] = ()) -> Dropped:
    """What every service holds: where somebody called from, and the keys of their commands and of those `about` them.

    To be done in the service's own role, and twice without harm.
    """
    await tx.execute("INSERT INTO erased (person_id) VALUES ($1) ON CONFLICT DO NOTHING", person_id)
    return {
        "audit_origin": await forget_origins(tx, person_id),
        "command": await forget_about(tx, person_id, about),
    }


def handler_of(forget: Forget) -> Handler:
    """What a service does when somebody is erased."""

    async def on_erasure(tx: Tx, event: Event, fact: PersonErased) -> None:
        await forget(tx, fact.person_id, event)

    return on_erasure


async def require_named(tx: Tx, person_id: UUID) -> None:
    """Raises Conflict for somebody who has been erased and may still have a token for a moment."""
    if await tx.fetchval("SELECT EXISTS (SELECT FROM erased WHERE person_id = $1)", person_id):
        raise Conflict("person-erased")


# -- what outlives the database ---------------------------------------------------------------------------------------


class Erasure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That two people had somebody erased."""

    person_id: UUID
    reason: str
    proposed_by: UUID
    approved_by: UUID
    erased_at: datetime
    jws: str = ""


class ErasureLedger:
    """The file of erasures, beside the audit's checkpoints. Raises SettingsError where it or its key cannot be used."""

    def __init__(self, settings: Settings) -> None:
        self._path: Path = (settings.audit_dir or settings.state / "audit") / "erasures.jsonl"
        self._settings = settings

    def read(self) -> tuple[list[Erasure], int]:
        """Each once, and how many lines are none of ours."""
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
        """On disk when it returns; whoever is in it already is not added."""
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
