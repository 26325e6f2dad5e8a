"""Balances of accounts, summed up by book."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from contracts.formats import decimal
from services.console.ledger.words import ACCOUNT, BOOK
from services.console.translations import N_, translations

HEAD = (N_("Book"), N_("Account"), N_("Fund"), N_("Currency"), N_("Amount"), N_("Worth in US dollars"))

Record = Mapping[str, Any]


class AccountBalance(Struct, frozen=True):
    """An account, and its balance on the debit or on the credit side in US cents."""

    account: str
    debit_usd_minor: int
    credit_usd_minor: int


class BookBalance(Struct, frozen=True):
    """The accounts of a book; their two sides are equal."""

    book: str
    accounts: tuple[AccountBalance, ...]
    debit_usd_minor: int
    credit_usd_minor: int


def balances_of(balances: Sequence[Record], fund: str = "") -> tuple[BookBalance, ...]:
    """Return the balances of all funds, or of one. In the API a debit is positive and a credit negative."""
    own = [one for one in balances if not fund or one["fund"] == fund]
    return tuple(_book(book, [one for one in own if one["book"] == book]) for book in BOOK)


def _book(book: str, balances: Sequence[Record]) -> BookBalance:
    sums = {name: sum(one["usd_minor"] for one in balances if one["account"] == name) for name in ACCOUNT}
    accounts = tuple(AccountBalance(name, max(usd, 0), max(-usd, 0)) for name, usd in sums.items() if usd)
    return BookBalance(
        book,
        accounts,
        sum(one.debit_usd_minor for one in accounts),
        sum(one.credit_usd_minor for one in accounts),
    )


def table_of(balances: Sequence[Record], fund: str, language: str) -> list[list[object]]:
    """Return the table of every account in every currency, with its head; a debit is positive and a credit negative."""
    gettext = translations(language).gettext
    return [
        [gettext(one) for one in HEAD],
        *(
            [
                gettext(BOOK[one["book"]]),
                gettext(ACCOUNT[one["account"]]),
                one["fund"],
                one["currency"],
                decimal(one["minor"], one["currency"]),
                decimal(one["usd_minor"], "USD"),
            ]
            for one in balances
            if not fund or one["fund"] == fund
        ),
    ]
