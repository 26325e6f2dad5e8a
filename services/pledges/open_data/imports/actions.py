"""Actions on reported flows: store them beside the ledger, and make a pledge from one."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from chassis.auth import callers
from chassis.context import Context
from chassis.db.database import Tx
from contracts.pledges import ImportRecorded
from contracts.reference import countries
from contracts.refusals import Conflict, Invalid
from contracts.values import Money, is_unodc
from services.pledges import policy
from services.pledges.ledger import record
from services.pledges.money import rate_store
from services.pledges.money.model import Validity
from services.pledges.open_data.flows.model import FlowStatus
from services.pledges.open_data.imports import store as import_store
from services.pledges.open_data.imports.iati import Rates
from services.pledges.open_data.imports.model import ImportFormat, ValidatedRows
from services.pledges.pledge import actions
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.policy import Action


async def rates_of(tx: Tx, wanted: Iterable[tuple[str, date]], validity: Validity) -> Rates:
    """Return candidates for the rates of these currencies on these days."""
    return {
        (currency, on): await rate_store.candidates_of(tx, currency, on, validity) for currency, on in sorted(wanted)
    }


async def record_import(
    tx: Tx, import_id: UUID, validated: ValidatedRows, of: ImportFormat, file_hash: str, *, now: datetime
) -> None:
    """Store every row of the file as accepted or rejected.

    Raises Conflict if another import has added an accepted row meanwhile.
    """
    accepted, rejected = len(validated.accepted), len(validated.rejected)
    fact = ImportRecorded(
        import_id=import_id,
        file_hash=file_hash,
        rows=accepted + rejected,
        accepted=accepted,
        rejected=rejected,
        recorded_at=now,
        format=of,
    )
    await record.record(tx, fact, version=1)
    await import_store.save_rows(tx, import_id, validated)


async def pledge_flow(
    tx: Tx,
    ctx: Context,
    pledge_id: UUID,
    import_id: UUID,
    line: int,
    fund: str,
    donor: str,
    earmarking: Earmarking,
    *,
    validity: Validity,
) -> None:
    """Make a pledge from a reported one, in the donor's name, at our rate in force on its value date.

    Raises Conflict for a flow that was not reported as a pledge, or that has a pledge already, in any status.
    """
    policy.decide(ctx.caller, Action.PLEDGE_FLOW, await import_store.get(tx, import_id, ctx.caller)).required()
    flow = await import_store.locked_flow(tx, import_id, line)
    if flow.status is not FlowStatus.PLEDGE:
        raise Conflict("flow-not-a-pledge", status=flow.status)
    if flow.pledge_id is not None:
        raise Conflict("flow-pledged-already", pledge_id=str(flow.pledge_id))
    await _check_donor(tx, donor)
    await actions.pledge(
        tx,
        pledge_id,
        fund,
        Money(minor=flow.minor, currency=flow.currency),
        earmarking,
        flow.description,
        donor=donor,
        import_id=import_id,
        import_line=line,
        on=flow.date,
        validity=validity,
        now=ctx.now,
    )


async def _check_donor(tx: Tx, donor: str) -> None:
    """Raise Invalid unless the donor is a State, or another organization outside UNODC with an appointment."""
    if donor in countries():
        return
    async with tx.as_service():
        known = await callers.is_known(tx, donor)
    if is_unodc(donor) or not known:
        raise Invalid("donor-unknown", donor=donor)
