"""`entraide reports`."""

import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import click
import msgspec

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.parts import running_parts
from chassis.settings import Settings, SettingsError
from services.cli.database import NO_DATABASE, connected, run_or_fail
from services.cli.options import JSON, STATE, fail
from services.cli.progress import Progress
from services.cli.settings import read_settings
from services.reports.figures.store import OWNERS
from services.reports.folding.journal_reader import RebuildUnderWay, Rebuilt
from services.reports.folding.journal_reader import rebuild as rebuild_figures

SERVICE = "reports"


@click.group("reports")
def reports() -> None:
    """The figures of the reports service."""


@reports.command("rebuild")
@STATE
@JSON
def rebuild(state: Path | None, as_json: bool) -> None:
    """Empty the figures and fold them again from the owners' journals, while facts keep coming.

    Until then figures say that they are not complete. Exit 0: rebuilt; 1: a journal has fewer facts than were counted
    before; 2: a database cannot be reached, or another rebuild is under way.
    """
    try:
        done = run_or_fail(partial(_rebuild, running_parts(read_settings(state))))
    except RebuildUnderWay:
        fail("another rebuild is under way, or was until a minute ago")
    click.echo(msgspec.json.encode(done).decode() if as_json else line_of(done))
    if done.lost:
        sys.exit(1)


async def _rebuild(settings: Settings) -> Rebuilt:
    async with AsyncExitStack() as stack:

        async def connect(service: str) -> Database:
            url = settings.database_urls.get(service)
            if (dsn := url or settings.database_url) is None:
                raise SettingsError(NO_DATABASE)
            return await stack.enter_async_context(connected(dsn, service, role=None if url else role_of(service)))

        journals = {owner: await connect(owner) for owner in OWNERS}
        return await rebuild_figures(await connect(SERVICE), journals, say=Progress())


def line_of(done: Rebuilt) -> str:
    line = f"{done.facts:,} facts of {done.groups:,} requests and other records are counted"
    return line + (f"; {done.lost:,} RECORDS HAVE FEWER FACTS THAN BEFORE" if done.lost else "")
