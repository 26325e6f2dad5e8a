"""The page of a consent shows what it would open, and for how long, before it is given."""

from services.console.requests.audience import NONE_CHOSEN, body_of, foreseen


def test_a_consent_needs_somebody_to_see_it() -> None:
    _, errors = body_of({"fields": ["codes"]})
    assert [one.message for one in errors] == [NONE_CHOSEN]


def test_days_begin_and_end_in_utc_and_one_state_is_a_recipient() -> None:
    body, errors = body_of({"fields": ["codes"], "one_state": ["NOR"], "ends_at": ["2027-03-31"]})
    assert not errors
    assert body == {"fields": ["codes"], "recipients": ["NOR"], "ends_at": "2027-03-31T23:59:59Z"}


def test_only_what_the_consent_itself_would_open_is_narrowed() -> None:
    by_office = {"who": "coordinator", "door": "office", "fields": ["codes", "words"], "since": "x", "until": None}
    by_consent = {"who": "NOR", "door": "consent", "fields": ["codes", "words"], "since": "x", "until": None}
    body = {"recipients": ["NOR"], "fields": ["codes"], "ends_at": "y"}
    assert foreseen(by_office, body) == by_office
    assert foreseen(by_consent, body) == {**by_consent, "fields": ["codes"], "until": "y"}
