"""`entraide`: the command line."""

import importlib
from collections.abc import Mapping
from typing import Any, cast

import click

from chassis.garbage import collect_rarely
from chassis.version import VERSION

collect_rarely()

COMMANDS: Mapping[str, str] = {
    "audit": "Verify the audit trail, and create and show its keys.",
    "demo": "Start everything, run the sample story through the public API, and print its results.",
    "directory": "Appoint the first administrators.",
    "doctor": "Check every external dependency and report what is wrong.",
    "erase": "Delete the personal data of PERSON, an id, in every service, and check that none is left.",
    "iati": "Files of the International Aid Transparency Initiative.",
    "journal": "The services' journals.",
    "ledger": "The ledger of the pledges service.",
    "matching": "The texts that matching compares.",
    "migrate": "Migrate every service's schema, each with its own role.",
    "noun": "Show what follows from the declaration of a noun.",
    "parked": "Events that could not be applied and wait for an operator.",
    "permissions": "Show which operations an appointment may use, and when.",
    "reports": "The figures of the reports service.",
    "retention": "Delete personal data that are past their period (ENTRAIDE_RETENTION_DAYS), and hold what must stay.",
    "run": "Run one service, with PostgreSQL and NATS at DATABASE_URL and NATS_URL.",
    "schemas": "Generate contracts/schemas and the missing contracts/examples from the code.",
    "sign-in": "Sign in with a browser at ENTRAIDE_ISSUER, and print the access token.",
    "streams": "The streams and consumers of the broker.",
    "token": "Print a token of the embedded issuer for one of the demo's personas, valid for 15 minutes.",
    "up": "Run all services in one process, with embedded servers where no address is configured.",
}
"""The first paragraph of each command's help, repeated here so that listing commands imports none of them."""


class LazyCommand(click.Command):
    """A command or a group in `services.cli` that is imported when it is called."""

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
    main(prog_name="entraide")
