"""Flows as tables: amounts are exact numbers, and user text is never a formula."""

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

from chassis.sheets.tables import escape_formula
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
from services.pledges.open_data.flows.views import csv_of, xlsx_of
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
def test_flow_amount_has_the_sign_of_its_total(
    account: Account, minor: int, boundary: Boundary, status: FlowStatus, shown: int
) -> None:
    flow = a_flow(account=account, minor=minor, usd_minor=2 * minor)

    assert (boundary, status, shown, 2 * shown) == (flow.boundary, flow.status, flow.minor, flow.usd_minor)


def test_destination_is_provider_or_purpose() -> None:
    purpose = {"account": Account.SPENT, "requirement_id": UUID(int=7), "provider": "FRA"}

    assert str(UUID(int=7)) == a_flow(**purpose).destination
    assert "FRA" == a_flow(**purpose, flow_type=FlowType.PASS_THROUGH).destination
    of_sherloc = {"account": Account.SPENT, "work_package": "training", "flow_type": FlowType.PASS_THROUGH}
    assert "training" == a_flow(**of_sherloc).destination, "a work package has no provider"


def test_missing_flow_field_is_an_empty_cell() -> None:
    without = {"donor": None, "pledge_id": None, "rate": None, "rate_source": None, "rate_date": None}
    (row,) = rows_of(csv_of([a_flow(**without, earmarking=None)]))

    empty = {name for name, cell in row.items() if not cell}
    assert empty == {
        "donor", "usd_per_unit", "rate_source", "rate_date", "earmarking", "pledge_id", "reverses", "parent_flow_id",
        "allocation_id",
    }  # fmt: skip


def test_new_columns_are_appended() -> None:
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
def test_amount_has_digits_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert text == str(Amount(minor, currency))


@given(st.integers(-MINOR_UNITS_MAX, MINOR_UNITS_MAX), st.sampled_from(["USD", "JPY", "KWD", "EUR"]))
def test_amounts_are_exact_in_both_tables(minor: int, currency: str) -> None:
    flow = a_flow(minor=minor, currency=currency, usd_minor=minor)
    amount = Amount(minor, currency)

    assert minor == round(int(str(amount).replace(".", "")))
    assert str(amount) == rows_of(csv_of([flow]))[0]["original_amount"]
    kind, said, _ = cells_in(xlsx_of([flow], created_at=NOON))[0]["original_amount"]
    assert ("n", str(amount)) == (kind, said)


@pytest.mark.parametrize(("note", "written"), HOSTILE.items())
def test_formula_is_text_in_both_tables(note: str, written: str) -> None:
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
def test_other_text_is_unchanged(note: str) -> None:
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
def test_formula_after_separator_or_line_end_is_escaped(note: str, written: str) -> None:
    assert written == rows_of(csv_of([a_flow(note=note)]))[0]["note"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@settings(deadline=None)
@given(note=st.text(alphabet="=+-@,;\t\r\n\"'a1 ＝", max_size=12))
def test_no_cell_is_a_formula_for_any_separator(delimiter: str, note: str) -> None:
    content = csv_of([a_flow(note=note), a_flow(note=f"first {note}, {note}")]).decode()

    for row in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip("\t\r\n").startswith(tuple("=+-@＝＋－＠")), (note, cell)


def test_negative_amount_is_a_number() -> None:
    (row,) = rows_of(csv_of([a_flow(minor=-100, usd_minor=-115)]))

    assert ("-1.00", "-1.15") == (row["original_amount"], row["amount_usd"])
    assert "'-1" == escape_formula("-1")


def test_csv_is_utf_8_without_bom_and_rfc_4180() -> None:
    content = csv_of([a_flow(note="例"), a_flow(note="two\nlines")])

    assert content.startswith(b"flow_id,")
    assert 3 == content.count(b"\r\n")
    assert ["例", "two\nlines"] == [row["note"] for row in rows_of(content)]


def test_both_tables_have_the_same_columns() -> None:
    flow = a_flow()

    assert [str(cell) for cell in cells_of(flow)] == list(rows_of(csv_of([flow]))[0].values())
    assert list(COLUMNS) == list(cells_in(xlsx_of([flow], created_at=NOON))[0])
