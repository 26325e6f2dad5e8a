"""Actions on funds: each loads the fund, decides, and records a fact. The route opens the transaction."""

from datetime import date, datetime

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.texts import hash_texts
from contracts.funds import YearlyRequirement
from contracts.refusals import Conflict, Invalid
from services.pledges.allocations import model as allocations
from services.pledges.funds import store as funds
from services.pledges.ledger import fiscal_years
from services.pledges.ledger.record import record


async def open_fund(
    tx: Tx,
    code: str,
    labels: funds.Labels,
    requirements: tuple[YearlyRequirement, ...],
    *,
    gender_marker: int | None = None,
    now: datetime,
) -> None:
    """Open a fund. Raises Conflict if it is open already, or for a requirement in a closed year."""
    if await funds.is_open(tx, code):
        raise Conflict("fund-open-already", fund=code)
    for requirement in requirements:
        await fiscal_years.share_lock_open_years(tx, date(requirement.year, 12, 31))
    salt, texts_hash = hash_texts(labels)
    fact = allocations.open_fund(code, requirements, texts_hash, gender_marker=gender_marker, now=now)
    await record(tx, fact, version=1)
    await funds.save_labels(tx, code, labels, salt)


async def revise_requirement(tx: Tx, ctx: Context, code: str, requirement: YearlyRequirement, reason: str) -> None:
    """Revise a fund's requirement for a year. Raises Conflict for a closed year."""
    revision = await funds.lock(tx, code)
    check_revision(revision, ctx.expected)
    await fiscal_years.share_lock_open_years(tx, date(requirement.year, 12, 31))
    before = await funds.requirement_of(tx, code, requirement.year, requirement.work_package)
    fact = allocations.revise_requirement(code, requirement, reason, before_usd_minor=before, now=ctx.now)
    await record(tx, fact, version=revision + 1)


async def state_gender_marker(
    tx: Tx, ctx: Context, code: str, work_package: str | None, gender_marker: int | None
) -> None:
    """Set the gender equality marker of a fund or of one of its work packages."""
    revision = await funds.lock(tx, code)
    check_revision(revision, ctx.expected)
    fact = allocations.state_gender_marker(code, work_package, gender_marker, now=ctx.now)
    await record(tx, fact, version=revision + 1)


async def require_fund(tx: Tx, fund: str | None) -> None:
    """Raise Invalid unless the fund is open; None is all funds, as in a filter."""
    if fund is not None and not await funds.is_open(tx, fund):
        raise Invalid("unknown-code", field="fund", code=fund)
