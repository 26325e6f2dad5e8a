"""Periodic work: the monthly issue, and a look at the files of open data for the catalogue."""

import hashlib
from datetime import datetime, timedelta

import structlog

from chassis import clock
from chassis.db.database import Database, Tx
from chassis.journal.peers import PeerError, Peers
from contracts.reference.open_data import DataFormat, datasets
from services.reports.figures import store as freshness_store
from services.reports.figures.counting import ReadPublished
from services.reports.figures.model import FIGURES, Unit
from services.reports.open_data import store
from services.reports.open_data.files import OpenFile
from services.reports.open_data.issues import is_due, last_day, make_issue, month_ended

LOOK_SECONDS, LOOK_IDLE_SECONDS = 20.0, 600.0
"""Intervals of the look at the files; the first is below ACTIVE_SECONDS, so that a look follows the last write."""

log = structlog.get_logger()


async def issue_and_look(db: Database, read: ReadPublished, peers: Peers) -> None:
    """Make the issue if it is due, and look at the files. Failed work is repeated at the next run."""
    await issue_figures(db, read, now=clock.now())
    await look_at_files(db, peers, now=clock.now())


async def issue_figures(db: Database, read: ReadPublished, *, now: datetime) -> None:
    """Issue the figures of the month that ended last, once the issue is due."""
    async with db.transaction() as tx:
        if not await _is_due(tx, now):
            return
    month = month_ended(now)
    published = {
        name: await read(name, last_day(month)) for name, one in FIGURES.items() if one.unit is not Unit.USD_MINOR
    }
    async with db.transaction() as tx:
        await store.save_issue(tx, make_issue(month, now, published, await store.newest(tx)))


async def _is_due(tx: Tx, now: datetime) -> bool:
    fresh = await freshness_store.freshness(tx, freshness_store.OWNERS)
    return is_due(
        await store.newest_month(tx),
        now,
        {one.owner: one.read_at for one in fresh},
        complete=await freshness_store.complete(tx),
    )


async def look_at_files(db: Database, peers: Peers, *, now: datetime) -> None:
    """Look at each file that no other process has just looked at; retry later if a service does not answer."""
    files = [(name, of) for name in datasets() for of in DataFormat]
    async with db.transaction() as tx:
        claimed = await store.claim(tx, files, now=now, before=now - timedelta(seconds=LOOK_SECONDS / 2))
    for known in claimed:
        await _look_at(db, peers, known, now)


async def _look_at(db: Database, peers: Peers, known: OpenFile, now: datetime) -> None:
    dataset = datasets()[known.dataset]
    try:
        content = await peers.newer(
            dataset.owner, dataset.path(known.format), f'"{known.sha256}"' if known.sha256 else None
        )
    except PeerError as error:
        log.info("open data not seen", dataset=dataset.name, reason=str(error))
        return
    if content is None:
        return
    seen = OpenFile(
        dataset=dataset.name,
        format=known.format,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        modified=now,
    )
    if seen.sha256 != known.sha256:
        async with db.transaction() as tx:
            await store.save_file(tx, seen)
