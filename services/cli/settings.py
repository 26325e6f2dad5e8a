"""The settings of a command, read once from the environment."""

import os
from dataclasses import replace
from pathlib import Path

import click

from chassis.embedded import default_state
from chassis.settings import Settings, SettingsError
from chassis.telemetry import configure_logs
from services.cli.options import fail
from services.composition import NAMES


def read_settings(state: Path | None = None) -> Settings:
    """Read the settings and configure logging; `state` is the folder of --state."""
    try:
        read = Settings.from_env(os.environ, NAMES, state=state or default_state())
    except SettingsError as error:
        fail(str(error))
    for name in read.unknown:
        click.echo(f"entraide: {name} is not a setting and is ignored; docs/operations.md lists all", err=True)
    configure_logs(level=read.log_level, human=read.log_human)
    return replace(read, state=state) if state else read
