"""`entraide migrate`."""

import json

import click

from chassis.runtime import prepare
from services.cli.database import run_or_fail
from services.cli.options import JSON, fail
from services.cli.settings import read_settings
from services.composition import all_services


@click.command("migrate")
@JSON
def migrate(as_json: bool) -> None:
    """Migrate every service's schema, each with its own role."""
    own = read_settings()
    if own.database_url is None:
        fail("DATABASE_URL has to be the migrator's address of PostgreSQL")
    applied = run_or_fail(lambda: prepare(own, all_services()))
    click.echo(json.dumps({"applied": applied}) if as_json else "\n".join(applied) or "nothing to apply")
