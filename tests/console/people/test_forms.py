"""People pasted as a table."""

import pytest

from services.console.people.forms import (
    ROWS_MAX,
    WRONG_COLUMNS,
    WRONG_DATE,
    WRONG_EMAIL,
    WRONG_LANGUAGE,
    WRONG_ROLE,
    appointment_of,
    person_of,
    rows_of,
)

ROW = "ken\tA. Person (fictitious)\ta@ken.example\ten\tofficial\t2026-12-01\t2027-11-30\tNote verbale 1"


def test_pasted_rows_become_people_and_appointments() -> None:
    (row,) = rows_of("organization\tname\temail\n" + ROW + "\n\n")

    assert not row.wrong
    person = {"organization": "KEN", "name": "A. Person (fictitious)", "email": "a@ken.example", "language": "en"}
    assert person == person_of(row.cells)
    assert {
        "person_id": "p",
        "organization": "KEN",
        "role": "official",
        "from": "2026-12-01",
        "until": "2027-11-30",
        "letter": "Note verbale 1",
    } == appointment_of(row.cells, "p")


def test_semicolons_separate_where_there_is_no_tab_and_quotes_hold_a_cell_together() -> None:
    (row,) = rows_of('KEN;"Person; A.";a@ken.example;fr;official;2026-12-01;;;https://issuer.example;a1')

    assert ("Person; A.", "") == (row.cells["name"], row.wrong)
    assert [{"issuer": "https://issuer.example", "subject": "a1"}] == person_of(row.cells)["subjects"]
    assert "until" not in appointment_of(row.cells, "p")


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("a@ken.example", "a", WRONG_EMAIL),
        ("\ten\t", "\tde\t", WRONG_LANGUAGE),
        ("official", "king", WRONG_ROLE),
        ("official", "service", WRONG_ROLE),
        ("2026-12-01", "1.12.2026", WRONG_DATE),
        ("2027-11-30", "20271130", WRONG_DATE),
        ("A. Person (fictitious)", "", WRONG_COLUMNS),
    ],
)
def test_row_that_cannot_be_read_says_what_is_wrong(old: str, new: str, wrong: str) -> None:
    assert [wrong] == [row.wrong for row in rows_of(ROW.replace(old, new))]


def test_row_is_pasted_again_as_it_was() -> None:
    (row,) = rows_of(ROW.replace("ken\t", "KEN\t", 1))

    assert [row] == rows_of(row.line)


def test_more_rows_than_allowed_are_noticed() -> None:
    assert len(rows_of("\n".join([ROW] * (ROWS_MAX + 5)))) > ROWS_MAX
