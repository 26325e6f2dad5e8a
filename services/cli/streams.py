"""`entraide streams`."""

import json
from pathlib import Path

import click

from chassis.journal.streams import ensure_streams, stream_states
from chassis.parts import running_parts
from chassis.runtime import topology
from chassis.settings import Settings
from services.cli.database import run_or_fail
from services.cli.options import JSON, STATE, fail
from services.cli.settings import read_settings
from services.composition import NAMES, all_services


@click.group("streams")
def streams() -> None:
    """The streams and consumers of the broker."""


@streams.command("ensure")
@STATE
@JSON
def ensure(state: Path | None, as_json: bool) -> None:
    """Create missing streams and consumers, and repair those that differ."""
    own, url = _broker(state)
    owners, consumers = topology(all_services())
    done = run_or_fail(lambda: ensure_streams(url, owners, consumers, replicas=own.replicas))
    click.echo(json.dumps({"done": done}) if as_json else "\n".join(done) or "all as it has to be")


@streams.command("show")
@STATE
@JSON
def show(state: Path | None, as_json: bool) -> None:
    """Show the number of messages and bytes in each stream."""
    _, url = _broker(state)
    states = run_or_fail(lambda: stream_states(url, NAMES))
    if as_json:
        click.echo(json.dumps(states))
        return
    for owner, found in states.items():
        click.echo(
            f"{owner:15} " + (f"{found['messages']:>9} messages {found['bytes']:>12} bytes" if found else "missing")
        )


def _broker(state: Path | None) -> tuple[Settings, str]:
    """Return the settings and the broker's address."""
    own = running_parts(read_settings(state))
    if own.nats_url is None:
        fail("NATS_URL has to be the stream administrator's address of the broker")
    return own, own.nats_url
