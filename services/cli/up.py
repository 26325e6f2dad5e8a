"""`entraide up`."""

from pathlib import Path

import click

from services.all_in_one import run_together
from services.cli.options import STATE, fail
from services.cli.settings import read_settings
from services.composition import all_services


@click.command("up")
@STATE
def up(state: Path | None) -> None:
    """Run all services in one process, with embedded servers where no address is configured."""
    run_together(read_settings(state), all_services(), fail=fail)
