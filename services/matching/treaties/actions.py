"""Actions on treaty status: record a newer one, and match the State's lines again."""

from datetime import date, datetime

from chassis.db.database import Tx
from chassis.journal.outbox import announce
from services.matching.index.memory import Memory
from services.matching.lines import store as line_store
from services.matching.matches import suggestions
from services.matching.texts import store as reading_store
from services.matching.treaties import model as treaties
from services.matching.treaties import store as treaty_store
from services.matching.treaties.model import treaty_status_id_of


async def record(
    tx: Tx, memory: Memory, state: str, instrument: str, *, party: bool, as_of: date, now: datetime
) -> None:
    """Record the status as of a day, end matches it forbids, suggest offerings it allows. Raise Conflict or Invalid."""
    before = await treaty_store.revision(tx, treaty_status_id_of(state, instrument))
    known = next(one for one in await treaty_store.statuses(tx, state) if one.instrument == instrument)
    fact = treaties.record(known, state, party=party, as_of=as_of, now=now)
    await treaty_store.save(tx, fact)
    await announce(tx, fact, version=before + 1)
    cause = tx.announced[-1]
    async with tx.as_service():
        for request_id in await line_store.seeking_of(tx, state):
            await reading_store.queue_request(tx, request_id)
            await suggestions.resuggest(tx, memory, request_id, because=cause, now=now)
