"""`entraide journal`."""

import json
import sys
from functools import partial
from pathlib import Path

import click

from chassis.parts import running_parts
from chassis.rebuild import verify as differences_of
from chassis.service import Service
from chassis.settings import SettingsError
from services.cli.database import NO_DATABASE, connected, run_or_fail
from services.cli.options import JSON, STATE
from services.cli.settings import read_settings
from services.composition import all_services


@click.group("journal")
def journal() -> None:
    """The services' journals."""


@journal.command("verify")
@STATE
@JSON
def verify(state: Path | None, as_json: bool) -> None:
    """Rebuild every table from its journal in a separate schema, and compare; changes nothing."""
    own = running_parts(read_settings(state))

    async def check(service: Service) -> list[str]:
        # Connect as the owner of the tables, because a service's own role may not truncate them.
        if own.database_url is None:
            raise SettingsError(NO_DATABASE)
        async with connected(own.database_url, service.name, owner=True) as db:
            return await differences_of(db, service)

    results = {service.name: run_or_fail(partial(check, service)) for service in all_services()}
    if as_json:
        click.echo(json.dumps(results))
    else:
        for name, differences in results.items():
            click.echo(f"{name:15} " + ("; ".join(differences) or "the tables are what the journal says"))
    if any(results.values()):
        sys.exit(1)
