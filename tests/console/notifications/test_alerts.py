"""The form of an alert."""

from services.console.fields import read
from services.console.notifications.alerts import as_typed, fields_of, in_cents


def test_what_is_left_empty_restricts_nothing() -> None:
    sent = read(fields_of("funding"), {"frequency": ["daily"], "topics": ["extradition"], "usd_minor_min": ["5000"]})

    assert not sent.errors
    assert {
        "frequency": "daily",
        "kinds": [],
        "topics": ["extradition"],
        "regions": [],
        "states": [],
        "usd_minor_min": 500_000,
        "usd_minor_max": None,
    } == in_cents(sent.body)


def test_alert_is_shown_as_it_was_typed() -> None:
    typed = {"frequency": ["weekly"], "topics": ["extradition"], "states": ["KEN", "UGA"], "usd_minor_max": ["20"]}
    alert = {"subject": "funding", **in_cents(read(fields_of("funding"), typed).body)}

    assert typed == {name: value for name, value in as_typed(alert).items() if value}
