"""A fund's ledger for its IATI file: the published account movements of its entries that the caller may see."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.funds import WORK_PACKAGES
from contracts.refusals import Conflict
from contracts.requests import About
from contracts.values import Caller
from services.pledges.activities import store as activity_store
from services.pledges.funds import store as funds
from services.pledges.open_data.flows.store import FORCE_CUSTOM_PLAN, OTHER_FUND
from services.pledges.open_data.iati import result_store
from services.pledges.open_data.iati.aims import Aims, aims_of
from services.pledges.open_data.iati.published import SIGNS, TRANSACTIONS_MAX, Ledger, Movement, planned_activity_of

# Related values are read per entry, because a join may be planned as all postings for each of them.
_MOVEMENTS = """
    SELECT e.entry_id, e.type, e.donor, e.effective_on AS on,
        CASE e.type WHEN 'reversed' THEN (SELECT o.type FROM entry o WHERE o.entry_id = e.reverses)
            ELSE e.type END AS of_type,
        (SELECT earmarking FROM pledge p WHERE p.pledge_id = e.pledge_id) AS earmarking,
        work_package, requirement_id, activity_id,
        (SELECT json_agg(json_build_array(account, currency, minor)) FROM unnest(e.postings)
         WHERE account = ANY ($5::text[]) AND minor <> 0)::text AS postings,
"""
_OF_FUND = """
    FROM entry e LEFT JOIN LATERAL (
        SELECT work_package, requirement_id, activity_id FROM allocation WHERE allocation_id = e.allocation_id LIMIT 1
    ) AS a ON true
    WHERE reads_of_donor(e.donor, $1, $2) AND e.fund = $3 AND e.recorded_at <= $4
    ORDER BY e.entry_id LIMIT $6
"""
ENTRIES = _MOVEMENTS + OTHER_FUND + _OF_FUND
# Counts up to the limit only.
_COUNT = """
    SELECT count(*) FROM (
        SELECT FROM entry e WHERE reads_of_donor(e.donor, $1, $2) AND e.fund = $3
          AND e.recorded_at <= $4 LIMIT $5) AS found
"""


async def ledger_of(tx: Tx, fund: str, caller: Caller, *, as_of: datetime, site: str = "") -> Ledger:
    """Return the ledger as recorded by `as_of`.

    Raises Missing for an unknown fund, Conflict for more entries than a file may have.
    """
    found = await funds.funds(tx, only=fund, as_of=as_of)
    if not found:
        raise await funds.missing(tx, fund, as_of)
    await tx.execute(FORCE_CUSTOM_PLAN)
    asked = (caller.organization, caller.role, fund, as_of)
    _require_room(await tx.fetchval(_COUNT, *asked, TRANSACTIONS_MAX + 1))
    rows = await tx.fetch(ENTRIES, *asked, list(SIGNS), TRANSACTIONS_MAX + 1)
    # Checked again: without `as_of`, an entry may have been written since it was counted.
    _require_room(len(rows))
    movements = []
    for row in rows:
        of_entry = dict(row)
        for account, currency, minor in msgspec.json.decode(of_entry.pop("postings") or "[]"):
            movements.append(Movement(**of_entry, account=account, currency=currency, minor=minor))
    (one,) = found
    aims = {work_package: Aims(gender_marker=one.gender_marker_of(work_package)) for work_package in WORK_PACKAGES}
    aims |= await _aims(tx, {row["requirement_id"] for row in rows if row["requirement_id"]}, caller)
    requirement_ids = {row["requirement_id"] for row in rows if row["requirement_id"]}
    delivered = await result_store.confirmed_of(tx, requirement_ids, as_of=as_of)
    async with tx.as_service():
        activities = await activity_store.as_of(
            tx, {row["activity_id"] for row in rows if row["activity_id"]}, until=as_of
        )
    held = {}
    for activity_id, (planned, title) in activities.items():
        held[str(activity_id)] = planned_activity_of(planned, title, on=as_of.date())
        aims[str(activity_id)] = aims_of(planned.topics, planned.gender_marker)
    return Ledger(
        fund=one.fund,
        labels=msgspec.structs.asdict(one.labels),
        requirements=one.requirements,
        revised_years=one.revised_years,
        opened_on=one.opened_at.date(),
        on=as_of.astimezone(UTC).date(),
        updated=as_of.astimezone(UTC).isoformat(timespec="seconds"),
        site=site,
        movements=movements,
        gender_marker=one.gender_marker,
        aims=aims,
        held=held,
        delivered=delivered,
    )


def _require_room(entries: int) -> None:
    if entries > TRANSACTIONS_MAX:
        raise Conflict("iati-too-many-transactions", transactions_max=TRANSACTIONS_MAX)


async def _aims(tx: Tx, requirement_ids: Collection[UUID], caller: Caller) -> dict[str, Aims]:
    """Return the aims of these requirements, if stated when they were opened; aims never change."""
    rows = await tx.fetch(
        """
        SELECT requirement_id, about FROM requirement
        WHERE requirement_id = ANY ($3::uuid[])
          AND sees_requirement(requirement.state, requirement.provider, $1, $2) AND about IS NOT NULL
        """,
        caller.organization,
        caller.role,
        requirement_ids,
    )
    abouts = {row["requirement_id"]: msgspec.json.decode(row["about"], type=About) for row in rows}
    return {
        str(requirement_id): aims_of(about.topics, about.gender_marker, kind=about.kind)
        for requirement_id, about in abouts.items()
    }
