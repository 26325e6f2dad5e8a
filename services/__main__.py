"""`entraide`: the command line."""

import importlib
from collections.abc import Mapping
from typing import Any, cast

import click

from chassis.version import VERSION

COMMANDS: Mapping[str, str] = {
    "audit": "Who did what, and whether anybody has changed the record of it.",
    "demo": "Run everything and drive the main job before your eyes.",
    "directory": "Who is who.",
    "doctor": "Check every external part and say what is wrong.",
    "erase": "Drop what still names PERSON, an id, and see that nothing is left.",
    "iati": "Files of the International Aid Transparency Initiative.",
    "journal": "The services' journals.",
    "ledger": "The books of the pledges service.",
    "matching": "What matching reads of texts.",
    "migrate": "Bring every service's schema up to date, with one role each.",
    "parked": "Events that could not take effect and wait for an operator.",
    "permissions": "Show which operations an appointment may use, and when.",
    "run": "Run one service; PostgreSQL and NATS are where DATABASE_URL and NATS_URL say.",
    "schemas": "Write contracts/schemas and the missing contracts/examples from the code.",
    "sign-in": "Sign in with a browser where ENTRAIDE_ISSUER says, and print the access token.",
    "streams": "The streams and consumers of the broker.",
    "token": "A token of the embedded issuer for one of the demo's fictitious persons, good for 15 minutes.",
    "up": "Run all services in one process; parts without an address are started here.",
}
"""The first line of each command's help, so that listing commands imports none of them."""


class LazyCommand(click.Command):
    """A command or a group in `services.cli`, imported when it is called."""

    def loaded(self) -> click.Command:
        name = str(self.name).replace("-", "_")
        return cast(click.Command, getattr(importlib.import_module(f"services.cli.{name}"), name))

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        return self.loaded().make_context(info_name, args, parent, **extra)


@click.group(
    commands=[LazyCommand(name, help=text) for name, text in COMMANDS.items()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, prog_name="entraide")
def main() -> None:
    """Entraide: technical assistance under the UN Convention against Transnational Organized Crime."""


if __name__ == "__main__":
    main()
