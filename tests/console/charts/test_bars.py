"""Stacked bars: widths, mirroring, the text alternative."""

import re

from services.console.charts.bars import Bar, Part, legend, stacked

BARS = (
    Bar("Hosting", (Part(1, 30, "30"), Part(2, 70, "70")), "Needed: 100"),
    Bar("Training <b>", (Part(1, 0, "0"), Part(2, 50, "50")), "Needed: 50"),
)
LEGEND = legend(["Spent", "Missing"])


def rects(language: str) -> list[tuple[float, float]]:
    drawn = str(stacked(BARS, LEGEND, language, title="Half is missing."))
    return [
        (float(x), float(width)) for x, width in re.findall(r'<rect x="([\d.]+)%" y="\d+" width="([\d.]+)%"', drawn)
    ]


def test_longest_bar_fills_the_width_and_empty_parts_are_left_out() -> None:
    assert [(0, 30), (30, 70), (0, 50)] == rects("en")


def test_bars_are_mirrored_from_right_to_left() -> None:
    assert [(70, 30), (0, 70), (50, 50)] == rects("ar")


def test_text_alternative_has_the_finding_and_all_parts() -> None:
    drawn = str(stacked(BARS, LEGEND, "en", title="Half is missing."))

    assert 'role="img"' in drawn
    assert "Half is missing. Hosting: Spent 30, Missing 70. Training &lt;b&gt;: Missing 50." in drawn
    assert "<b>" not in drawn
    assert "style=" not in drawn


def test_no_bars_are_an_empty_picture() -> None:
    assert "<rect" not in str(stacked((), LEGEND, "en", title="Nothing."))


def test_last_part_is_what_is_missing() -> None:
    assert ["bar-1", "bar-rest"] == [one.colour for one in LEGEND]
    assert ["bar-1", "bar-2"] == [one.colour for one in legend(["a", "b"], rest=False)]
