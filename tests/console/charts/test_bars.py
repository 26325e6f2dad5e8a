"""Stacked bars: widths, mirroring, and the values of their parts."""

import re

from services.console.charts.bars import Bar, Part, legend, stacked

BARS = (
    Bar("Hosting", (Part(30, "30"), Part(70, "70")), "Needed: 100"),
    Bar("Training <b>", (Part(0, "0"), Part(50, "50")), "Needed: 50"),
)
LEGEND = legend(["Spent", "Missing"])
RECT = re.compile(r'<rect x="([\d.]+)%" width="([\d.]+)%"')


def rects(language: str) -> list[tuple[float, float]]:
    return [(float(x), float(width)) for x, width in RECT.findall(str(stacked(BARS, LEGEND, language)))]


def test_longest_bar_fills_the_width_and_empty_parts_are_left_out() -> None:
    assert [(0, 30), (30, 70), (0, 50)] == rects("en")


def test_bars_are_mirrored_from_right_to_left() -> None:
    assert [(70, 30), (0, 70), (50, 50)] == rects("ar")


def test_parts_are_named_with_their_values() -> None:
    drawn = str(stacked(BARS, LEGEND, "en"))

    assert ["Spent 30", "Missing 70", "Missing 50"] == [
        " ".join(re.sub("<[^>]+>", "", one).split()) for one in re.findall(r"<li>(<svg.*?)</li>", drawn)
    ]
    assert drawn.count("<svg") == drawn.count('aria-hidden="true"')
    assert "Training &lt;b&gt;" in drawn
    assert "<b>" not in drawn
    assert "style=" not in drawn


def test_no_bars_are_an_empty_picture() -> None:
    assert "<rect" not in str(stacked((), LEGEND, "en"))


def test_last_part_is_what_is_missing() -> None:
    assert ["bar-1", "bar-rest"] == [one.colour for one in LEGEND]
    assert ["bar-late", "bar-1"] == [one.colour for one in legend(["a", "b"], colours=["bar-late", "bar-1"])]
