"""`entraide token`."""

from pathlib import Path

import click

from chassis.auth.tokens import Issuer
from services.cli.options import STATE, fail
from services.cli.settings import read_settings
from services.demo.people import person_of


@click.command("token")
@click.option("--as", "appointment", required=True, metavar="ORG:ROLE", help="For instance KEN:focal_point.")
@STATE
def token(appointment: str, state: Path | None) -> None:
    """Print a token of the embedded issuer for one of the demo's personas, valid for 15 minutes."""
    own = read_settings(state)
    if own.keys is not None:
        fail("tokens come from the issuer that ENTRAIDE_ISSUER names")
    if (person_id := person_of(appointment)) is None:
        fail(f"nobody in the demo's world is {appointment}: try KEN:focal_point")
    click.echo(Issuer.load(own.state / "issuer.jwk", own.issuer).token(person_id))
