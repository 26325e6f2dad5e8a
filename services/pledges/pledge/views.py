"""Views of a pledge."""

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.values import Caller, Money
from services.pledges import policy
from services.pledges.pledge import store
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import Pledge, Status
from services.pledges.pledge.schedule import due
from services.pledges.policy import Action


class InstalmentView(Struct, frozen=True, kw_only=True):
    """An instalment; `open` is the amount owed and neither received nor written off.

    `late` is true if it is due and not fully received. An instalment with an open condition (`condition` without
    `met_on`) is never late, and its `open` is 0.
    """

    number: int
    due_on: date
    minor: int
    condition: str | None
    met_on: date | None
    open_minor: int
    late: bool


class PledgeView(Struct, frozen=True, kw_only=True):
    """A pledge and its amounts, in its own currency unless in US cents.

    A pledge that UNODC recorded for its donor was reported in line `import_line` of the import `import_id`.

    `outstanding` is owed and not received, `conditional` has open conditions. Of the amount `received`, `refunded` went
    back to the donor and `carried_over_usd_minor` to another fund; the latter is known in dollars only.

    Each amount in US cents is at the rate of its own day: `usd_minor` at the pledge's, which is in `rate`, the others
    at those of the agreement and of each receipt, which are in the ledger's entries.

    This is the current state: `as_of` is null and `final` is false.
    """

    pledge_id: UUID
    donor: str
    fund: str
    status: Status
    revision: int
    money: Money
    usd_minor: int
    rate: str
    rate_source: str
    rate_date: date
    earmarking: Earmarking
    requirement_id: UUID | None
    extension_id: UUID | None
    import_id: UUID | None
    import_line: int | None
    note: str
    pledged_on: date
    pledged_at: datetime
    committed_on: date | None
    committed_usd_minor: int | None
    support_cost_basis_points: int | None
    agreement: str | None
    instalments: list[InstalmentView]
    conditional: Money
    receipts: int
    received: Money
    received_usd_minor: int
    received_on: date | None
    outstanding: Money
    written_off: Money
    refunded: Money
    refunded_usd_minor: int
    carried_over_usd_minor: int
    moves: tuple[str, ...]
    as_of: datetime | None
    final: bool


async def pledge_view(tx: Tx, ctx: Context, pledge_id: UUID) -> PledgeView:
    """Return the pledge. Raises Missing if this caller may not see it."""
    pledge, note = await store.pledge_with_note(tx, pledge_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_PLEDGE, pledge).required()
    return view_of(pledge, note, caller=ctx.caller, today=ctx.today)


def view_of(pledge: Pledge, note: str, *, caller: Caller, today: date) -> PledgeView:
    def money(minor: int) -> Money:
        return Money(minor=minor, currency=pledge.currency)

    return from_attributes(
        PledgeView,
        pledge,
        **asdict(pledge.valuation),
        note=note,
        instalments=_instalments(pledge, today),
        conditional=money(pledge.conditional_minor),
        received=money(pledge.received_minor),
        outstanding=money(pledge.outstanding_minor),
        written_off=money(pledge.written_off_minor),
        refunded=money(pledge.refunded_minor),
        moves=policy.moves_open_to(caller, pledge),
        as_of=None,
        final=False,
    )


def _instalments(pledge: Pledge, today: date) -> list[InstalmentView]:
    """Return the instalments, in which written-off amounts are not open."""
    settled = pledge.received_minor + pledge.written_off_minor
    open_minor = {one.instalment.number: one.open_minor for one in due(pledge.schedule, settled)}
    return [
        from_attributes(
            InstalmentView,
            part,
            open_minor=open_minor.get(part.number, 0),
            late=part.number in open_minor and part.due_on < today,
        )
        for part in pledge.schedule
    ]
