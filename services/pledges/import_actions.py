"""What can be done with a table of flows that others reported: keep it beside the ledger."""

from datetime import datetime
from uuid import UUID

from chassis.db import Tx
from contracts.pledges import ImportRecorded
from services.pledges import actions, import_store
from services.pledges.import_rules import Judged


async def record_import(tx: Tx, import_id: UUID, judged: Judged, file_hash: str, *, now: datetime) -> None:
    """Keep every row of the table, among the accepted or the rejected ones. Raises Conflict where it was overtaken."""
    accepted, rejected = len(judged.accepted), len(judged.rejected)
    fact = ImportRecorded(
        import_id=import_id,
        file_hash=file_hash,
        rows=accepted + rejected,
        accepted=accepted,
        rejected=rejected,
        recorded_at=now,
    )
    await actions.record(tx, fact, version=1)
    await import_store.save_rows(tx, import_id, judged)
