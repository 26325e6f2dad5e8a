"""The composition root: which services there are, and the commands that run and look after them."""

import itertools
import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import asyncpg
import click
import msgspec

from chassis import doctor as checks
from chassis import runtime
from chassis.audit.checkpoint import public_halves
from chassis.audit.tampering import Report, find_tampering
from chassis.auth.tokens import Issuer
from chassis.db.database import Database, Tx
from chassis.db.migrate import MigrationError, role_of
from chassis.embedded import EmbeddedError, default_state
from chassis.erasure import ErasureLedger
from chassis.journal.bus import BusError, ensure_streams, stream_states
from chassis.journal.parked import discard_unreadable, list_parked, release_parked
from chassis.keys.file import new_key
from chassis.parts import running_parts
from chassis.rebuild import verify
from chassis.runtime import check_parts, listener, prepare, serve, topology
from chassis.service import Service
from chassis.settings import Settings, SettingsError
from chassis.telemetry import configure_logs
from chassis.version import VERSION
from contracts.refusals import Unavailable
from services import contact, documents, reference
from services.cli import directory as founding
from services.cli import erase as erasing
from services.cli import iati, ledger, permissions, sign_in
from services.cli import matching as reindexing
from services.cli.audit import Progress, told
from services.demo.people import person_of
from services.directory.people.actions import erasure_of
from services.directory.wiring import SERVICE as DIRECTORY
from services.directory.wiring import found as found_directory
from services.matching.wiring import SERVICE as MATCHING
from services.notifications.wiring import SERVICE as NOTIFICATIONS
from services.pledges.wiring import SERVICE as PLEDGES
from services.requests.wiring import SERVICE as REQUESTS

SERVICES: tuple[Service, ...] = (REQUESTS, MATCHING, PLEDGES, NOTIFICATIONS, DIRECTORY)
NAMES = tuple(service.name for service in SERVICES)
FIRST_PORT = 8401
"""`entraide run` listens, by default, on this port and the four after it, in the order of SERVICES."""

NO_DATABASE = "no PostgreSQL to ask: set DATABASE_URL, or name with --state where `entraide up` runs its own"

T = TypeVar("T")


def fail(line: str) -> NoReturn:
    """One clear line on standard error, and exit 2."""
    click.echo(f"entraide: {line}", err=True)
    sys.exit(2)


def settings(state: Path | None = None) -> Settings:
    try:
        read = Settings.from_env(os.environ, NAMES, state=state or default_state())
    except SettingsError as error:
        fail(str(error))
    for name in read.unknown:
        click.echo(f"entraide: {name} is not a setting and is ignored; docs/operations.md lists all", err=True)
    configure_logs(level=read.log_level, human=read.log_human)
    return replace(read, state=state) if state else read


def attempt(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run something that needs the outside; what is wrong there is one line, not a traceback."""
    try:
        return runtime.run(work())
    except (EmbeddedError, SettingsError, MigrationError, BusError) as error:
        fail(str(error))
    except (OSError, Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"PostgreSQL is not reached as DATABASE_URL says ({type(error).__name__}); see `entraide doctor`")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="entraide")
def main() -> None:
    """Entraide: technical assistance under the UN Convention against Transnational Organized Crime."""


STATE = click.option("--state", type=click.Path(path_type=Path), help="Where the embedded servers keep their data.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")


@main.command()
@STATE
def up(state: Path | None) -> None:
    """Run all services in one process; parts without an address are started here."""
    from services.all_in_one import run_together

    run_together(settings(state), SERVICES, fail=fail)


@main.command()
@click.argument("name", type=click.Choice(NAMES))
def run(name: str) -> None:
    """Run one service; PostgreSQL and NATS are where DATABASE_URL and NATS_URL say."""
    own = settings()
    ports = {service: FIRST_PORT + n for n, service in enumerate(NAMES)}
    if not os.environ.get("ENTRAIDE_PORT"):
        own = replace(own, port=ports[name])
    chosen = [service for service in SERVICES if service.name == name]
    try:
        bound = listener(own.host, own.port)
    except SettingsError as error:
        fail(str(error))
    for line in attempt(lambda: check_parts(own, name)):
        click.echo(f"entraide: {line}", err=True)
    routes = [*reference.ROUTES, *documents.routes(SERVICES), *contact.routes(own)]
    attempt(lambda: serve(own, chosen, ports=ports | {name: own.port}, routes=routes, bound=bound))


@main.command()
@JSON
def migrate(as_json: bool) -> None:
    """Bring every service's schema up to date, with one role each."""
    own = settings()
    if own.database_url is None:
        fail("DATABASE_URL has to be the migrator's address of PostgreSQL")
    applied = attempt(lambda: prepare(own, SERVICES))
    click.echo(json.dumps({"applied": applied}) if as_json else "\n".join(applied) or "nothing to apply")


@main.group()
def streams() -> None:
    """The streams and consumers of the broker."""


@streams.command("ensure")
@STATE
@JSON
def streams_ensure(state: Path | None, as_json: bool) -> None:
    """Create what is missing, repair what differs."""
    own = running_parts(settings(state))
    if own.nats_url is None:
        fail("NATS_URL has to be the stream administrator's address of the broker")
    owners, consumers = topology(SERVICES)
    done = attempt(lambda: ensure_streams(str(own.nats_url), owners, consumers, replicas=own.replicas))
    click.echo(json.dumps({"done": done}) if as_json else "\n".join(done) or "all as it has to be")


@streams.command("show")
@STATE
@JSON
def streams_show(state: Path | None, as_json: bool) -> None:
    """How many messages and bytes each stream holds."""
    own = running_parts(settings(state))
    if own.nats_url is None:
        fail("NATS_URL has to be the stream administrator's address of the broker")
    states = attempt(lambda: stream_states(str(own.nats_url), NAMES))
    if as_json:
        click.echo(json.dumps(states))
        return
    for owner, found in states.items():
        click.echo(
            f"{owner:15} " + (f"{found['messages']:>9} messages {found['bytes']:>12} bytes" if found else "missing")
        )


@main.group()
def parked() -> None:
    """Events that could not take effect and wait for an operator."""


@parked.command("list")
@STATE
@JSON
def parked_list(state: Path | None, as_json: bool) -> None:
    """What is parked, why, and how many later events wait behind it; at the end, how many are parked."""
    rows = [row for found in _in_each(state, list_parked) for row in found]
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(row) for row in rows], default=str))
        return
    for row in rows:
        click.echo(f"{row.event_id}  {row.consumer} ← {row.owner}  {row.reason}  ({row.behind} behind)")
    click.echo(f"{len(rows):,} parked" if rows else "nothing is parked")


@parked.command("release")
@click.argument("event_id", type=click.UUID)
@STATE
def parked_release(event_id: UUID, state: Path | None) -> None:
    """Let a parked event try again."""
    if not any(_in_each(state, lambda tx: release_parked(tx, event_id))):
        fail(f"no event {event_id} is parked")
    click.echo("released: it is tried again within 30 seconds")


@parked.command("discard")
@click.argument("event_id", type=click.UUID)
@STATE
def parked_discard(event_id: UUID, state: Path | None) -> None:
    """Forget a parked message that is not an event at all."""
    if not any(_in_each(state, lambda tx: discard_unreadable(tx, event_id))):
        fail(f"no unreadable message {event_id} is parked; an event is never discarded")
    click.echo("discarded")


@main.group()
def journal() -> None:
    """The services' journals."""


@journal.command("verify")
@STATE
@JSON
def journal_verify(state: Path | None, as_json: bool) -> None:
    """Rebuild every table from its journal beside the real one, and compare; changes nothing."""
    own = running_parts(settings(state))

    async def check(service: Service) -> list[str]:
        # As the owner of the tables: a service's own role may not empty them.
        if own.database_url is None:
            raise SettingsError(NO_DATABASE)
        db = await Database.connect(own.database_url, service.name, owner=True)
        try:
            return await verify(db, service)
        finally:
            await db.close()

    results = {service.name: attempt(partial(check, service)) for service in SERVICES}
    if as_json:
        click.echo(json.dumps(results))
    else:
        for name, differences in results.items():
            click.echo(f"{name:15} " + ("; ".join(differences) or "the tables are what the journal says"))
    if any(results.values()):
        sys.exit(1)


@main.group()
def audit() -> None:
    """Who did what, and whether anybody has changed the record of it."""


@audit.command("verify")
@STATE
@JSON
def audit_verify(state: Path | None, as_json: bool) -> None:
    """Compute every chain again from its first row and compare it with seals, checkpoints and journal."""
    own = settings(state)

    async def check(db: Database) -> Report:
        return await find_tampering(db, db.source, own, say=Progress(db.source))

    reports = [_in_one(state, service, check) for service in SERVICES]
    if as_json:
        click.echo(msgspec.json.encode(reports).decode())
    else:
        for line in itertools.chain.from_iterable(told(report) for report in reports):
            click.echo(line)
    if any(report.findings for report in reports):
        sys.exit(1)


@audit.command("key")
@click.option("--service", type=click.Choice(NAMES), help="Whose alone it is; without it, everybody's.")
def audit_key(service: str | None) -> None:
    """A new private key for ENTRAIDE_AUDIT_KEY_FILE; its older ones stay behind it, to verify."""
    click.echo(new_key(service))


@audit.command("public")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def audit_public(files: tuple[Path, ...]) -> None:
    """The public halves of all keys in some files, for who verifies and does not sign."""
    try:
        click.echo(public_halves(files))
    except SettingsError as error:
        fail(str(error))


@main.command()
@click.option("--as", "appointment", required=True, metavar="ORG:ROLE", help="For instance KEN:focal_point.")
@STATE
def token(appointment: str, state: Path | None) -> None:
    """A token of the embedded issuer for one of the demo's fictitious persons, good for 15 minutes."""
    own = settings(state)
    if own.keys is not None:
        fail("tokens come from the issuer that ENTRAIDE_ISSUER names")
    if (person_id := person_of(appointment)) is None:
        fail(f"nobody in the demo's world is {appointment}: try KEN:focal_point")
    click.echo(Issuer.load(own.state / "issuer.jwk", own.issuer).token(person_id))


main.add_command(sign_in.command(settings, fail))


@main.command()
@click.argument("person", type=click.UUID, required=False)
@click.option("--after-restore", is_flag=True, help="Of everybody: say again what the file of erasures says, and drop.")
@STATE
@JSON
def erase(person: UUID | None, after_restore: bool, state: Path | None, as_json: bool) -> None:
    """Drop what still names PERSON, an id, and see that nothing is left.

    Two people agree to an erasure, over the API, and an operator is neither: this does in every service what they
    agreed to, however often. Exit 0: nothing is left; 1: something is; 2: it cannot be asked; 3: they have not agreed.
    """
    if (person is None) != after_restore:
        fail("name one PERSON, or give --after-restore")
    own, in_tx = settings(state), partial(_in_tx, state)
    if after_restore:
        erasures, strange = ErasureLedger(own).read()
        said_again = in_tx(DIRECTORY, partial(erasing.again, erasures))
        click.echo(f"said again of {said_again}, of {len(erasures)} in the file of erasures", err=True)
        if strange:
            click.echo(f"entraide: {strange} lines of the file of erasures bear no signature of ours", err=True)
    people = in_tx(DIRECTORY, erasing.everybody)
    if person is not None:
        if (one := in_tx(DIRECTORY, partial(erasing.standing, person))) is None:
            fail(f"nobody is entered under {person}")
        if missing := erasing.missing(one):
            click.echo(f"entraide: {missing}", err=True)
            sys.exit(3)
        people = [one]
    done = [erasing.drop(one, SERVICES, in_tx, partial(click.echo, err=True)) for one in people]
    try:
        ErasureLedger(own).add([erasure_of(one) for one in people])
    except SettingsError as error:
        # Where this process may only read it, the directory has written it or will within seconds.
        click.echo(f"entraide: not in the file of erasures yet: {error}", err=True)
    if as_json:
        click.echo(msgspec.json.encode(done if after_restore else done[0]).decode())
    else:
        click.echo("\n".join(map(str, done)) or "nobody was erased")
    if not all(one.complete for one in done):
        sys.exit(1)


@main.command()
@STATE
@JSON
def doctor(state: Path | None, as_json: bool) -> None:
    """Check every external part and say what is wrong."""
    found = [*runtime.run(checks.examine(running_parts(settings(state)), SERVICES)), reindexing.finding()]
    if as_json:
        click.echo(json.dumps([msgspec.structs.asdict(finding) for finding in found]))
    else:
        for finding in found:
            click.echo(f"{'ok   ' if finding.ok else 'WRONG'} {finding.part:32} {finding.says}")
    if not all(finding.ok for finding in found):
        sys.exit(1)


@main.command()
@click.option("--exit", "leave", is_flag=True, help="End after the table; exit 0 only if every step was seen.")
@STATE
@JSON
def demo(leave: bool, state: Path | None, as_json: bool) -> None:
    """Run everything and drive the main job before your eyes."""
    from services.demo.show import show

    sys.exit(show(settings(state), SERVICES, leave=leave, as_json=as_json, fail=fail, found=found_directory))


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not what the code says.")
def schemas(check: bool) -> None:
    """Write contracts/schemas and the missing contracts/examples from the code."""

    sys.exit(documents.write(SERVICES, check=check))


def _in_each(state: Path | None, work: Callable[[Tx], Coroutine[Any, Any, T]]) -> list[T]:
    """Do the same in each service's schema, in its role, a transaction each."""
    return [_in_tx(state, service, work) for service in SERVICES]


def _in_tx(state: Path | None, service: Service, work: Callable[[Tx], Coroutine[Any, Any, T]]) -> T:
    async def within(db: Database) -> T:
        async with db.transaction() as tx:
            return await work(tx)

    return _in_one(state, service, within)


def _in_one(state: Path | None, service: Service, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    """Do something in a service's schema, in its role."""
    own = running_parts(settings(state))
    url = own.database_urls.get(service.name)

    async def within() -> T:
        if (dsn := url or own.database_url) is None:
            raise SettingsError(NO_DATABASE)
        db = await Database.connect(dsn, service.name, role=None if url else role_of(service.name), pool_max=1)
        try:
            return await work(db)
        finally:
            await db.close()

    return attempt(within)


main.add_command(founding.group(lambda state: partial(_in_one, state, DIRECTORY), found_directory, fail))
main.add_command(permissions.command(SERVICES, fail))
main.add_command(iati.command(fail))
main.add_command(reindexing.command(lambda state: partial(_in_tx, state, MATCHING)))
main.add_command(ledger.command(lambda state: partial(_in_tx, state, PLEDGES)))

if __name__ == "__main__":
    main()
