"""`entraide demo`."""

import sys
from pathlib import Path

import click

from services.cli.options import JSON, STATE, fail
from services.cli.settings import read_settings
from services.composition import all_services, appoint_founders, expire_clocks, expire_follow_ups
from services.demo.show import show


@click.command("demo")
@click.option("--exit", "leave", is_flag=True, help="End after the cards; exit 0 only if every step was seen.")
@click.option("--details", is_flag=True, help="Every reason of a match, who was notified, years and work packages.")
@STATE
@JSON
def demo(leave: bool, details: bool, state: Path | None, as_json: bool) -> None:
    """Start everything, run the sample story through the public API, and print its results."""
    sys.exit(
        show(
            read_settings(state),
            all_services(),
            leave=leave,
            as_json=as_json,
            details=details,
            fail=fail,
            appoint_founders=appoint_founders,
            expire=expire_clocks,
            follow_up=expire_follow_ups,
        )
    )
