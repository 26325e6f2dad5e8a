"""Charts of counts: the length of a bar is proportional to its count, and a suppressed count has no bar."""

import re

import pytest

from chassis.charts import compact
from contracts.values import Language
from services.reports.annual.printing.charts import Series, in_words
from services.reports.annual.printing.words import labels


def shown(count: int | None) -> str:
    return "…" if count is None else str(count)


def widths(svg: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb'<rect[^>]*width="(\d+)"', svg)]


def test_a_bar_is_as_long_as_its_count() -> None:
    svg = compact.bars(["I.a", "I.b", "I.c"], [10, None, 5], shown, title="T", mirrored=False).file()

    long, half = widths(svg)
    assert long == 2 * half
    assert ">…<".encode() in svg


def test_columns_have_a_colour_for_each_series() -> None:
    svg = compact.columns(["2025", "2026"], [[1, 2], [2, 4], [None, 1]], shown, title="T", mirrored=False).file()

    assert 6 == len(widths(svg)), "there are five columns and a baseline"
    for place in range(3):
        assert compact.colour_of(place).encode() in svg


def test_a_mirrored_file_has_its_labels_inside_the_picture() -> None:
    """A file has no direction of text: a label at the right edge has to end there."""
    plain, mirrored = (
        compact.bars(["I.a"], [3], shown, title="T", mirrored=one).file().decode() for one in (False, True)
    )

    assert '<text x="0" y="14" text-anchor="start"' in plain
    assert f'<text x="{compact.WIDTH}" y="14" text-anchor="end"' in mirrored


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (Language.EN, "2025: A 1, B 2; 2026: A …, B 4"),
        (Language.FR, "2025\u00a0: A 1, B 2\u00a0; 2026\u00a0: A …, B 4"),
        (Language.AR, "2025: A 1، B 2؛ 2026: A …، B 4"),
        (Language.ZH, "2025：A 1、B 2；2026：A …、B 4"),
    ],
)
def test_description_of_a_chart_has_the_marks_of_the_language(language: Language, expected: str) -> None:
    series = [Series("A", (1, None)), Series("B", (2, 4))]

    assert expected == in_words(["2025", "2026"], series, shown, labels(language))
