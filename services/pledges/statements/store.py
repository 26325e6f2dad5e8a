"""Rows of a donor's statement, as recorded by a moment."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec
from msgspec.structs import asdict

from chassis.db.database import Tx
from contracts.refusals import Mismatch
from contracts.values import Caller
from services.pledges.funds import store as funds
from services.pledges.funds.shares import ACTIVITIES, REQUESTS, Draw, FundMoney
from services.pledges.in_kind import store as in_kind_store
from services.pledges.in_kind.model import InKindContribution
from services.pledges.ledger import history_store
from services.pledges.statements.agreed import agreed_by
from services.pledges.statements.model import (
    ENTRIES_MAX,
    IN_KIND_MAX,
    PLEDGES_MAX,
    PRINTED_LINES_MAX,
    Promise,
    Recorded,
    Statement,
    lines_in,
)


async def promises(
    tx: Tx, caller: Caller, donor: str, *, fund: str | None, ends: date, as_of: datetime
) -> list[Promise]:
    """List the donor's pledges that this caller may see, each with the terms of its agreement as of the last day.

    Raises Mismatch for more than a statement may have.
    """
    rows = await tx.fetch(
        """
        SELECT pledge_id, fund, currency, earmarking,
            coalesce((SELECT note FROM pledge_text t WHERE t.pledge_id = pledge.pledge_id), '') AS note
        FROM pledge
        WHERE reads_of_donor(pledge.donor, $1, $2) AND donor = $3 AND ($4::text IS NULL OR fund = $4)
          AND EXISTS (SELECT FROM entry WHERE entry.pledge_id = pledge.pledge_id AND recorded_at <= $5)
        ORDER BY pledge_id LIMIT $6
        """,
        caller.organization,
        caller.role,
        donor,
        fund,
        as_of,
        PLEDGES_MAX + 1,
    )
    if len(rows) > PLEDGES_MAX:
        raise _too_large()
    # The facts have the terms as of the moment; the row has the current terms.
    async with tx.as_service():
        statement = await history_store.facts_of(tx, [row["pledge_id"] for row in rows], until=as_of)
    return [Promise(**dict(row), **asdict(agreed_by(statement[row["pledge_id"]], ends))) for row in rows]


async def recorded(tx: Tx, caller: Caller, found: Sequence[Promise], *, ends: date, as_of: datetime) -> list[Recorded]:
    """List the entries of these pledges. Raises Mismatch for more than a statement may have."""
    rows = await tx.fetch(
        """
        SELECT entry_id, type, pledge_id, effective_on, recorded_at, trim_scale(rate)::text AS rate, rate_source,
            rate_date, reverses,
            (SELECT json_agg(json_build_object('account', account, 'minor', minor, 'usd_minor', usd_minor))
             FROM unnest(postings))::text AS postings
        FROM entry
        WHERE reads_of_donor(entry.donor, $1, $2) AND pledge_id = ANY ($3::uuid[]) AND effective_on <= $4
          AND recorded_at <= $5
        LIMIT $6
        """,
        caller.organization,
        caller.role,
        [promise.pledge_id for promise in found],
        ends,
        as_of,
        ENTRIES_MAX + 1,
    )
    if len(rows) > ENTRIES_MAX:
        raise _too_large()
    return [msgspec.convert({**dict(row), "postings": msgspec.json.decode(row["postings"])}, Recorded) for row in rows]


async def in_kind(
    tx: Tx, caller: Caller, donor: str, *, fund: str | None, as_of: datetime
) -> list[tuple[InKindContribution, str]]:
    """List the donor's contributions in kind that this caller may see, as of `as_of`, with its descriptions.

    Raises Mismatch for more than a statement may have.
    """
    rows = await tx.fetch(
        """
        SELECT in_kind_contribution_id, coalesce((SELECT description FROM in_kind_contribution_text t
            WHERE t.in_kind_contribution_id = in_kind_contribution.in_kind_contribution_id), '') AS description
        FROM in_kind_contribution
        WHERE reads_of_donor(in_kind_contribution.donor, $1, $2) AND donor = $3 AND ($4::text IS NULL OR fund = $4)
          AND declared_at <= $5
        ORDER BY in_kind_contribution_id LIMIT $6
        """,
        caller.organization,
        caller.role,
        donor,
        fund,
        as_of,
        IN_KIND_MAX + 1,
    )
    if len(rows) > IN_KIND_MAX:
        raise _too_large()
    async with tx.as_service():
        statement = await in_kind_store.as_of(tx, [row["in_kind_contribution_id"] for row in rows], until=as_of)
    return [
        (statement[row["in_kind_contribution_id"]], row["description"])
        for row in rows
        if row["in_kind_contribution_id"] in statement
    ]


def require_printable(statement: Statement) -> None:
    """Raise Mismatch if there are more lines than can be printed."""
    if lines_in(statement) > PRINTED_LINES_MAX:
        raise _too_large(PRINTED_LINES_MAX)


def _too_large(entries_max: int = ENTRIES_MAX) -> Mismatch:
    return Mismatch(
        "statement-too-large", pledges_max=PLEDGES_MAX, entries_max=entries_max, in_kind_contributions_max=IN_KIND_MAX
    )


CONTRIBUTED = """
    SELECT fund, donor, -sum(p.usd_minor) AS usd_minor FROM entry CROSS JOIN unnest(postings) AS p
    WHERE fund = ANY ($1::text[]) AND account = 'available' AND donor IS NOT NULL AND effective_on <= $2
      AND recorded_at <= $3
    GROUP BY fund, donor ORDER BY fund, donor
"""
# Spent money was allocated before: the two accounts together are all that was ever allocated. A balance up to a day is
# read as in `balances`: that year and those before, less what takes effect in the rest of that year.
DRAWN = """
    SELECT fund, coalesce(nullif(work_package, ''), CASE WHEN of_activities THEN $5 ELSE $4 END) AS purpose,
        -sum(usd_minor) AS allocated, -coalesce(sum(usd_minor) FILTER (WHERE account = 'spent'), 0) AS spent
    FROM (
        SELECT of.fund, account, work_package, of_activities, usd_minor FROM unnest($1::text[]) AS of(fund)
        CROSS JOIN LATERAL held_by_fund(of.fund, $3) AS parts
        WHERE year <= extract(year FROM $2::date)
        UNION ALL
        SELECT entry.fund, account, coalesce(work_package, ''), activity_id IS NOT NULL, -p.usd_minor
        FROM entry JOIN allocation USING (allocation_id) CROSS JOIN unnest(postings) AS p
        WHERE entry.fund = ANY ($1::text[]) AND effective_on > $2
          AND effective_on < date_trunc('year', $2) + interval '1 year' AND recorded_at <= $3
    ) AS moved
    WHERE account IN ('allocated', 'spent')
    GROUP BY fund, purpose HAVING sum(usd_minor) <> 0 ORDER BY fund, purpose
"""


async def fund_balances(tx: Tx, codes: Sequence[str], *, ends: date, as_of: datetime) -> list[FundMoney]:
    """Return each donor's payments to these funds and the money drawn from them, as the service, to compute shares."""
    contributed = await tx.fetch(CONTRIBUTED, codes, ends, as_of)
    drawn = await tx.fetch(DRAWN, codes, ends, as_of, REQUESTS, ACTIVITIES)
    return [
        FundMoney(
            fund=code,
            labels=msgspec.structs.asdict((await funds.funds(tx, only=code))[0].labels),
            contributed_usd_minor={row["donor"]: int(row["usd_minor"]) for row in contributed if row["fund"] == code},
            drawn=tuple(
                Draw(row["purpose"], int(row["allocated"]), int(row["spent"])) for row in drawn if row["fund"] == code
            ),
        )
        for code in codes
    ]


async def funds_of(tx: Tx, caller: Caller, found: Sequence[Promise], *, as_of: datetime) -> list[str]:
    """List the funds that received money of these pledges, also by carry-over.

    A pledge without receipts discloses no fund.
    """
    rows = await tx.fetch(
        """
        SELECT DISTINCT fund FROM entry
        WHERE reads_of_donor(entry.donor, $1, $2) AND pledge_id = ANY ($3::uuid[]) AND recorded_at <= $4
            AND type IN ('received', 'brought_forward')
        ORDER BY fund
        """,
        caller.organization,
        caller.role,
        [promise.pledge_id for promise in found],
        as_of,
    )
    return [row["fund"] for row in rows]
