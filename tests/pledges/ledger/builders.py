"""Funds, days and rates for tests of postings."""

from collections import Counter
from datetime import date

from contracts.pledges import Rate
from services.pledges.ledger.postings import Book, Entry

FUNDS = ("SHERLOC-MNT", "SHERLOC-DEV", "TA-REQUESTS")
DAYS = (date(2026, 2, 3), date(2026, 3, 4), date(2026, 4, 5), date(2026, 5, 6))
RATES = [
    Rate(source="fictitious", currency=currency, valid_from=day.replace(day=1), usd_per_unit=rate)
    for currency, per_day in {
        "EUR": ("1.1569", "1.1523", "1.1442", "1.1511"),
        "JPY": ("0.006617", "0.006657", "0.006697", "0.006670"),
        "KWD": ("3.2828", "3.2698", "3.2535", "3.2763"),
    }.items()
    for day, rate in zip(DAYS, per_day, strict=True)
]


def check_balances(entry: Entry) -> None:
    """Check that each book of an entry sums to zero, in every currency and in US dollars."""
    minor: Counter[tuple[Book, str]] = Counter()
    usd: Counter[Book] = Counter()
    for posting in entry.postings:
        minor[posting.book, posting.currency] += posting.minor
        usd[posting.book] += posting.usd_minor
        assert posting.minor or posting.usd_minor
        assert posting.currency != "USD" or posting.minor == posting.usd_minor
        assert posting.minor * posting.usd_minor >= 0
        assert (posting.currency == "USD") == (posting.rate is None), posting
    assert not any(minor.values()), entry
    assert not any(usd.values()), entry
