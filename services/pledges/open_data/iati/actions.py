"""Actions on events of results of deliveries, which are published with the money that paid for them."""

from chassis.db.database import Tx
from contracts.facts import Event
from contracts.results import ResultConfirmed, ResultDisputed, ResultReported
from services.pledges.open_data.iati import result_store


async def on_result_reported(tx: Tx, event: Event, fact: ResultReported) -> None:
    await result_store.report(tx, event, fact)


async def on_result_confirmed(tx: Tx, event: Event, fact: ResultConfirmed) -> None:
    await result_store.confirm(tx, event, fact.result_id)


async def on_result_disputed(tx: Tx, event: Event, fact: ResultDisputed) -> None:
    await result_store.end(tx, event, fact.result_id)
