import pytest

from services.console.imports.rows import outcome, plain, row_ranges


def test_rows_are_said_as_ranges() -> None:
    assert row_ranges([9, 2, 3, 4, 5]) == "2-5,9"
    assert row_ranges([2]) == "2"
    assert row_ranges([]) == ""


@pytest.mark.parametrize("typed", ["2-5,9", " 2 - 5 , 9 ", "2–5;9", "2-5، 9,"])
def test_a_choice_is_read_as_people_type_it(typed: str) -> None:
    assert plain(typed) == "2-5,9"


@pytest.mark.parametrize("typed", ["", "all but 3", "2-", "12345", "-2", "2,,3"])
def test_what_is_no_choice_is_refused(typed: str) -> None:
    assert plain(typed) is None


def test_the_outcome_names_rejected_rows_and_records_once() -> None:
    rows = [
        {"row": 2, "outcome": "imported", "record_id": "a"},
        {"row": 3, "outcome": "imported", "record_id": "a"},
        {"row": 4, "outcome": "left_out", "record_id": None},
        {"row": 5, "outcome": "rejected", "record_id": None},
    ]
    found = outcome({"outcomes": rows})
    assert found.record_ids == ["a"]
    assert found.rows_left_out == "4"
    assert [one["row"] for one in found.rejected] == [5]
    assert outcome({"outcomes": [{"row": 2, "outcome": "accepted", "record_id": None}]}).accepted == "2"
