"""The timeline of a request has words for everything that can happen to it."""

from contracts import criteria, requests
from services.console.requests.timeline import EVENTS, timeline

REGISTERED = {
    fact.__struct_config__.tag for fact in (*requests.FACTS, *criteria.FACTS) if "request_id" in fact.__struct_fields__
}


def test_every_registered_fact_of_a_request_has_words() -> None:
    assert set(EVENTS) == REGISTERED


def test_a_fact_says_why_and_the_newest_comes_first() -> None:
    history = [
        {"type": "requests.request.submitted.v1", "data": {}},
        {"type": "requests.request.returned.v1", "data": {"reason": "incomplete"}},
    ]
    returned, submitted = timeline(history, "en")
    assert (returned["what"], returned["details"]) == ("Returned to the State", ["Information is missing"])
    assert (submitted["what"], submitted["details"]) == ("Submitted", [])


def test_a_consent_says_to_whom_and_until_when() -> None:
    data = {"recipients": ["providers", "NOR", "UNODC-SHERLOC"], "ends_at": "2027-03-31T00:00:00Z"}
    (given,) = timeline([{"type": "requests.request.consent-given.v1", "data": data}], "en")
    assert given["details"] == ["All providers", "Norway", "UNODC-SHERLOC", "until 30 March 2027"]


def test_what_a_reader_may_not_see_is_left_out() -> None:
    (held,) = timeline([{"type": "requests.request.held.v1", "data": {}}], "en")
    assert (held["what"], held["details"]) == ("Paused", [])


def test_request_without_an_assignee_says_so() -> None:
    (assigned,) = timeline([{"type": "requests.request.assigned.v1", "data": {"assignee": None}}], "en")
    assert assigned["what"] == "No longer in charge of a coordinator"
