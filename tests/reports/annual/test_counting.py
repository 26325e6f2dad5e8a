"""The figures of a report: no cell has a small number of people or allocations, and none follows from two reports."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from itertools import product

import pytest

from services.reports.annual.counting import MONEY_STEP_MINOR, Cells, ReportFigures, Tables, figures, figures_needed
from services.reports.figures.model import NONE, TOTAL
from services.reports.figures.suppression import in_fives

DAY = date(2026, 6, 30)


def tables(before: Mapping[tuple[str, str], Cells], until: Mapping[tuple[str, str], Cells]) -> Tables:
    empty: Mapping[tuple[str, str], Cells] = {one: {} for one in figures_needed(None)}
    return Tables({**empty, **before}, {**empty, **until})


def counted(
    figure: str, numbers: Mapping[str, tuple[int, int]], status: str = "entered"
) -> dict[tuple[str, str], Cells]:
    """Return cells of these paragraphs, with each record in one paragraph."""
    records, amount = (sum(one[place] for one in numbers.values()) for place in (0, 1))
    return {
        (figure, "paragraph"): {(value, status, 0): list(one) for value, one in numbers.items()},
        (figure, TOTAL): {(NONE, status, 0): [records, amount]},
    }


def of(found: ReportFigures, paragraph: str, measure: str) -> tuple[int | None, int | None]:
    number = next(one.numbers[measure] for one in found.paragraphs if one.paragraph == paragraph)
    return number.in_year, number.to_date


def test_amounts_of_few_allocations_are_not_shown() -> None:
    allocated = {"I.k": (6, 70_000_000), "II.d": (2, 90_000_000), "I.c": (5, 12_000_000)}
    found = figures(tables({}, counted("allocated", allocated)), None, DAY, [])

    assert (None, None) == of(found, "II.d", "allocated")
    assert (None, None) == of(found, "I.c", "allocated"), "the amount follows from the total"
    assert (70_000_000, 70_000_000) == of(found, "I.k", "allocated")
    assert (0, 0) == of(found, "I.a", "allocated")


def test_two_reports_do_not_show_one_allocation_between_them() -> None:
    before = {"I.k": (6, 71_300_000)}
    until = {"I.k": (7, 71_300_000 + 2_345_678)}
    first = figures(tables({}, counted("allocated", before)), None, DAY, [])
    second = figures(tables(counted("allocated", before), counted("allocated", until)), None, DAY, [])

    assert None is of(second, "I.k", "allocated")[0], "the year has one allocation only"
    amounts = [of(one, "I.k", "allocated")[1] for one in (first, second)]
    assert all(amount is not None and amount % MONEY_STEP_MINOR == 0 for amount in amounts)


def test_a_spending_of_an_earlier_allocation_is_no_number_of_the_year() -> None:
    before, until = {"I.k": (6, 50_000_000)}, {"I.k": (6, 90_000_000)}
    found = figures(tables(counted("spent", before), counted("spent", until)), None, DAY, [])

    assert (None, 90_000_000) == of(found, "I.k", "spent")


def test_no_suppressed_number_follows_from_the_year_and_two_reports() -> None:
    """Each small number has two possible values, given the last report, the year and this report as shown."""
    causes: dict[tuple[int | None, ...], set[tuple[int, int]]] = defaultdict(set)
    for before, added in product(range(30), repeat=2):
        shown = in_fives(before), in_fives(added), in_fives(before + added)
        causes[shown].add((before, added))
    for shown, found in causes.items():
        for place in (0, 1):
            if shown[place] is None:
                assert len({one[place] for one in found}) > 1, shown


@pytest.mark.parametrize("state", ["KEN", None])
def test_a_state_has_no_figures_of_offerings_and_donors(state: str | None) -> None:
    found = figures(tables({}, {}), state, DAY, [])

    for name in ("offerings", "pledged", "received"):
        assert (name in found.totals) is (state is None)
    assert 26 == len(found.paragraphs)
