from services.console.charts.capacity import capacity_picture, rows_of
from services.console.offerings.capacity import (
    UNFINISHED,
    Row,
    Total,
    as_typed,
    changed,
    read_rows,
    total,
    typed_rows,
)
from services.console.offerings.capacity import rows_of as rows_typed

PERIODS = [
    {"from": "2027-01-01", "until": "2027-06-30", "units": 2, "taken": 0},
    {"from": "2027-07-01", "until": "2027-12-31", "units": 4, "taken": 1},
]


def test_a_row_is_added_and_removed_without_loss_of_the_others() -> None:
    typed = {"valid.from": ["2027-01-01"], **typed_rows(PERIODS)}
    more = changed(typed, "add")
    assert rows_typed(more)[2] == Row()
    assert more["valid.from"] == ["2027-01-01"]
    assert rows_typed(changed(more, "remove:0")) == [Row("2027-07-01", "2027-12-31", "4"), Row()]
    assert changed(typed, "remove:9") == changed(typed, "remove:x") == typed


def test_blank_rows_count_for_nothing_and_unfinished_ones_are_named() -> None:
    typed = as_typed([Row("2027-01-01", "2027-06-30", "2"), Row()])
    assert read_rows(typed).body == {"capacity": [{"from": "2027-01-01", "until": "2027-06-30", "units": 2}]}
    (error,) = read_rows(as_typed([Row("2027-01-01", "", "2")])).errors
    assert (error.field, error.message) == ("capacity", UNFINISHED)


def test_units_are_whole_numbers() -> None:
    for units in ("two", "-1", "1.5", "٢", "1234567"):
        assert read_rows(as_typed([Row("2027-01-01", "2027-06-30", units)])).errors, units


def test_what_is_taken_is_not_summed_where_it_is_not_shown() -> None:
    assert total(PERIODS) == Total(6, 1)
    assert total(PERIODS).free == 5
    assert total([{**PERIODS[0], "taken": None}, PERIODS[1]]).free is None


def test_the_picture_has_a_bar_for_each_period_on_one_scale() -> None:
    drawn = str(capacity_picture(PERIODS, "en"))

    assert drawn.count('class="bar"') == 2
    assert drawn.count('width="50.000%"') == 1
    assert "Taken <strong>1</strong>" in drawn
    assert "Free <strong>3</strong>" in drawn
    assert "Taken <strong>0</strong>" not in drawn


def test_units_are_not_called_free_where_it_is_not_shown_how_many_are_taken() -> None:
    drawn = str(capacity_picture([{**one, "taken": None} for one in PERIODS], "en"))

    assert "Deliveries <strong>4</strong>" in drawn
    assert "Free" not in drawn


def test_the_table_says_the_same() -> None:
    assert rows_of(PERIODS, "en")[1] == ["1 July 2027 – 31 December 2027", "4", "1", "3"]
    assert rows_of([{**PERIODS[0], "taken": None}], "en")[0][2:] == ["–", "–"]
