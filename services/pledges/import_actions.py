"""What can be done with flows that others reported: keep them beside the ledger."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from chassis.db import Tx
from contracts.pledges import ImportRecorded
from services.pledges import actions, import_store, rates
from services.pledges.import_iati import Rates
from services.pledges.import_rules import ImportFormat, Judged
from services.pledges.money import Validity


async def rates_of(tx: Tx, wanted: Iterable[tuple[str, date]], validity: Validity) -> Rates:
    """The rates that may be in force of these currencies on these days."""
    return {(currency, on): await rates.may_be_in_force(tx, currency, on, validity) for currency, on in sorted(wanted)}


async def record_import(
    tx: Tx, import_id: UUID, judged: Judged, of: ImportFormat, file_hash: str, *, now: datetime
) -> None:
    """Keep every row of the file, among the accepted or the rejected ones. Raises Conflict where it was overtaken."""
    accepted, rejected = len(judged.accepted), len(judged.rejected)
    fact = ImportRecorded(
        import_id=import_id,
        file_hash=file_hash,
        rows=accepted + rejected,
        accepted=accepted,
        rejected=rejected,
        recorded_at=now,
        format=of,
    )
    await actions.record(tx, fact, version=1)
    await import_store.save_rows(tx, import_id, judged)
