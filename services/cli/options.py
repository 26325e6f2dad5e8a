"""Options that commands share, and the function by which a command fails."""

import sys
from pathlib import Path
from typing import NoReturn

import click

STATE = click.option("--state", type=click.Path(path_type=Path), help="Where the embedded servers keep their data.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program.")


def fail(line: str) -> NoReturn:
    """Print one line on standard error, and exit with 2."""
    click.echo(f"entraide: {line}", err=True)
    sys.exit(2)
