"""The wiring of the delivery service."""

from pathlib import Path

from chassis.db.database import Tx
from chassis.http.parked_api import parked_routes
from chassis.journal.event_feed import FeedPolicy
from chassis.service import Running, Service
from contracts.facts import Event
from contracts.registry import decode_fact
from services.delivery import event_feed
from services.delivery.agreements import api as agreement_api
from services.delivery.agreements import store as agreement_store
from services.delivery.agreements.evolve import evolve as evolve_agreement
from services.delivery.consumers import HANDLERS, forget
from services.delivery.deliveries import api as delivery_api
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.funding import Funding
from services.delivery.dependencies import Dependencies


async def rebuild(tx: Tx, event: Event) -> None:
    """Fold one fact of our own journal into the tables, as the action that announced it did."""
    fact = decode_fact(event)
    assert fact is not None, "the own journal only has known facts"
    if fact.aggregate == "agreement":
        agreement = evolve_agreement(await agreement_store.known(tx, event.aggregate_id), fact)
        await agreement_store.save(tx, agreement, fact)
    else:
        await delivery_store.save(tx, evolve(await delivery_store.known(tx, event.aggregate_id), fact))


def own(running: Running) -> Dependencies:
    return Dependencies(funding=Funding(running.peers))


SERVICE = Service(
    name="delivery",
    folder=Path(__file__).parent,
    routes=[*delivery_api.ROUTES, *agreement_api.ROUTES, *parked_routes("delivery")],
    listens_to=("matching", "directory"),
    handlers=HANDLERS,
    rebuild=rebuild,
    tables=("agreement_version", "agreement", "delivery"),
    texts=("contact_text", "remark", "agreement_text"),
    forget=forget,
    feed_policy=FeedPolicy(event_feed.seen),
    own=own,
)
