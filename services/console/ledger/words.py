"""Labels of the ledger's types of entries, books and accounts; and entries as accounts with two sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from services.console.translations import N_

ENTRY = {
    "pledged": N_("Pledged"),
    "committed": N_("Agreement signed"),
    "recognized": N_("Condition met"),
    "received": N_("Payment received"),
    "withdrawn": N_("Pledge withdrawn"),
    "lapsed": N_("Pledge lapsed"),
    "reduced": N_("Reduced"),
    "written_off": N_("Written off"),
    "refunded": N_("Refunded to the donor"),
    "carried_over": N_("Carried over to another fund"),
    "brought_forward": N_("Brought over from another fund"),
    "allocated": N_("Allocated"),
    "returned": N_("Given back to the fund"),
    "spent": N_("Spent by UNODC"),
    "disbursed": N_("Paid to a provider"),
    "reversed": N_("Reversed"),
}
BOOK = {"pledged": N_("Pledges"), "committed": N_("Agreements"), "paid": N_("Payments")}
ACCOUNT = {
    "pledged": N_("Open pledges"),
    "pledged_contra": N_("Pledges of donors"),
    "receivable": N_("Owed by donors"),
    "committed": N_("Agreed contributions"),
    "discharged": N_("Paid by donors"),
    "written_off": N_("Written off"),
    "exchange_difference": N_("Exchange difference"),
    "rounding": N_("Rounding"),
    "cash": N_("Money received"),
    "exchange_position": N_("Exchange of currencies"),
    "available": N_("Available"),
    "allocated": N_("Allocated"),
    "spent": N_("Spent"),
    "programme_support": N_("Programme support cost"),
    "bank_charges": N_("Bank charges"),
    "refunded": N_("Refunded"),
    "transferred": N_("Transferred to other funds"),
}

Record = Mapping[str, Any]


class Line(Struct, frozen=True):
    """An account in an entry: its amount on the debit or on the credit side, in its currency and in US cents."""

    account: str
    debit: Mapping[str, Any] | None
    credit: Mapping[str, Any] | None
    debit_usd_minor: int | None
    credit_usd_minor: int | None
    rate: str | None
    rate_currency: str | None


class Book(Struct, frozen=True):
    """The accounts of one book; their two sides are equal."""

    book: str
    lines: tuple[Line, ...]
    usd_minor: int


def books_of(postings: Sequence[Record]) -> tuple[Book, ...]:
    """Return an entry by book, debits first. In the API a debit is positive and a credit negative."""
    found = []
    for book in dict.fromkeys(posting["book"] for posting in postings):
        own = sorted((one for one in postings if one["book"] == book), key=lambda one: -one["usd_minor"])
        debits = sum(one["usd_minor"] for one in own if one["usd_minor"] > 0)
        found.append(Book(book, tuple(_line(one) for one in own), debits))
    return tuple(found)


def _line(posting: Record) -> Line:
    amount = {"minor": abs(posting["minor"]), "currency": posting["currency"]}
    usd_minor, is_debit = abs(posting["usd_minor"]), (posting["minor"] or posting["usd_minor"]) > 0
    return Line(
        account=posting["account"],
        debit=amount if is_debit else None,
        credit=None if is_debit else amount,
        debit_usd_minor=usd_minor if is_debit else None,
        credit_usd_minor=None if is_debit else usd_minor,
        rate=posting.get("rate"),
        rate_currency=posting.get("rate_currency"),
    )


def amount_of(entry: Record, currency: str | None = None) -> Mapping[str, Any]:
    """Return the amount of an entry: that of its largest posting, in this currency if there is one."""
    postings = entry["postings"]
    own = [one for one in postings if one["currency"] == currency] or postings
    most = max(own, key=lambda one: (abs(one["usd_minor"]), abs(one["minor"])))
    return {"minor": abs(most["minor"]), "currency": most["currency"]}
