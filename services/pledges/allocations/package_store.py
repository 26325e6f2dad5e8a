"""Pledges from which the parties to a package agreed to pay a match; taken from the facts of matching."""

from collections.abc import Collection, Mapping
from uuid import UUID

from msgspec import Struct

from chassis.db.database import Tx
from contracts.packages import PackageConfirmed
from contracts.values import Money


class AgreedPledge(Struct, frozen=True, kw_only=True):
    """The money of a pledge that State, provider, unit and donor agreed to use for a match."""

    package_id: UUID
    pledge_id: UUID
    money: Money


async def save(tx: Tx, fact: PackageConfirmed) -> None:
    """Save the agreed pledge of a match; a repeated fact changes nothing."""
    await tx.execute(
        """
        INSERT INTO agreed_pledge (match_id, package_id, pledge_id, minor, currency) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (match_id) DO NOTHING
        """,
        fact.match_id,
        fact.package_id,
        fact.pledge_id,
        fact.money.minor,
        fact.money.currency,
    )


async def of_matches(tx: Tx, match_ids: Collection[UUID]) -> Mapping[UUID, AgreedPledge]:
    """Return the agreed pledges of these matches, by match, as far as the caller sees their requirements."""
    rows = await tx.fetch(
        """
        SELECT match_id, package_id, pledge_id, minor, currency FROM agreed_pledge WHERE match_id = ANY ($1::uuid[])
        """,
        list(match_ids),
    )
    return {
        row["match_id"]: AgreedPledge(
            package_id=row["package_id"],
            pledge_id=row["pledge_id"],
            money=Money(minor=row["minor"], currency=row["currency"]),
        )
        for row in rows
    }
