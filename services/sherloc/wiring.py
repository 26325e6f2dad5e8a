"""The wiring of the sherloc service."""

from pathlib import Path

from chassis.db.database import Tx
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Service
from contracts.facts import Event
from contracts.registry import decode_fact
from services.sherloc import event_feed
from services.sherloc.consumers import HANDLERS
from services.sherloc.legislation import api as legislation_api
from services.sherloc.legislation import gaps_api
from services.sherloc.legislation import store as legislation_store
from services.sherloc.legislation.evolve import evolve as evolve_legislation
from services.sherloc.practices import api as practice_api
from services.sherloc.practices import store as practice_store
from services.sherloc.practices.evolve import evolve as evolve_practice


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of our own journal into the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the own journal only has known facts"
    match fact.aggregate:
        case "practice":
            practice = evolve_practice(await practice_store.known(tx, event.aggregate_id), fact)
            await practice_store.save(tx, practice, fact)
        case _:
            known = await legislation_store.known(tx, event.aggregate_id)
            await legislation_store.save(tx, evolve_legislation(known, fact), fact)


SERVICE = Service(
    name="sherloc",
    folder=Path(__file__).parent,
    routes=[*legislation_api.ROUTES, *gaps_api.ROUTES, *practice_api.ROUTES, *parked_routes("sherloc")],
    listens_to=("delivery", "directory"),
    handlers=HANDLERS,
    rebuild=rebuild,
    tables=("legislation_version", "legislation", "practice_use", "practice"),
    texts=("legislation_text", "remark", "practice_text", "practice_remark", "practice_stems"),
    feed_policy=FeedPolicy(event_feed.seen),
)
