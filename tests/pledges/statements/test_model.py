"""A donor's statement has the ledger's figures, and adds up no figures that do not belong together."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.apportionment import apportion
from services.pledges.funds.shares import Draw, FundMoney, share_of
from services.pledges.statements.model import Amount, ReversedEntry, Standing
from tests.pledges.statements.builders import (
    AS_OF,
    COMMITTED,
    IN_YEN,
    PAID_AND_BACK,
    PLEDGED,
    POT,
    RECEIVED,
    REFUNDED,
    UNTIL,
    a_promise,
    a_statement,
    entry,
    taken_back,
)

CENTS = st.integers(0, 10**12)
DONORS = st.dictionaries(st.sampled_from(["DEU", "FRA", "KEN", "NOR", "ZAF"]), CENTS, min_size=1)


def test_columns_match_accounts() -> None:
    reported = a_statement().pledges[0]

    assert (
        Standing(
            pledged=Amount(1_000_000, 1_150_000),
            committed=Amount(1_000_000, 1_160_000),
            received=Amount(500_000, 570_150),
            outstanding=Amount(500_000, 580_000),
            exchange_difference=Amount(0, -9_850),
        )
        == reported.closing
    )
    assert ["pledged", "committed", "received"] == [one.type for one in reported.movements]
    assert (1_000_000, "EUR") == (reported.pledged.minor, reported.pledged.currency)


def test_receipt_shows_rate_agreed_worth_and_net_amount() -> None:
    receipt = a_statement().pledges[0].receipts[0]

    assert (1, date(2026, 4, 5), "1.1403", "fictitious", date(2026, 4, 1)) == (
        receipt.number, receipt.received_on, receipt.rate, receipt.rate_source, receipt.rate_date,
    )  # fmt: skip
    assert (580_000, -9_850) == (receipt.agreed_usd_minor, receipt.exchange_difference_usd_minor)
    assert (65_592, 504_558) == (receipt.support_cost_usd_minor, receipt.available_usd_minor)
    assert receipt.money.usd_minor == receipt.support_cost_usd_minor + receipt.available_usd_minor


def test_refunds_and_bank_charges_have_their_sign() -> None:
    back = entry(
        13,
        "refunded",
        date(2026, 5, 1),
        ("refunded", -1_000, -1_150),
        ("bank_charges", -115, -115),
        ("available", 900, 900),
    )
    receipts = a_statement(entries=(PLEDGED, COMMITTED, RECEIVED, back)).pledges[0].receipts

    assert [(1, 500_000), (2, -1_000)] == [(one.number, one.money.minor) for one in receipts]
    assert (115, -900) == (receipts[1].bank_charges_usd_minor, receipts[1].available_usd_minor)


def test_receipt_shows_type_and_reversed_receipt() -> None:
    reported = a_statement(entries=PAID_AND_BACK).pledges[0]

    receipt, refund = (
        ReversedEntry(entry_id=one.entry_id, type=one.type, number=number)
        for number, one in enumerate((RECEIVED, REFUNDED), start=1)
    )
    assert [
        (1, "received", None, 500_000),
        (2, "refunded", None, -900),
        (3, "reversed", refund, 900),
        (4, "reversed", receipt, -500_000),
    ] == [(one.number, one.type, one.takes_back, one.money.minor) for one in reported.receipts]
    assert [one.entry_id for one in PAID_AND_BACK[2:]] == [one.entry_id for one in reported.receipts]
    assert [None, None, None, None, refund, receipt] == [one.takes_back for one in reported.movements]
    assert Amount() == reported.closing.received


def test_reversal_of_unlisted_receipt_has_type_without_number() -> None:
    reported = a_statement(entries=PAID_AND_BACK, starts=date(2026, 5, 2)).pledges[0]

    assert [(3, "refunded", None), (4, "received", None)] == [
        (one.number, one.takes_back.type, one.takes_back.number) for one in reported.receipts if one.takes_back
    ]


def test_other_reversals_have_no_number() -> None:
    met = entry(13, "recognized", date(2026, 5, 1), ("receivable", 100, 116), ("committed", -100, -116))
    reported = a_statement(entries=(PLEDGED, COMMITTED, met, taken_back(14, met, date(2026, 5, 2)))).pledges[0]

    assert ReversedEntry(entry_id=met.entry_id, type="recognized", number=None) == reported.movements[-1].takes_back
    assert () == reported.receipts


def test_receipts_pay_earliest_instalments_first() -> None:
    assert [(date(2026, 3, 5), 400_000, 400_000), (date(2026, 9, 5), 600_000, 100_000)] == [
        (due.due_on, due.minor, due.paid_minor) for due in a_statement().pledges[0].schedule
    ]


def test_agreement_is_absent_as_of_earlier_moment() -> None:
    reported = a_statement(entries=(PLEDGED,)).pledges[0]

    assert (None, None, ()) == (reported.agreement_reference, reported.support_cost_basis_points, reported.schedule)


def test_later_entries_change_no_earlier_statement() -> None:
    later = replace(RECEIVED, entry_id=UUID(int=99), recorded_at=AS_OF + timedelta(microseconds=1))

    assert a_statement() == a_statement(entries=(later, PLEDGED, COMMITTED, RECEIVED, *IN_YEN))


def test_later_value_dates_are_excluded() -> None:
    reported = a_statement(ends=date(2026, 4, 4))

    assert (1_160_000, 0) == (reported.closing.committed_usd_minor, reported.closing.received_usd_minor)
    assert () == reported.pledges[0].receipts


@given(st.dates(date(2026, 1, 1), date(2026, 7, 30)))
def test_closing_balance_does_not_depend_on_start(starts: date) -> None:
    whole, reported = a_statement(), a_statement(starts=starts, ends=max(starts, UNTIL))

    for before, after in zip(whole.pledges, reported.pledges, strict=True):
        assert before.closing == after.closing
        assert after.closing == sum((one.moved for one in after.movements), after.opening)
    assert whole.closing == reported.closing
    assert [one for one in whole.pledges[0].receipts if one.received_on >= starts] == list(reported.pledges[0].receipts)


def test_totals_are_per_currency_and_in_dollars() -> None:
    reported = a_statement(starts=date(2026, 3, 1))

    assert ["EUR", "JPY"] == [one.currency for one in reported.currencies]
    assert (1_000_000, 0) == tuple(one.closing.pledged.minor for one in reported.currencies)
    assert (4_481_500, 1_150_000) == (reported.opening.pledged_usd_minor, reported.closing.pledged_usd_minor)
    assert reported.receipts.received_usd_minor == reported.closing.received_usd_minor == 570_150


# -- shares of a fund -------------------------------------------------------------------------------------------------


def test_share_is_proportional_to_contribution() -> None:
    share = share_of("NOR", POT)

    assert (504_558, 1_504_559) == (share.contributed_usd_minor, share.fund_contributed_usd_minor)
    assert 317_345 * 504_558 // 1_504_559 <= share.allocated_usd_minor <= 317_345 * 504_558 // 1_504_559 + 2
    assert share.balance_usd_minor == 504_558 - share.allocated_usd_minor


def test_donor_without_contribution_has_no_share() -> None:
    share = share_of("KEN", POT)

    assert (0, 0, 0) == (share.allocated_usd_minor, share.spent_usd_minor, share.balance_usd_minor)


@st.composite
def fund_balances(draw: st.DrawFn) -> FundMoney:
    contributed = draw(DONORS)
    left = sum(contributed.values())
    drawn = []
    for purpose in draw(st.lists(st.sampled_from(["development", "maintenance", "requests", "training"]), unique=True)):
        allocated = draw(st.integers(0, left))
        left -= allocated
        drawn.append(Draw(purpose, allocated, draw(st.integers(0, allocated))))
    return replace(POT, contributed_usd_minor=contributed, drawn=tuple(drawn))


@given(fund_balances())
def test_shares_add_up_and_never_exceed_contributions(pot: FundMoney) -> None:
    shares = [share_of(donor, pot) for donor in pot.contributed_usd_minor]

    assert sum(one.allocated_usd_minor for one in pot.drawn) == sum(one.allocated_usd_minor for one in shares)
    assert sum(one.spent_usd_minor for one in pot.drawn) == sum(one.spent_usd_minor for one in shares)
    for share in shares:
        assert share.balance_usd_minor >= 0
        assert 0 <= share.spent_usd_minor <= share.allocated_usd_minor
        assert share.allocated_usd_minor == sum(one.allocated_usd_minor for one in share.drawn)
        assert share.spent_usd_minor == sum(one.spent_usd_minor for one in share.drawn)
        assert all(0 <= one.spent_usd_minor <= one.allocated_usd_minor for one in share.drawn)


def test_spent_share_never_exceeds_allocated_share() -> None:
    # The Alabama paradox: of 4 cents the first donor gets none, of 3 cents one.
    weights = {"DEU": 1, "KEN": 3, "NOR": 3}
    assert (0, 1) == (apportion(4, weights)["DEU"], apportion(3, weights)["DEU"])

    share = share_of("DEU", replace(POT, contributed_usd_minor=weights, drawn=(Draw("training", 4, 3),)))
    assert (0, 0) == (share.allocated_usd_minor, share.spent_usd_minor)


@given(CENTS, DONORS)
def test_apportionment_is_exact_within_one_cent(total: int, weights: Mapping[str, int]) -> None:
    parts, whole = apportion(total, weights), sum(weights.values())

    if not whole or not total:
        assert {} == parts
        return
    assert total == sum(parts.values())
    for name, part in parts.items():
        exact = total * weights[name] // whole
        assert part in {exact, exact + 1}
        assert part <= -(-total * weights[name] // whole)


@pytest.mark.parametrize(("total", "weights"), [(-5, {"NOR": 1}), (5, {}), (5, {"NOR": 0, "DEU": -3})])
def test_apportionment_without_weights_is_empty(total: int, weights: Mapping[str, int]) -> None:
    assert {} == apportion(total, weights)


def test_unknown_code_is_shown_unchanged() -> None:
    reported = a_statement((a_promise(),), (PLEDGED, entry(14, "carried_over", date(2026, 5, 1), ("pledged", -1, -1))))

    assert "carried_over" == reported.pledges[0].movements[-1].type
    assert 999_999 == reported.pledges[0].closing.pledged.minor
