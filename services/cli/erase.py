"""`entraide erase`: what two people agreed to over the API is done in every service, and looked for again."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import UUID

from msgspec import Struct

from chassis.db.database import Tx
from chassis.erasure import Dropped, Erasure
from chassis.service import Service
from services.directory.people import actions, store
from services.directory.people.model import Kind, Person, kind_of

T = TypeVar("T")
Say = Callable[[str], None]


class InTx(Protocol):
    """Does something in a transaction of a service's own."""

    def __call__(self, service: Service, work: Callable[[Tx], Coroutine[Any, Any, T]]) -> T: ...


class InService(Struct, frozen=True, kw_only=True):
    """Rows by table: what was dropped just now, and what a second look found all the same."""

    dropped: Dropped
    left: Dropped


class Erased(Struct, frozen=True, kw_only=True):
    """What became of one person."""

    person_id: UUID
    proposed_by: UUID | None
    approved_by: UUID | None
    erased_at: datetime | None
    services: Mapping[str, InService]

    @property
    def complete(self) -> bool:
        return not any(one.left for one in self.services.values())

    def __str__(self) -> str:
        what = "nothing names them any more" if self.complete else "SOMETHING WAS THERE AGAIN: run this once more"
        return f"{self.person_id} erased on {self.erased_at:%Y-%m-%d}, approved by {self.approved_by}: {what}"


def drop(person: Person, services: Sequence[Service], in_tx: InTx, say: Say) -> Erased:
    """Drop what names somebody in each service, and look again in another transaction; `say` hears of each."""
    done: dict[str, InService] = {}
    for service in services:
        forget = partial(_forget, service, person.person_id)
        done[service.name] = InService(dropped=in_tx(service, forget), left=in_tx(service, forget))
        say(_line(service.name, done[service.name]))
    return Erased(
        person_id=person.person_id,
        proposed_by=person.erasure_proposed_by,
        approved_by=person.erasure_approved_by,
        erased_at=person.erased_at,
        services=done,
    )


async def _forget(service: Service, person_id: UUID, tx: Tx) -> Dropped:
    return {table: rows for table, rows in (await service.forget(tx, person_id, None)).items() if rows}


def _line(service: str, one: InService) -> str:
    left = f"LEFT: {_rows(one.left)}" if one.left else "nothing is left"
    return f"{service:15} dropped {_rows(one.dropped) or 'nothing'}; {left}"


def _rows(rows: Dropped) -> str:
    return ", ".join(f"{count} of {table}" for table, count in rows.items())


# -- in the directory -------------------------------------------------------------------------------------------------


async def everybody(tx: Tx) -> list[Person]:
    """Who has been erased."""
    return await store.erased(tx, after=datetime.fromtimestamp(0, UTC))


async def again(erasures: Sequence[Erasure], tx: Tx) -> int:
    """After a restore to an earlier moment say again what was said since; returns of how many."""
    return sum([await actions.erase_again(tx, one) for one in erasures])


async def standing(person_id: UUID, tx: Tx) -> Person | None:
    person = await store.known(tx, "person", person_id)
    return person if isinstance(person, Person) else None


def missing(person: Person) -> str | None:
    """What has to come before anything may be dropped; None where two people have agreed."""
    if person.erased_at is not None:
        return None
    path = f"/v1/people/{person.person_id}"
    if person.erasure_proposed_by is None or person.erasure_proposed_at is None:
        focal_point = f" or the focal point of {person.organization}" * (kind_of(person.organization) is Kind.STATE)
        return (
            f"nobody has proposed it: an administrator{focal_point} has to (POST {path}/propose-erasure), "
            "and another administrator to approve"
        )
    return (
        f"{person.erasure_proposed_by} proposed it on {person.erasure_proposed_at:%Y-%m-%d} "
        f"({person.erasure_reason}); another administrator has to approve it (POST {path}/approve-erasure)"
    )
