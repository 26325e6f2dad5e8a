"""`entraide erase`: carry out approved erasures in every service, and check that no rows remain."""

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import click
import msgspec

from chassis.db.database import Tx
from chassis.erasure import Dropped, Erasure, ErasureLedger
from chassis.service import Service
from chassis.settings import SettingsError
from services.cli.database import in_tx
from services.cli.options import JSON, STATE, fail
from services.cli.settings import read_settings
from services.composition import all_services
from services.directory.people import actions, store
from services.directory.people.model import Kind, Person, kind_of


class InService(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of rows by table: deleted, and found by a second check."""

    dropped: Dropped
    left: Dropped


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an erasure for one person."""

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


@click.command("erase")
@click.argument("person", type=click.UUID, required=False)
@click.option("--after-restore", is_flag=True, help="Repeat all erasures in the file of erasures.")
@STATE
@JSON
def erase(person: UUID | None, after_restore: bool, state: Path | None, as_json: bool) -> None:
    """Delete the personal data of PERSON, an id, in every service, and check that none is left.

    Two people propose and approve an erasure over the API; this carries it out and can be repeated. Exit 0: nothing is
    left; 1: something is; 2: the database cannot be reached; 3: the erasure is not approved.
    """
    if (person is None) != after_restore:
        fail("name one PERSON, or give --after-restore")
    own, in_service = read_settings(state), partial(in_tx, state)
    if after_restore:
        erasures, strange = ErasureLedger(own).read()
        repeated = in_service("directory", partial(repeat_erasures, erasures))
        click.echo(f"recorded again: {repeated} of {len(erasures)} in the file of erasures", err=True)
        if strange:
            click.echo(f"entraide: {strange} lines of the file of erasures have no valid signature", err=True)
    people = in_service("directory", all_erased)
    if person is not None:
        if (one := in_service("directory", partial(person_by_id, person))) is None:
            fail(f"no person has the id {person}")
        if lacking := missing_step(one):
            click.echo(f"entraide: {lacking}", err=True)
            sys.exit(3)
        people = [one]
    done = [drop(one, state) for one in people]
    try:
        ErasureLedger(own).add([actions.erasure_of(one) for one in people])
    except SettingsError as error:
        # If this process cannot write the file, the directory service writes the erasure within seconds.
        click.echo(f"entraide: not in the file of erasures yet: {error}", err=True)
    if as_json:
        click.echo(msgspec.json.encode(done if after_restore else done[0]).decode())
    else:
        click.echo("\n".join(map(str, done)) or "no one was erased")
    if not all(one.complete for one in done):
        sys.exit(1)


def drop(person: Person, state: Path | None) -> Erased:
    """Delete a person's data in each service, and check again in another transaction."""
    done: dict[str, InService] = {}
    for service in all_services():
        forget = partial(_forget, service, person.person_id)
        one = InService(dropped=in_tx(state, service.name, forget), left=in_tx(state, service.name, forget))
        click.echo(_line(service.name, one), err=True)
        done[service.name] = one
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


async def all_erased(tx: Tx) -> list[Person]:
    """List all people who have been erased."""
    return await store.erased(tx, after=datetime.fromtimestamp(0, UTC))


async def repeat_erasures(erasures: Sequence[Erasure], tx: Tx) -> int:
    """Repeat the erasures that a restore has undone; return their number."""
    return sum([await actions.erase_again(tx, one) for one in erasures])


async def person_by_id(person_id: UUID, tx: Tx) -> Person | None:
    person = await store.get_as_service(tx, "person", person_id)
    return person if isinstance(person, Person) else None


def missing_step(person: Person) -> str | None:
    """Return the missing step before the person's data may be deleted; None if the erasure is approved."""
    if person.erased_at is not None:
        return None
    path = f"/v1/people/{person.person_id}"
    if person.erasure_proposed_by is None or person.erasure_proposed_at is None:
        focal_point = f" or the focal point of {person.organization}" * (kind_of(person.organization) is Kind.STATE)
        return (
            f"its erasure is not proposed: an administrator{focal_point} has to (POST {path}/propose-erasure), "
            "and another administrator to approve"
        )
    return (
        f"{person.erasure_proposed_by} proposed it on {person.erasure_proposed_at:%Y-%m-%d} "
        f"({person.erasure_reason}); another administrator has to approve it (POST {path}/approve-erasure)"
    )
