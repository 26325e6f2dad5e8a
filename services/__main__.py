"""The composition root: which services there are, and the commands that run and look after them."""

import json
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from uuid import UUID

import asyncpg
import click

from chassis import doctor as checks
from chassis import runtime
from chassis.auth import Issuer, persona_id
from chassis.bus import BusError, ensure_streams, stream_states
from chassis.db import Database
from chassis.embedded import EmbeddedError, default_state
from chassis.migrate import MigrationError, role_of
from chassis.parked import discard_unreadable, list_parked, release_parked
from chassis.rebuild import verify
from chassis.runtime import prepare, reach, serve, topology
from chassis.service import Service
from chassis.settings import Settings, SettingsError
from chassis.telemetry import configure_logs
from services import documents, reference
from services.matching.wiring import SERVICE as MATCHING
from services.notifications.wiring import SERVICE as NOTIFICATIONS
from services.pledges.wiring import SERVICE as PLEDGES
from services.requests.wiring import SERVICE as REQUESTS

SERVICES: tuple[Service, ...] = (REQUESTS, MATCHING, PLEDGES, NOTIFICATIONS)
NAMES = tuple(service.name for service in SERVICES)
FIRST_PORT = 8401
"""`entraide run` listens, by default, on this port and the three after it, in the order of SERVICES."""

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
    configure_logs(level=read.log_level, human=read.log_human)
    return replace(read, state=state) if state else read


def attempt(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run something that needs the outside; what is wrong there is one line, not a traceback."""
    try:
        return runtime.run(work())
    except (EmbeddedError, SettingsError, MigrationError, BusError) as error:
        fail(str(error))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"PostgreSQL is not reached as DATABASE_URL says ({type(error).__name__}); see `entraide doctor`")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Entraide: technical assistance under the UN Convention against Transnational Organized Crime."""


STATE = click.option("--state", type=click.Path(path_type=Path), help="Where the embedded servers keep their data.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")


@main.command()
@STATE
def up(state: Path | None) -> None:
    """Run all services in one process; parts without an address are started here."""
    from services.together import run_together

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
    for line in attempt(lambda: reach(own, name)):
        click.echo(f"entraide: {line}", err=True)
    attempt(lambda: serve(own, chosen, ports=ports | {name: own.port}, routes=[*reference.ROUTES, *documents.ROUTES]))


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
@JSON
def streams_ensure(as_json: bool) -> None:
    """Create what is missing, repair what differs."""
    own = settings()
    if own.nats_url is None:
        fail("NATS_URL has to be the stream administrator's address of the broker")
    owners, consumers = topology(SERVICES)
    done = attempt(lambda: ensure_streams(str(own.nats_url), owners, consumers, replicas=own.replicas))
    click.echo(json.dumps({"done": done}) if as_json else "\n".join(done) or "all as it has to be")


@streams.command("show")
@JSON
def streams_show(as_json: bool) -> None:
    """How many messages and bytes each stream holds."""
    own = settings()
    if own.nats_url is None:
        fail("NATS_URL has to be the stream administrator's address of the broker")
    states = attempt(lambda: stream_states(str(own.nats_url), NAMES))
    if as_json:
        click.echo(json.dumps(states))
        return
    for owner, state in states.items():
        click.echo(
            f"{owner:15} " + (f"{state['messages']:>9} messages {state['bytes']:>12} bytes" if state else "missing")
        )


@main.group()
def parked() -> None:
    """Events that could not take effect and wait for an operator."""


@parked.command("list")
@JSON
def parked_list(as_json: bool) -> None:
    """What is parked, why, and how many later events wait behind it."""
    rows = [row for name in NAMES for row in _in(name, list_parked)]
    if as_json:
        click.echo(json.dumps([{**_fields(row)} for row in rows], default=str))
        return
    for row in rows:
        click.echo(f"{row.event_id}  {row.consumer} ← {row.owner}  {row.reason}  ({row.behind} behind)")
    if not rows:
        click.echo("nothing is parked")


@parked.command("release")
@click.argument("event_id", type=click.UUID)
def parked_release(event_id: UUID) -> None:
    """Let a parked event try again."""
    if not any([_in(name, lambda tx: release_parked(tx, event_id)) for name in NAMES]):
        fail(f"no event {event_id} is parked")
    click.echo("released: it is tried again within seconds")


@parked.command("discard")
@click.argument("event_id", type=click.UUID)
def parked_discard(event_id: UUID) -> None:
    """Forget a parked message that is not an event at all."""
    if not any([_in(name, lambda tx: discard_unreadable(tx, event_id)) for name in NAMES]):
        fail(f"no unreadable message {event_id} is parked; an event is never discarded")
    click.echo("discarded")


@main.group()
def journal() -> None:
    """The services' journals."""


@journal.command("verify")
@JSON
def journal_verify(as_json: bool) -> None:
    """Rebuild every table from its journal beside the real one, and compare; changes nothing."""
    own = settings()
    results = {}
    for service in SERVICES:

        async def check(service: Service = service) -> list[str]:
            dsn = own.database_url or own.database_urls[service.name]
            db = await Database.connect(dsn, service.name, role=None)
            try:
                return await verify(db, service)
            finally:
                await db.close()

        results[service.name] = attempt(check)
    if as_json:
        click.echo(json.dumps(results))
    else:
        for name, differences in results.items():
            click.echo(f"{name:15} " + ("; ".join(differences) or "the tables are what the journal says"))
    if any(results.values()):
        sys.exit(1)


@main.command()
@click.option("--as", "appointment", required=True, metavar="ORG:ROLE", help="For instance KEN:focal_point.")
@STATE
def token(appointment: str, state: Path | None) -> None:
    """A token of the embedded issuer for one of its fictitious persons, good for 15 minutes."""
    own = settings(state)
    if own.keys is not None:
        fail("tokens come from the issuer that ENTRAIDE_JWKS belongs to")
    from services.demo.people import person_of

    issuer = Issuer.load(own.state / "issuer.jwk", own.issuer)
    click.echo(issuer.token(person_of(appointment) or persona_id(appointment), [appointment]))


@main.command()
@STATE
@JSON
def doctor(state: Path | None, as_json: bool) -> None:
    """Check every external part and say what is wrong."""
    found = runtime.run(checks.examine(settings(state), SERVICES))
    if as_json:
        click.echo(json.dumps([_fields(finding) for finding in found]))
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

    sys.exit(show(settings(state), SERVICES, leave=leave, as_json=as_json, fail=fail))


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not what the code says.")
def schemas(check: bool) -> None:
    """Write contracts/schemas and the missing contracts/examples from the code."""

    sys.exit(documents.write(SERVICES, check=check))


def _in(name: str, work: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
    own = settings()

    async def within() -> T:
        dsn = own.database_urls.get(name) or own.database_url
        if dsn is None:
            raise SettingsError("DATABASE_URL says where PostgreSQL is; `entraide up` prints the embedded one's")
        db = await Database.connect(dsn, name, role=None if name in own.database_urls else role_of(name), pool_max=1)
        try:
            async with db.transaction() as tx:
                return await work(tx)
        finally:
            await db.close()

    return attempt(within)


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


if __name__ == "__main__":
    main()
