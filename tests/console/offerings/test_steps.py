from typing import Any

import pytest

from services.console.offerings.steps import STEPS, after, amount, find, labels_in_all_languages, options
from services.console.translations import LANGUAGES

OFFERING: dict[str, Any] = {
    "title": "Training",
    "summary": "",
    "language": "en",
    "kinds": ["training"],
    "topics": [],
    "articles": ["UNTOC:18"],
    "paragraphs": [],
    "pillars": [],
    "languages": ["en"],
    "interpretation": [],
    "modalities": ["remote"],
    "group_size_max": None,
    "curriculum": [],
    "eligible": {"states": ["KEN"], "regions": [], "excluded_states": [], "income_groups": [], "special_groups": []},
    "treaties": ["UNTOC"],
    "valid": {"from": "2027-01-01", "until": "2027-12-31"},
    "capacity": [{"from": "2027-01-01", "until": "2027-06-30", "units": 2, "taken": 1}],
    "resource_status": "partly",
    "funding_needed": {"minor": 1200050, "currency": "USD"},
}


@pytest.mark.parametrize("step", STEPS, ids=lambda one: one.path)
def test_what_a_form_shows_is_read_back_as_it_is(step: Any) -> None:
    read = step.read(step.typed_of(OFFERING))
    assert not read.errors
    for name, value in read.body.items():
        expected = OFFERING[name]
        if name == "capacity":
            expected = [{key: one[key] for key in ("from", "until", "units")} for one in expected]
        assert value == expected, name


def test_no_money_lacks_where_a_delivery_is_funded() -> None:
    step = find("resources")
    assert step is not None
    read = step.read({"resource_status": ["funded"], "funding_needed": ["what"], "funding_needed.currency": ["USD"]})
    assert read.body == {"resource_status": "funded", "funding_needed": None}
    assert not read.errors


def test_the_last_step_has_none_after_it() -> None:
    assert after(STEPS[0]) == STEPS[1]
    assert after(STEPS[-1]) is None


def test_amounts_are_written_as_they_are_typed() -> None:
    assert amount({"minor": 1200050, "currency": "USD"}) == "12000.50"
    assert amount({"minor": 1200000, "currency": "USD"}) == "12000"
    assert amount({"minor": 500, "currency": "JPY"}) == "500"
    assert amount({"minor": 1500, "currency": "KWD"}) == "1.500"
    assert amount(None) == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_of_a_step_has_labels(language: str) -> None:
    lists = options(language)
    for step in STEPS:
        for field in step.fields:
            if field.kind in ("choice", "choices"):
                assert isinstance(field.options, str)
                assert all(one.label for one in lists[field.options])


def test_codes_are_found_by_words_of_every_language() -> None:
    assert "Formation" in labels_in_all_languages("kinds")["training"]
    assert "Kenya" in labels_in_all_languages("countries")["KEN"]
    assert not labels_in_all_languages("regions")
