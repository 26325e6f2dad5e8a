"""The end of an agreement, which follows from that of its delivery."""

from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.outbox import announce
from contracts.facts import Event
from services.delivery.agreements import store
from services.delivery.agreements.evolve import evolve
from services.delivery.agreements.model import AgreementStatus, agreement_id_of


async def end(
    tx: Tx, delivery_id: UUID, status: AgreementStatus, *, now: datetime, because: Event | None = None
) -> None:
    """End the agreement of a delivery, if one was proposed."""
    found = await store.get_as_service(tx, agreement_id_of(delivery_id))
    if found is None:
        return
    fact = found.end(status, now=now)
    after = evolve(found, fact)
    await store.save(tx, after, fact)
    await announce(tx, fact, version=after.revision, because=because)
