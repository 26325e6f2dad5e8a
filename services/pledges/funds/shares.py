"""A donor's share of a fund.

A fund is one pot, so no allocation is the money of one donor. Each donor's share is proportional to what it paid in, in
whole cents that add up, over all donors, to what the fund allocated.
"""

from collections.abc import Mapping

from msgspec import Struct

from contracts.apportionment import apportion

REQUESTS = "requests"
"""The purpose for all allocations to requests together, since a donor does not see which State made which request."""

ACTIVITIES = "activities"
"""The purpose for all allocations to activities together; each activity is also listed separately with its money."""


class Draw(Struct, frozen=True):
    """The money drawn from a fund for a purpose, in US cents; `spent` is a part of `allocated`."""

    purpose: str
    allocated_usd_minor: int
    spent_usd_minor: int


class FundMoney(Struct, frozen=True, kw_only=True):
    """A fund's money: each donor's payments, less programme support cost, and the money drawn from the fund."""

    fund: str
    labels: Mapping[str, str]
    contributed_usd_minor: Mapping[str, int]
    drawn: tuple[Draw, ...]


class FundShare(Struct, frozen=True, kw_only=True):
    """A donor's part of one fund at the end of the period: its payments, its share of the money drawn, and the rest."""

    fund: str
    labels: Mapping[str, str]
    contributed_usd_minor: int
    fund_contributed_usd_minor: int
    drawn: tuple[Draw, ...]
    allocated_usd_minor: int
    spent_usd_minor: int
    balance_usd_minor: int


def share_of(donor: str, pot: FundMoney) -> FundShare:
    """Return one donor's share of the allocated money and, within it, of the spent money.

    The shares of all donors add up to both totals. As long as a fund allocates no more than it received, no share
    exceeds what its donor paid.
    """
    allocated = sum(one.allocated_usd_minor for one in pot.drawn)
    spent = sum(one.spent_usd_minor for one in pot.drawn)
    shares = apportion(allocated, pot.contributed_usd_minor)
    own = shares.get(donor, 0)
    # Weighted by the shares of the allocated money, not by payments, so that no donor's spent amount exceeds its
    # allocated amount.
    own_spent = apportion(spent, shares).get(donor, 0)
    spent_on = apportion(own_spent, {one.purpose: one.spent_usd_minor for one in pot.drawn})
    waiting_on = apportion(
        own - own_spent, {one.purpose: one.allocated_usd_minor - one.spent_usd_minor for one in pot.drawn}
    )
    contributed = pot.contributed_usd_minor.get(donor, 0)
    return FundShare(
        fund=pot.fund,
        labels=pot.labels,
        contributed_usd_minor=contributed,
        fund_contributed_usd_minor=sum(pot.contributed_usd_minor.values()),
        drawn=tuple(
            Draw(purpose, waiting_on.get(purpose, 0) + spent_on.get(purpose, 0), spent_on.get(purpose, 0))
            for purpose in sorted(one.purpose for one in pot.drawn)
        ),
        allocated_usd_minor=own,
        spent_usd_minor=own_spent,
        balance_usd_minor=contributed - own,
    )
