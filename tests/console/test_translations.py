"""Messages whose translation depends on their context or on the direction of writing."""

import re

from services.console.statuses import OFFERING_STATUS, PACKAGE_STATUS, REQUEST_STATUS
from services.console.translations import LOCALES, P_, translated


def test_a_status_is_inflected_by_its_noun() -> None:
    withdrawn = [of["withdrawn"] for of in (REQUEST_STATUS, OFFERING_STATUS, PACKAGE_STATUS)]
    assert ["Отозван", "Отозвано", "Отозван"] == [translated("ru", one) for one in withdrawn]
    assert ["Retirada", "Retirada", "Retirado"] == [translated("es", one) for one in withdrawn]


def test_english_has_no_mark() -> None:
    assert "Withdrawn" == translated("en", REQUEST_STATUS["withdrawn"])


def test_a_message_without_a_translation_is_shown_in_english() -> None:
    assert "Not a message" == translated("fr", P_("request", "Not a message")) == translated("fr", "Not a message")


def test_dates_in_digits_are_isolated_in_arabic() -> None:
    """Otherwise browsers show the year of 2027-03-31 last (Unicode Bidirectional Algorithm, isolates)."""
    text = (LOCALES / "ar" / "LC_MESSAGES" / "console.po").read_text(encoding="utf-8")
    of_arabic = [line for line in text.splitlines() if re.search("[\u0621-\u064a]", line)]
    dates = [line for line in of_arabic if re.search(r"\d{4}-\d{2}-\d{2}", line)]

    assert dates
    assert [] == [line for line in dates if not re.search("\u2066\\d{4}-\\d{2}-\\d{2}\u2069", line)]
