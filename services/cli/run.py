"""`entraide run`."""

import os
from dataclasses import replace

import click

from chassis.runtime import check_parts, listener, serve
from chassis.settings import SettingsError
from services import contact, reference
from services.cli.database import run_or_fail
from services.cli.options import fail
from services.cli.settings import read_settings
from services.composition import NAMES, SERVICES, all_services
from services.documents import api as documents

FIRST_PORT = 8401
"""The first port; the services listen, by default, on this port and those after it, in the order of NAMES."""


@click.command("run")
@click.argument("name", type=click.Choice(NAMES))
def run(name: str) -> None:
    """Run one service, with PostgreSQL and NATS at DATABASE_URL and NATS_URL."""
    own = read_settings()
    ports = {service: FIRST_PORT + n for n, service in enumerate(NAMES)}
    if not os.environ.get("ENTRAIDE_PORT"):
        own = replace(own, port=ports[name])
    try:
        bound = listener(own.host, own.port)
    except SettingsError as error:
        fail(str(error))
    for line in run_or_fail(lambda: check_parts(own, name)):
        click.echo(f"entraide: {line}", err=True)
    routes = [*reference.ROUTES, *documents.routes(all_services), *contact.routes(own)]
    run_or_fail(lambda: serve(own, [SERVICES[name]()], ports=ports | {name: own.port}, routes=routes, bound=bound))
