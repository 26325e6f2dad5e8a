"""Messages whose translation depends on their context."""

from services.console.statuses import OFFERING_STATUS, PACKAGE_STATUS, REQUEST_STATUS
from services.console.translations import P_, translated


def test_a_status_is_inflected_by_its_noun() -> None:
    withdrawn = [of["withdrawn"] for of in (REQUEST_STATUS, OFFERING_STATUS, PACKAGE_STATUS)]
    assert ["Отозван", "Отозвано", "Отозван"] == [translated("ru", one) for one in withdrawn]
    assert ["Retirada", "Retirada", "Retirado"] == [translated("es", one) for one in withdrawn]


def test_english_has_no_mark() -> None:
    assert "Withdrawn" == translated("en", REQUEST_STATUS["withdrawn"])


def test_a_message_without_a_translation_is_shown_in_english() -> None:
    assert "Not a message" == translated("fr", P_("request", "Not a message")) == translated("fr", "Not a message")
