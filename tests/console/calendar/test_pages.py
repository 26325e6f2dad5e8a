import pytest

from services.console.calendar.pages import days_of


def test_days_are_put_in_order_and_said_once() -> None:
    assert ["2027-01-01", "2027-12-25"] == days_of("2027-12-25\r\n2027-01-01, 2027-12-25\n\n")


def test_no_days_are_an_empty_calendar() -> None:
    assert [] == days_of(" \n")


@pytest.mark.parametrize("text", ["2027-02-30", "25 December 2027"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"day|isoformat"):
        days_of(text)
