"""`entraide retention`."""

from functools import partial
from pathlib import Path
from uuid import UUID

import click
import msgspec

from chassis import retention as job
from chassis.db.database import Tx
from chassis.retention import Hold, Pruned
from chassis.service import Service
from chassis.settings import Settings
from services.cli.database import in_each_schema, in_tx
from services.cli.options import JSON, STATE, fail
from services.cli.settings import read_settings
from services.composition import all_services


class _DryRun(Exception):
    """Rolls the transaction back, and carries what it would have deleted."""

    def __init__(self, done: list[Pruned]) -> None:
        self.done = done


@click.group("retention")
def retention() -> None:
    """Delete personal data that are past their period (ENTRAIDE_RETENTION_DAYS), and hold what must stay.

    Each service does so once a day; docs/personal-data.md lists the kinds and their periods.
    """


@retention.command("run")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@STATE
@JSON
def run(dry_run: bool, state: Path | None, as_json: bool) -> None:
    """Delete what is past its period now, and say what was deleted, by service and kind."""
    settings = read_settings(state)
    done = [one for service in all_services() for one in _prune(service, settings, state, dry_run=dry_run)]
    if as_json:
        click.echo(msgspec.json.encode({"dry_run": dry_run, "kinds": done}).decode())
        return
    for one in done:
        rows = ", ".join(f"{count:,} of {table}" for table, count in one.deleted.items())
        period = "without end" if one.days is None else f"{one.days:,} days"
        click.echo(f"{one.service:15} {one.kind:10} {period:>12}  {rows or 'nothing'}")
    click.echo("nothing was deleted: a dry run" if dry_run else f"{_rows(done):,} rows deleted or withdrawn")


@retention.command("hold")
@click.argument("record", type=click.UUID)
@click.option("--reason", required=True, type=click.Choice(job.REASONS))
@STATE
def hold(record: UUID, reason: str, state: Path | None) -> None:
    """Keep the personal data of RECORD, the id of a request, delivery, offering or mail, until it is released."""
    in_each_schema(state, partial(job.hold, record_id=record, reason=reason))
    click.echo(f"{record} is on hold: {reason}")


@retention.command("release")
@click.argument("record", type=click.UUID)
@STATE
def release(record: UUID, state: Path | None) -> None:
    """End the hold on RECORD: the next run deletes what is past its period."""
    if not any(in_each_schema(state, partial(job.release, record_id=record))):
        fail(f"{record} is not on hold")
    click.echo("released")


@retention.command("holds")
@STATE
@JSON
def holds(state: Path | None, as_json: bool) -> None:
    """List the records on hold, oldest first."""
    found: list[Hold] = in_tx(state, "requests", job.holds)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        click.echo(f"{one.record_id}  {one.held_at:%Y-%m-%d}  {one.reason}")
    click.echo(f"{len(found):,} on hold" if found else "nothing is on hold")


def _prune(service: Service, settings: Settings, state: Path | None, *, dry_run: bool) -> list[Pruned]:
    async def work(tx: Tx) -> list[Pruned]:
        done = await job.prune(tx, service.name, service.retention, settings.retention_days)
        if dry_run:
            raise _DryRun(done)
        return done

    try:
        return in_tx(state, service.name, work)
    except _DryRun as rolled_back:
        return rolled_back.done


def _rows(done: list[Pruned]) -> int:
    return sum(count for one in done for count in one.deleted.values())
