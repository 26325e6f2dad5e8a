"""Invariants of all entries and pledges together: signs of accounts, flows, and each pledge's books."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from services.pledges.ledger.postings import Account
from services.pledges.ledger.store import EntryRow
from services.pledges.open_data.flows.model import Boundary, FlowStatus
from services.pledges.pledge.model import Pledge, Status
from tests.pledges.ledger.builders import check_balances
from tests.pledges.ledger.count import Count
from tests.pledges.open_data.flow_chains import chained, check_chains

# Accounts that may be negative or positive: credit accounts never rise above 0, debit accounts never fall below it.
SWINGING = {
    Account.EXCHANGE_DIFFERENCE,
    Account.ROUNDING,
    Account.EXCHANGE_POSITION,
    Account.TRANSFERRED,
    Account.DISCHARGED,
}
DEBITS = {Account.PLEDGED, Account.RECEIVABLE, Account.WRITTEN_OFF, Account.CASH}


def check_invariants(entries: Sequence[EntryRow], pledges: Sequence[Pledge], count: Count) -> None:
    for entry in entries:
        check_balances(entry)
    _check_signs(entries)
    _check_flows(entries, count)
    for pledge in pledges:
        _check_pledge(pledge, [entry for entry in entries if entry.pledge_id == pledge.pledge_id])


def _check_signs(entries: Sequence[EntryRow]) -> None:
    for (_, account, currency), (minor, usd_minor) in _sums(entries).items():
        if account not in SWINGING:
            sign = 1 if account in DEBITS else -1
            assert minor * sign >= 0, (account, currency)
            assert usd_minor * sign >= 0, (account, currency)


def _sums(entries: Sequence[EntryRow]) -> Mapping[tuple[str, Account, str], tuple[int, int]]:
    minor, usd_minor = Counter[Any](), Counter[Any]()
    for entry in entries:
        for posting in entry.postings:
            key = (entry.fund, posting.account, posting.currency)
            minor[key] += posting.minor
            usd_minor[key] += posting.usd_minor
    return {key: (minor[key], usd_minor[key]) for key in minor}


def _check_flows(entries: Sequence[EntryRow], count: Count) -> None:
    """Check that the flows of a fund, boundary and status add up to a figure of the fund.

    The parts of a flow never exceed it.
    """
    flows = chained(entries)
    check_chains(flows)
    sums, refunded = Counter[tuple[str, Boundary, FlowStatus]](), Counter[str]()
    for flow in flows:
        sums[flow.fund, flow.kind.boundary, flow.kind.status] += flow.usd_minor
        if flow.account is Account.REFUNDED:
            refunded[flow.fund] += flow.usd_minor
    funds = {entry.fund for entry in entries}
    for fund in funds:
        figures = {
            (Boundary.INCOMING, FlowStatus.PLEDGE): count[fund, "pledged"],
            (Boundary.INCOMING, FlowStatus.COMMITMENT): count[fund, "committed"],
            (Boundary.INCOMING, FlowStatus.PAID): count[fund, "paid"],
            (Boundary.INTERNAL, FlowStatus.COMMITMENT): count[fund, "allocated"],
            (Boundary.INTERNAL, FlowStatus.PAID): count[fund, "transferred"],
            (Boundary.OUTGOING, FlowStatus.PAID): count[fund, "spent"] + count[fund, "refunded"],
        }
        assert figures == {kind: sums[fund, *kind] for kind in figures}, fund
        assert count[fund, "refunded"] == refunded[fund], fund
    assert 0 == sum(sums[fund, Boundary.INTERNAL, FlowStatus.PAID] for fund in funds), (
        "transfers between funds add up to zero"
    )


def _check_pledge(pledge: Pledge, entries: Sequence[EntryRow]) -> None:
    """Check that a pledge's amounts are those of its entries, and stay within the agreed amount."""
    held: dict[Account, tuple[int, int]] = {
        account: amounts
        for (fund, account, currency), amounts in _sums(entries).items()
        if (fund, currency) == (pledge.fund, pledge.currency)
    }
    still_pledged = pledge.minor if pledge.status is Status.PLEDGED else 0
    assert held.get(Account.PLEDGED, (0, 0)) == (still_pledged, pledge.open_usd_minor)
    assert held.get(Account.RECEIVABLE, (0, 0)) == (pledge.outstanding_minor, pledge.carried_usd_minor)
    assert pledge.outstanding_minor or not pledge.carried_usd_minor, "an amount that is not owed has no carrying value"
    assert -held.get(Account.COMMITTED, (0, 0))[0] == pledge.recognized_minor
    assert 0 <= pledge.received_minor + pledge.written_off_minor <= pledge.recognized_minor <= pledge.minor
    if pledge.committed_on is not None:
        of_schedule = [sum(part.minor for part in pledge.schedule if part.owed is owed) for owed in (True, False)]
        assert of_schedule == [pledge.recognized_minor, pledge.conditional_minor], (
            "amounts equal the sums of the instalments"
        )
    assert 0 <= pledge.refunded_minor <= pledge.received_minor
    assert pledge.support_cost_usd_minor >= 0
    assert pledge.refunded_minor or pledge.usable_usd_minor >= 0, "no more of a donor's money is used than was received"
