"""Entries and balances as accounts with two sides, and labels for all of them."""

from typing import Any

from services.console.ledger.balances import balances_of, table_of
from services.console.ledger.words import ACCOUNT, BOOK, ENTRY, amount_of, books_of
from services.pledges.ledger.postings import Account, Book, EntryType


def posting(book: str, account: str, minor: int, currency: str = "USD", usd: int | None = None) -> dict[str, Any]:
    usd_minor = minor if usd is None else usd
    return {"book": book, "account": account, "minor": minor, "currency": currency, "usd_minor": usd_minor, "fund": "F"}


REFUND = [
    posting("paid", "available", 88),
    posting("paid", "programme_support", 12),
    posting("paid", "exchange_position", -100),
    posting("paid", "exchange_position", 80, "CHF", 100),
    posting("paid", "refunded", -80, "CHF", -100),
]


def test_every_account_book_and_type_of_entry_has_words() -> None:
    assert {str(one) for one in Account} == set(ACCOUNT)
    assert {str(one) for one in Book} == set(BOOK)
    assert {str(one) for one in EntryType} == set(ENTRY)


def test_debits_stand_before_credits_and_both_sides_are_equal() -> None:
    (book,) = books_of(REFUND)

    assert [True, True, True, False, False] == [one.debit is not None for one in book.lines]
    assert 200 == book.usd_minor == sum(one.credit_usd_minor or 0 for one in book.lines)
    assert {"minor": 80, "currency": "CHF"} == book.lines[-1].credit


def test_entry_of_two_books_has_two_accounts() -> None:
    found = books_of([posting("pledged", "pledged", -5), posting("committed", "receivable", 5)])

    assert ["pledged", "committed"] == [one.book for one in found]


def test_amount_of_entry_is_in_the_currency_of_its_pledge() -> None:
    assert {"minor": 80, "currency": "CHF"} == amount_of({"postings": REFUND}, "CHF")
    assert {"minor": 100, "currency": "USD"} == amount_of({"postings": REFUND[:3]}, "CHF")


def test_balances_add_up_currencies_and_leave_out_zero() -> None:
    *_, paid = balances_of(REFUND)

    assert {"available": 88, "programme_support": 12} == {
        one.account: one.debit_usd_minor for one in paid.accounts if one.debit_usd_minor
    }
    assert paid.debit_usd_minor == paid.credit_usd_minor == 100
    assert all(not one.accounts for one in balances_of(REFUND, fund="another"))


def test_table_of_balances_keeps_currencies() -> None:
    rows = table_of(REFUND, "", "en")

    assert ["Payments", "Refunded", "F", "CHF", "-0.80", "-1.00"] == [str(cell) for cell in rows[-1]]
