"""Values of a draft's forms, and the merge of two officials' changes."""

from services.console.drafting.draft import (
    changed,
    digest,
    line_of,
    merge,
    preview_body,
    read_line,
    request_body,
    text_of,
    typed_of,
    value_digests,
)
from services.console.drafting.pages import lines_lacking

STORED = {
    "line_id": "01a2",
    "kind": "training",
    "topics": ["extradition", "corruption"],
    "articles": [],
    "paragraphs": [],
    "pillars": [],
    "institution": "prosecution",
    "institution_name": "Court",
    "group_size": 25,
    "languages": ["en"],
    "modality": "in_person",
    "window": {"from": "2027-03-01", "until": "2027-06-30"},
    "cannot_wait": False,
    "gender_marker": 1,
    "human_rights_marker": 0,
    "markers_justification": "",
    "outcome": "Requests are answered.",
    "in_place": "",
    "measures": [
        {
            "source": "received",
            "kind": None,
            "provider": "A State",
            "description": "A course",
            "period": {"from": "2025-01-01", "until": "2025-12-31"},
        }
    ],
    "fulfilment": "none",
    "residue": None,
}
REQUEST = {
    "language": "en",
    "title": "Title",
    "need": "",
    "visibility": "private",
    "circulation_rule": "none",
    "addressee": "states",
    "addressed_states": ["NOR"],
    "lines": [STORED],
}


def test_a_form_that_is_posted_unchanged_changes_nothing() -> None:
    values = line_of(STORED)

    given = read_line(typed_of(values))

    assert not given.errors
    assert changed(value_digests(values), given.body) == {}


def test_an_emptied_field_is_sent_as_null() -> None:
    values = line_of(STORED)
    typed = typed_of(values) | {"outcome": [""], "topics": [], "window.from": [""], "window.until": [""]}

    assert changed(value_digests(values), read_line(typed).body) == {"outcome": None, "topics": [], "window": None}


def test_two_officials_who_change_different_fields_lose_nothing() -> None:
    values = line_of(STORED)
    mine, theirs = values | {"group_size": 30}, values | {"in_place": "A unit of five."}

    merged = merge(value_digests(values), mine, theirs)

    assert not merged.conflicts
    assert merged.values == values | {"group_size": 30, "in_place": "A unit of five."}


def test_a_field_that_both_have_changed_is_a_conflict_and_shows_my_text() -> None:
    values = line_of(STORED)
    mine, theirs = values | {"outcome": "Mine"}, values | {"outcome": "Theirs"}

    merged = merge(value_digests(values), mine, theirs)

    assert merged.conflicts == ["outcome"]
    assert merged.values["outcome"] == "Mine"


def test_the_same_change_twice_is_no_conflict() -> None:
    values = line_of(STORED)
    both = values | {"outcome": "The same"}

    assert not merge(value_digests(values), both, both).conflicts


def test_the_order_of_codes_and_the_ends_of_lines_are_no_change() -> None:
    assert digest(["b", "a"]) == digest(["a", "b"])
    assert digest("one\r\ntwo ") == digest("one\ntwo")
    assert digest([]) == digest(None) == digest("")
    assert digest(["a"]) != digest(["b"])


def test_what_a_form_was_opened_with_is_not_believed() -> None:
    assert changed("no json", {"outcome": "Mine"}) == {"outcome": "Mine"}
    assert changed('{"outcome": 5}', {"outcome": "Mine"}) == {"outcome": "Mine"}


def test_a_kind_found_by_words_is_used_instead_of_the_chosen_one() -> None:
    given = read_line({"kind": ["training"], "kind_found": ["mentoring"]})

    assert given.body["kind"] == "mentoring"


def test_a_code_that_is_ticked_twice_counts_once() -> None:
    assert read_line({"topics": ["extradition", "extradition"]}).body["topics"] == ["extradition"]


def test_a_period_needs_both_days_in_their_order() -> None:
    half = read_line({"window.from": ["2027-03-01"]})
    reversed_ = read_line({"window.from": ["2027-03-01"], "window.until": ["2027-02-01"]})

    assert [one.field for one in half.errors] == ["window.until"]
    assert [one.field for one in reversed_.errors] == ["window.until"]


def test_an_empty_measure_is_left_out() -> None:
    given = read_line({"measures.0.source": ["own"], "measures.3.description": ["A course"]})

    assert given.body["measures"] == [
        {"source": "own", "kind": None, "provider": "", "description": "A course", "period": None}
    ]


def test_a_draft_needs_nothing_to_be_saved() -> None:
    assert not read_line({}).errors


def test_offerings_are_looked_for_when_the_line_says_enough() -> None:
    body = preview_body(REQUEST, line_of(STORED))

    assert body is not None
    assert body["addressee"] == {"to": "states", "states": ["NOR"]}
    assert preview_body(REQUEST, line_of(STORED) | {"window": None}) is None


def test_topics_are_looked_for_in_all_texts() -> None:
    assert text_of(REQUEST, line_of(STORED)) == "Requests are answered.\nTitle"


def test_a_request_is_checked_as_it_would_be_filed() -> None:
    body = request_body(REQUEST)

    assert body["circulation"] == "none"
    assert body["lines"][0]["line_id"] == "01a2"
    assert "fulfilment" not in body["lines"][0]


def test_missing_fields_are_shown_at_their_lines() -> None:
    missing = [{"field": "title"}, {"field": "lines[0].kind"}, {"field": "lines[1].kind"}, {"field": "lines[0].window"}]

    assert lines_lacking(missing) == {1: ["kind", "window"], 2: ["kind"]}
