"""`entraide schemas`."""

import sys

import click

from services.composition import all_services
from services.documents.files import write


@click.command("schemas")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not what the code says.")
def schemas(check: bool) -> None:
    """Generate contracts/schemas and the missing contracts/examples from the code."""
    sys.exit(write(all_services(), check=check))
