"""Drawing: lines of text that fit, mirroring, and escaping of texts."""

import re

import pytest

from chassis.charts.amounts import amounts
from chassis.charts.drawing import Drawing, lines_of
from services.console.charts.heat_map import shade


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Extradition", ["Extradition"]),
        ("Latin American and Caribbean States", ["Latin American", "and Caribbean…"]),
        ("司法协助和引渡合作专题培训", ["司法协助和引渡", "合作专题培训"]),
        ("x" * 40, ["x" * 14, "x" * 13 + "…"]),
        ("", [""]),
    ],
)
def test_text_has_at_most_two_lines(text: str, lines: list[str]) -> None:
    assert lines == lines_of(text, 14)


def test_text_is_escaped_and_a_mirrored_picture_begins_at_the_right() -> None:
    drawing = Drawing(100, 20, title='<script> & "quotes"', mirrored=True)
    drawing.box(10, 0, 30, 20, "bar-1")
    drawing.text("<b>", 0, 10)

    markup = str(drawing.markup())

    assert '<rect x="60" y="0" width="30"' in markup
    assert '<text x="100"' in markup
    assert "&lt;b&gt;" in markup
    assert "<script>" not in markup
    assert "style=" not in markup


def test_shades_rise_to_the_highest_value() -> None:
    assert [0, 1, 1, 2, 4] == [shade(value, 8) for value in (0, 1, 2, 3, 8)]
    assert 0 == shade(0, 0)


def test_a_value_that_is_not_shown_has_no_bar() -> None:
    rows = [("Kenya", 10, "10"), ("Fiji", None, "not shown"), ("Chad", 0, "0")]

    drawn = str(amounts(rows, title="Requests"))

    assert [380, 1] == [int(width) for width in re.findall(r'<rect [^>]*width="(\d+)"', drawn)]
    assert ">not shown<" in drawn


def test_a_drawing_is_as_large_as_the_text_of_its_page() -> None:
    assert 'width="45rem" height="3rem" viewBox="0 0 720 48"' in str(amounts([("Kenya", 1, "1")], title="Requests"))
