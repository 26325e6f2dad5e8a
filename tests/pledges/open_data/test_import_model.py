"""A table of reported flows: the first broken rule of each row, and real tables."""

import csv
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.pledges import IMPORT_ROWS_MAX
from contracts.refusals import Invalid
from services.pledges.open_data.imports.model import LENGTHS, ValidatedRows, read, validate
from tests.pledges.open_data.builders import REAL, a_table

REVIEWED = Path(__file__).parent / "fts_rejected.csv"
"""The reviewed list of rejected rows: line, id and slug."""


def judged(*rows: Mapping[str, str], known: frozenset[str] = frozenset()) -> ValidatedRows:
    return validate(read(a_table(*rows)), known)


def slug_of(**cells: str) -> str | None:
    """Return the slug for a row with these cells; None if the row is accepted."""
    found = judged(cells)
    return found.rejected[0].slug if found.rejected else None


# -- rows -------------------------------------------------------------------------------------------------------------


def test_valid_row_is_accepted_as_reported() -> None:
    (flow,) = judged({}).accepted

    assert ("F-1", "paid", 1_000_000, "EUR", 1_150_000, "0.87") == (
        flow.source_id, flow.status, flow.minor, flow.currency, flow.usd_minor, flow.rate,
    )  # fmt: skip
    assert ("Atlantis, Government of", 2026, 2027, 2) == (flow.donor, flow.usage_from, flow.usage_until, flow.line)


@pytest.mark.parametrize(
    ("column", "cell", "slug"),
    [
        ("description", "x" * 2001, "text-too-long"),
        ("srcOrganization", "x" * 201, "text-too-long"),
        ("originalAmount", "1" * 61, "text-too-long"),
        ("id", "1" * 61, "text-too-long"),
        ("id", "iati-38d2ac738488526fb9133da1f9b470ae04fe5243", "id-unreadable"),
        ("description", "a\x00b", "control-character"),
        ("description", "\x1b[31mred", "control-character"),
        ("srcOrganization", "\x85", "control-character"),
        ("id", "", "id-unreadable"),
        ("id", "=1+1", "id-unreadable"),
        ("id", "١٢٣", "id-unreadable"),
        ("boundary", "outgoing", "not-incoming"),
        ("boundary", "internal", "not-incoming"),
        ("contributionType", "in kind", "not-money"),
        ("status", "Paid", "status-unknown"),
        ("status", "", "status-unknown"),
        ("date", "", "date-missing"),
        ("date", "12/02/2026", "date-unreadable"),
        ("date", "2026-02-30", "date-unreadable"),
        ("date", "20260212", "date-unreadable"),
        ("date", "2026-02-12T00:00:00Z", "date-unreadable"),
        ("date", "٢٠٢٦-٠٢-١٢", "date-unreadable"),
        ("srcOrganization", "", "donor-missing"),
        ("srcOrganization", "   ", "donor-missing"),
        ("originalCurrency", "", "currency-missing"),
        ("originalCurrency", "XXX", "currency-unknown"),
        ("originalCurrency", "eur", "currency-unknown"),
        ("originalCurrency", "Euro", "currency-unknown"),
        ("originalCurrency", "€", "currency-unknown"),
        ("exchangeRate", "", "rate-missing"),
        ("exchangeRate", "0", "rate-not-positive"),
        ("exchangeRate", "-0.87", "rate-not-positive"),
        ("exchangeRate", "NaN", "rate-not-positive"),
        ("exchangeRate", "1e-1", "rate-not-positive"),
        ("exchangeRate", "0,87", "rate-not-positive"),
        ("destUsageYearStart", "26", "year-unreadable"),
        ("destUsageYearEnd", "٢٠٢٧", "year-unreadable"),
        ("destUsageYearEnd", "2025", "dates-reversed"),
    ],
)
def test_invalid_cell_is_reported_with_its_column(column: str, cell: str, slug: str) -> None:
    (row,) = judged({column: cell}).rejected

    assert (slug, column) == (row.slug, row.column)


@pytest.mark.parametrize("column", ["originalAmount", "amountUSD"])
@pytest.mark.parametrize(
    ("amount", "slug"),
    [
        ("", "amount-missing"),
        ("NaN", "amount-unreadable"),
        ("Infinity", "amount-unreadable"),
        ("1e400", "amount-unreadable"),
        ("1,000", "amount-unreadable"),
        ("1 000", "amount-unreadable"),
        ("1\u00a0000", "amount-unreadable"),
        ("١٠٠٠٠", "amount-unreadable"),
        ("１００００", "amount-unreadable"),
        ("+10000", "amount-unreadable"),
        (".5", "amount-unreadable"),
        ("5.", "amount-unreadable"),
        ("0x10", "amount-unreadable"),
        ("10_000", "amount-unreadable"),
        ("0", "amount-zero"),
        ("-0", "amount-zero"),
        ("-0.00", "amount-zero"),
        ("0.000", "amount-zero"),
        ("-10000", "amount-negative"),
        ("-1.005", "amount-negative"),
        ("1.005", "amount-too-precise"),
        ("0.001", "amount-too-precise"),
        ("1" + "0" * 30, "number-out-of-range"),
        ("10000000000000.01", "number-out-of-range"),
    ],
)
def test_malformed_amount_is_reported(column: str, amount: str, slug: str) -> None:
    (row,) = judged({column: amount}).rejected

    assert (slug, column) == (row.slug, row.column)


@pytest.mark.parametrize(
    ("amount", "currency", "usd", "rate"),
    [
        ("10000.00", "EUR", "11500.0", "0.87"),
        ("10000.000000", "EUR", "11500", "0.87"),
        ("100", "JPY", "1", "100"),
        ("1.005", "KWD", "3.28", "0.3064"),
        ("10000", "EUR", "11500", "1.15"),
        ("500", "USD", "500", ""),
        ("500", "USD", "500", "1"),
    ],
)
def test_amount_and_rate_in_either_direction_are_read(amount: str, currency: str, usd: str, rate: str) -> None:
    assert slug_of(originalAmount=amount, originalCurrency=currency, amountUSD=usd, exchangeRate=rate) is None


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "100.5"), ("EUR", "100.505"), ("KWD", "100.0005")])
def test_too_precise_amount_is_rejected(currency: str, amount: str) -> None:
    assert "amount-too-precise" == slug_of(originalCurrency=currency, originalAmount=amount)


@pytest.mark.parametrize(
    ("usd", "slug"),
    [("10000", None), ("9901", None), ("10101", None), ("9900.99", "amounts-disagree"),
     ("10101.01", None), ("10101.02", "amounts-disagree")],
)  # fmt: skip
def test_amounts_agree_within_one_percent(usd: str, slug: str | None) -> None:
    assert slug == slug_of(originalAmount="10000", originalCurrency="EUR", exchangeRate="1", amountUSD=usd)


IN_ORDER = (
    ("description", "\x07", "control-character"), ("id", "", "id-unreadable"), ("boundary", "", "not-incoming"),
    ("contributionType", "", "not-money"), ("status", "", "status-unknown"), ("date", "", "date-missing"),
    ("srcOrganization", "", "donor-missing"), ("originalCurrency", "", "currency-missing"),
    ("originalAmount", "", "amount-missing"), ("amountUSD", "0", "amount-zero"), ("exchangeRate", "", "rate-missing"),
    ("destUsageYearStart", "x", "year-unreadable"),
)  # fmt: skip


@pytest.mark.parametrize("first", range(len(IN_ORDER)))
def test_first_broken_rule_is_reported(first: int) -> None:
    broken = {column: cell for column, cell, _ in IN_ORDER[first:]}

    assert IN_ORDER[first][2] == slug_of(**broken)


def test_repeated_id_is_rejected_even_after_rejected_row() -> None:
    found = judged({"id": "A"}, {"id": "A"}, {"id": "B", "date": ""}, {"id": "B"}, {"id": "C"}, known=frozenset({"C"}))

    assert ["A"] == [flow.source_id for flow in found.accepted]
    assert [
        (3, "id-repeated"), (4, "date-missing"), (5, "id-repeated"), (6, "imported-already"),
    ] == [(row.line, row.slug) for row in found.rejected]  # fmt: skip


def test_row_of_wrong_length_is_reported_with_its_line() -> None:
    content = a_table({}) + b"F-2,short\r\n" + a_table({"id": "F-3"}).split(b"\r\n")[1] + b"\r\n"
    found = validate(read(content), frozenset())

    assert ["F-1", "F-3"] == [flow.source_id for flow in found.accepted]
    assert [(3, "", "row-cells")] == [(row.line, row.source_id, row.slug) for row in found.rejected]


def test_line_is_the_first_line_of_its_row() -> None:
    found = judged({"description": "of\nthree\nlines"}, {"id": "F-2", "date": ""})

    assert [2] == [flow.line for flow in found.accepted]
    assert [5] == [row.line for row in found.rejected]


@given(st.dictionaries(st.sampled_from(list(LENGTHS)), st.text(max_size=60), max_size=4))
def test_every_row_is_accepted_or_rejected(cells: dict[str, str]) -> None:
    found = judged({"id": "first"}, cells)

    assert 2 == len(found.accepted) + len(found.rejected)
    assert all(row.slug and len(row.source_id) <= LENGTHS["id"] for row in found.rejected)


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "slug"),
    [
        (b"", "columns-missing"),
        (b"\x89PNG\r\n", "invalid-unicode"),
        (a_table({}).replace(b"amountUSD", b"amount"), "columns-missing"),
        (a_table({}).replace(b"refCode", b"id"), "columns-missing"),
        (a_table({}).replace(b"id,", b"id,id,", 1), "column-repeated"),
        (a_table(), "rows-missing"),
        (a_table({}) + b'"open', "csv-unreadable"),
        (a_table({}) + b'"a"b,c\r\n', "csv-unreadable"),
        (a_table({}) + b"x" * 200_000, "csv-unreadable"),
        (a_table(*[{}] * (IMPORT_ROWS_MAX + 1)), "rows-too-many"),
        (a_table({}).decode().encode("utf-16"), "invalid-unicode"),
    ],
)
def test_malformed_table_is_rejected(content: bytes, slug: str) -> None:
    with pytest.raises(Invalid) as no:
        read(content)

    assert slug == no.value.slug


def test_bom_blank_lines_and_extra_columns_are_accepted() -> None:
    content = b"\xef\xbb\xbf" + a_table({"more": "x"}, columns=("more", *LENGTHS)) + b"\r\n\r\n"

    assert ["F-1"] == [flow.source_id for flow in validate(read(content), frozenset()).accepted]


# -- real tables ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not REAL.is_file(), reason="the 1,106 flows of the Financial Tracking Service are not there")
def test_rejected_real_flows_match_the_reviewed_list() -> None:
    found = validate(read(REAL.read_bytes()), frozenset())
    with REVIEWED.open(encoding="utf-8", newline="") as file:
        reviewed = [(int(row["line"]), row["id"], row["slug"]) for row in csv.DictReader(file)]

    assert 1_106 == len(found.accepted) + len(found.rejected)
    assert reviewed == [(row.line, row.source_id, row.slug) for row in found.rejected]
    assert Counter(slug for _, _, slug in reviewed) == {
        "currency-missing": 382, "amount-zero": 79, "not-money": 28, "amounts-disagree": 16, "amount-missing": 10,
        "donor-missing": 4, "id-repeated": 3, "rate-missing": 2,
    }  # fmt: skip
