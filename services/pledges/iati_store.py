"""A fund's ledger as IATI's file is made of it: what each entry did to the accounts that are told, for whom may see."""

from datetime import datetime

import msgspec

from chassis.db import Tx
from contracts.refusals import Conflict, Missing
from contracts.values import Caller
from services.pledges import funds
from services.pledges.iati.published import SIGNS, TRANSACTIONS_MAX, Ledger, Movement


async def ledger_of(tx: Tx, fund: str, caller: Caller, *, as_at: datetime) -> Ledger:
    """What had been recorded by then. Raises Missing for no such fund, Conflict for more than a file holds."""
    found = await funds.funds(tx, only=fund, as_at=as_at)
    if not found:
        raise Missing("not-found")
    # What belongs to an entry is asked for entry by entry: joined, it may be planned as all postings for each of them.
    rows = await tx.fetch(
        """
        SELECT entry_id, type, donor, effective_on AS on,
            CASE type WHEN 'reversed' THEN (SELECT o.type FROM entry o WHERE o.entry_id = entry.reverses)
                ELSE type END AS of_type,
            (SELECT earmarking FROM pledge p WHERE p.pledge_id = entry.pledge_id) AS earmarking,
            (SELECT work_package FROM allocation a WHERE a.allocation_id = entry.allocation_id) AS work_package,
            (SELECT requirement_id FROM allocation a WHERE a.allocation_id = entry.allocation_id) AS requirement_id,
            (SELECT json_agg(json_build_array(account, currency, minor)) FROM unnest(postings)
             WHERE account = ANY ($5::text[]) AND minor <> 0)::text AS postings
        FROM entry
        WHERE may_see(entry, $1, $2) AND fund = $3 AND recorded_at <= $4
        ORDER BY entry_id LIMIT $6
        """,
        caller.organization,
        caller.role,
        fund,
        as_at,
        list(SIGNS),
        TRANSACTIONS_MAX + 1,
    )
    if len(rows) > TRANSACTIONS_MAX:
        raise Conflict("iati-too-many-transactions", transactions_max=TRANSACTIONS_MAX)
    movements = []
    for row in rows:
        of_entry = dict(row)
        for account, currency, minor in msgspec.json.decode(of_entry.pop("postings") or "[]"):
            movements.append(Movement(**of_entry, account=account, currency=currency, minor=minor))
    (one,) = found
    return Ledger(
        fund=one.fund,
        labels=msgspec.structs.asdict(one.labels),
        requirements=one.requirements,
        revised_years=one.revised_years,
        opened_on=one.opened_at.date(),
        movements=movements,
    )
