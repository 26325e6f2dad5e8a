"""Flows as tables: an amount is a number with all its digits, and what people wrote is never carried out."""

import csv
import io
import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.values import MINOR_UNITS_MAX
from services.pledges.ledger.postings import Account, EntryType
from services.pledges.open_data.flows.model import (
    COLUMNS,
    Amount,
    Boundary,
    Flow,
    FlowRow,
    FlowStatus,
    FlowType,
    cells_of,
    flow_of,
)
from services.pledges.open_data.flows.tables import csv_of, escape_formula, xlsx_of
from tests.pledges.open_data.steps import HOSTILE, cells_in

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def a_row(**changes: Any) -> FlowRow:
    row = FlowRow(
        entry_id=UUID(int=1),
        position=2,
        pledge_id=UUID(int=3),
        type=EntryType.PLEDGED,
        account=Account.PLEDGED,
        fund="SHERLOC-MNT",
        donor="NOR",
        effective_on=date(2026, 2, 12),
        recorded_at=NOON,
        currency="EUR",
        minor=1_000_000,
        usd_minor=1_150_000,
        rate="1.15",
        rate_source="fictitious",
        rate_date=date(2026, 2, 1),
        earmarking="softly_earmarked",
        note="Fictitious sample",
        flow_type=FlowType.STANDARD,
    )
    return replace(row, **changes)


def a_flow(**changes: Any) -> Flow:
    return flow_of(a_row(**changes))


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


@pytest.mark.parametrize(
    ("account", "minor", "boundary", "status", "shown"),
    [
        (Account.PLEDGED, 100, Boundary.INCOMING, FlowStatus.PLEDGE, 100),
        (Account.PLEDGED, -100, Boundary.INCOMING, FlowStatus.PLEDGE, -100),
        (Account.COMMITTED, -100, Boundary.INCOMING, FlowStatus.COMMITMENT, 100),
        (Account.COMMITTED, 100, Boundary.INCOMING, FlowStatus.COMMITMENT, -100),
        (Account.CASH, 100, Boundary.INCOMING, FlowStatus.PAID, 100),
        (Account.AVAILABLE, 100, Boundary.INTERNAL, FlowStatus.COMMITMENT, 100),
        (Account.TRANSFERRED, -100, Boundary.INTERNAL, FlowStatus.PAID, 100),
        (Account.TRANSFERRED, 100, Boundary.INTERNAL, FlowStatus.PAID, -100),
        (Account.SPENT, -100, Boundary.OUTGOING, FlowStatus.PAID, 100),
        (Account.SPENT, 100, Boundary.OUTGOING, FlowStatus.PAID, -100),
        (Account.REFUNDED, -100, Boundary.OUTGOING, FlowStatus.PAID, 100),
    ],
)
def test_a_flow_grows_as_the_figure_that_it_adds_to_does(
    account: Account, minor: int, boundary: Boundary, status: FlowStatus, shown: int
) -> None:
    flow = a_flow(account=account, minor=minor, usd_minor=2 * minor)

    assert (boundary, status, shown, 2 * shown) == (flow.boundary, flow.status, flow.minor, flow.usd_minor)


def test_what_is_passed_on_goes_to_the_provider_and_what_is_spent_to_its_purpose() -> None:
    purpose = {"account": Account.SPENT, "requirement_id": UUID(int=7), "provider": "FRA"}

    assert str(UUID(int=7)) == a_flow(**purpose).destination
    assert "FRA" == a_flow(**purpose, flow_type=FlowType.PASS_THROUGH).destination
    of_sherloc = {"account": Account.SPENT, "work_package": "training", "flow_type": FlowType.PASS_THROUGH}
    assert "training" == a_flow(**of_sherloc).destination, "nobody provides it"


def test_what_a_flow_lacks_is_an_empty_cell() -> None:
    without = {"donor": None, "pledge_id": None, "rate": None, "rate_source": None, "rate_date": None}
    (row,) = rows_of(csv_of([a_flow(**without, earmarking=None)]))

    empty = {name for name, cell in row.items() if not cell}
    assert empty == {
        "donor", "usd_per_unit", "rate_source", "rate_date", "earmarking", "pledge_id", "reverses", "parent_flow_id",
        "allocation_id",
    }  # fmt: skip


def test_columns_that_came_later_stand_after_those_that_were_there() -> None:
    assert ["updated_at", "boundary", "flow_type", "parent_flow_id", "destination", "allocation_id"] == list(COLUMNS)[
        19:
    ]


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1, "USD", "0.01"),
        (-1, "USD", "-0.01"),
        (115, "EUR", "1.15"),
        (18_000_000, "JPY", "18000000"),
        (1_005, "KWD", "1.005"),
        (-123_456, "USD", "-1234.56"),
        (MINOR_UNITS_MAX, "USD", "10000000000000.00"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert text == str(Amount(minor, currency))


@given(st.integers(-MINOR_UNITS_MAX, MINOR_UNITS_MAX), st.sampled_from(["USD", "JPY", "KWD", "EUR"]))
def test_no_digit_of_an_amount_is_lost_in_either_table(minor: int, currency: str) -> None:
    flow = a_flow(minor=minor, currency=currency, usd_minor=minor)
    amount = Amount(minor, currency)

    assert minor == round(int(str(amount).replace(".", "")))
    assert str(amount) == rows_of(csv_of([flow]))[0]["original_amount"]
    kind, said, _ = cells_in(xlsx_of([flow], created_at=NOON))[0]["original_amount"]
    assert ("n", str(amount)) == (kind, said)


@pytest.mark.parametrize(("note", "written"), HOSTILE.items())
def test_a_text_that_looks_like_a_formula_is_text_in_both_tables(note: str, written: str) -> None:
    flow = a_flow(note=note)

    assert written == rows_of(csv_of([flow]))[0]["note"]
    kind, said, formula = cells_in(xlsx_of([flow], created_at=NOON))[0]["note"]
    assert ("inlineStr", "") == (kind, formula)
    assert re.sub(r"_x000D_", "\r", said) == note


@pytest.mark.parametrize(
    "note",
    [
        "https://evil.example",
        "12345",
        "{=1}",
        "مثال",
        "例",
        "a\r\nb",
        'say "no"',
        "a; b, c",
        "2-1",
        "a=1",
        "a; -1",
        "_x0041_",
    ],
)
def test_any_other_text_is_left_as_it_is(note: str) -> None:
    flow = a_flow(note=note)

    assert note == rows_of(csv_of([flow]))[0]["note"]
    kind, said, formula = cells_in(xlsx_of([flow], created_at=NOON))[0]["note"]
    assert ("inlineStr", "") == (kind, formula)
    assert note == said.replace("_x005F_", "_").replace("_x000D_", "\r")


@pytest.mark.parametrize(
    ("note", "written"),
    [
        ("a;=1", "a;'=1"),
        ("a, b;=1", "a, b;'=1"),
        ("a,=1", "a,'=1"),
        ("a\t@SUM(A1)", "a\t'@SUM(A1)"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n-1", "a\r\n'-1"),
        ("a;;+1;-1", "a;;'+1;'-1"),
        ('a;"=1"', 'a;\'"=1"'),
        ("a;＝1", "a;'＝1"),
    ],
)
def test_formula_after_a_separator_or_a_line_end_is_made_text(note: str, written: str) -> None:
    assert written == rows_of(csv_of([a_flow(note=note)]))[0]["note"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@settings(deadline=None)
@given(note=st.text(alphabet="=+-@,;\t\r\n\"'a1 ＝", max_size=12))
def test_no_cell_begins_as_a_formula_by_whichever_separator_it_is_read(delimiter: str, note: str) -> None:
    content = csv_of([a_flow(note=note), a_flow(note=f"first {note}, {note}")]).decode()

    for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip("\t\r\n").startswith(tuple("=+-@＝＋－＠")), (note, cell)


def test_a_negative_amount_is_a_number_and_no_formula() -> None:
    (row,) = rows_of(csv_of([a_flow(minor=-100, usd_minor=-115)]))

    assert ("-1.00", "-1.15") == (row["original_amount"], row["amount_usd"])
    assert "'-1" == escape_formula("-1")


def test_csv_is_utf_8_without_a_mark_and_its_lines_end_as_rfc_4180_says() -> None:
    content = csv_of([a_flow(note="例"), a_flow(note="two\nlines")])

    assert content.startswith(b"flow_id,")
    assert 3 == content.count(b"\r\n")
    assert ["例", "two\nlines"] == [row["note"] for row in rows_of(content)]


def test_both_tables_have_the_same_columns_in_the_same_order() -> None:
    flow = a_flow()

    assert [str(cell) for cell in cells_of(flow)] == list(rows_of(csv_of([flow]))[0].values())
    assert list(COLUMNS) == list(cells_in(xlsx_of([flow], created_at=NOON))[0])
