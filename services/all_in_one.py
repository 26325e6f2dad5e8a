"""All services in one process, together with those external parts that have no address."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import asyncpg
import click

from chassis.db.migrate import MigrationError
from chassis.embedded import Child, EmbeddedError, free_port
from chassis.event_loop import run
from chassis.journal.bus import BusError
from chassis.journal.streams import ensure_streams
from chassis.parts import LostPartError, keep_running, parts
from chassis.runtime import listener, prepare, serve, topology
from chassis.service import Running, Service
from chassis.settings import Settings, SettingsError
from chassis.supervise import cancel
from services import contact, reference
from services.documents import api as documents
from services.mailbox import Mailbox

Say = Callable[[str], None]


def say_on_stderr(line: str) -> None:
    click.echo(line, err=True)


def run_together(
    settings: Settings,
    services: Sequence[Service],
    *,
    fail: Callable[[str], NoReturn],
    say: Say = say_on_stderr,
    beside: Callable[[Settings, list[Running], asyncio.Event], Any] | None = None,
) -> None:
    """Run until stopped. `beside` starts once all services are ready, with an event by which it can stop them."""
    try:
        # Bind before anything is started, to fail early if a port is in use.
        with contextlib.closing(listener(settings.host, settings.port)) as bound:
            settings = replace(settings, port=bound.getsockname()[1])
            with parts(settings, services, say=say) as (complete, servers):
                run(_serve(complete, services, servers, say, beside, bound))
    except LostPartError as error:
        say(f"entraide: {error}")
        raise SystemExit(1) from error
    except MigrationError as error:
        own = settings.database_url is None
        fail(f"{error}: remove {settings.state}, or name another folder with --state" if own else str(error))
    except (EmbeddedError, SettingsError, BusError) as error:
        fail(str(error))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        fail(f"PostgreSQL cannot be reached at DATABASE_URL ({type(error).__name__}); see `entraide doctor`")


def _mailbox(settings: Settings) -> Mailbox | None:
    """Return the built-in mail server if none is configured.

    None with a real issuer, because the built-in server's mails are public.
    """
    if settings.smtp_url is not None or settings.keys is not None:
        return None
    return Mailbox(settings.state / "mailbox", "127.0.0.1", free_port())


async def _serve(
    settings: Settings,
    services: Sequence[Service],
    servers: Sequence[Child],
    say: Say,
    beside: Callable[[Settings, list[Running], asyncio.Event], Any] | None,
    bound: socket.socket,
) -> None:
    say("migrating")
    await prepare(settings, services)
    say("ensuring streams")
    assert settings.nats_url is not None, "parts() gives every part an address"
    await ensure_streams(settings.nats_url, *topology(services), replicas=settings.replicas)
    mailbox = _mailbox(settings)
    if mailbox:
        await mailbox.start()
        settings = replace(
            settings,
            smtp_url=mailbox.url,
            intake_smtp=settings.intake_smtp or ("127.0.0.1", free_port()),
            reply_key=settings.reply_key or secrets.token_hex(),
        )
    stop = asyncio.Event()

    def on_ready(running: list[Running]) -> Any:
        address, intake = f"http://{settings.host}:{settings.port}", settings.intake_smtp
        say(
            f"ready: {address} (pages), {address}/docs (API), {address}/docs/events (events)"
            + (f", {address}/mailbox" if mailbox else "")
            + (f"; mails to {settings.intake_address}: SMTP {intake[0]}:{intake[1]}" if intake else "")
        )
        return asyncio.create_task(beside(settings, running, stop)) if beside else None

    keeping = asyncio.create_task(keep_running(servers, stop, say=say))
    keeping.add_done_callback(lambda _: stop.set())
    try:
        await serve(
            settings,
            services,
            ports={service.name: settings.port for service in services},
            routes=[
                *reference.ROUTES,
                *documents.routes(lambda: services),
                *contact.routes(settings),
                *(mailbox.routes() if mailbox else []),
            ],
            ensure=True,
            on_ready=on_ready,
            stop=stop,
            bound=bound,
        )
    finally:
        await cancel([keeping])
        if mailbox:
            await mailbox.stop()
    if not keeping.cancelled():
        keeping.result()
