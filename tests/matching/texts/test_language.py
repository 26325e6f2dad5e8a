"""The language of a text is detected if there is enough text."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.texts.language import CONFIDENCE_MIN, FULL, PARAGRAPHS_MAX, by_paragraph, identify
from tests.demo.steps import FICTITIOUS, world


def texts() -> list[tuple[str, str]]:
    bodies = [one["body"] for name in ("requests", "offerings") for one in world(name)]
    return [
        (body["language"], body[part].removeprefix(FICTITIOUS[body["language"]]))
        for body in bodies
        for part in ("title", "need", "summary")
        if part in body
    ]


def test_every_sample_text_is_detected_in_its_language() -> None:
    reported = [(language, identify(text)) for language, text in texts()]

    assert 100 < len(reported)
    assert {"ar", "en", "es", "fr", "ru", "zh"} == {language for language, _ in reported}
    assert [] == [(language, one) for language, one in reported if one is None or one.language != language]
    assert all(one is not None and CONFIDENCE_MIN <= one.confidence <= FULL for _, one in reported)


@pytest.mark.parametrize(
    "text", ["", "   ", "SHERLOC", "2027-03-01", "😀😀😀😀😀😀😀😀", "a", "法", "да", "\u200f\u202e", "1234567890" * 10]
)
def test_too_short_text_has_no_language(text: str) -> None:
    assert identify(text) is None


@pytest.mark.parametrize(
    ("language", "text"), [("zh", "引渡"), ("ru", "Выдача"), ("ar", "تسليم"), ("en", "WITNESS PROTECTION IN COURTS")]
)
def test_one_word_suffices_in_a_unique_script(language: str, text: str) -> None:
    found = identify(text)

    assert found is not None
    assert language == found.language


def test_mixed_text_is_detected_by_paragraph() -> None:
    parts = [
        "Les autorités demandent une formation à l’entraide judiciaire.",
        "The training is to take place in 2027.",
        "TA-1",
        "请求提供司法协助方面的培训。",
    ]
    text = "\n\n".join(parts)
    found = by_paragraph(text)

    assert parts == [text[one.start : one.end] for one in found]
    assert ["fr", "en", None, "zh"] == [one.identified and one.identified.language for one in found]


def test_paragraphs_over_the_limit_are_merged() -> None:
    text = "a\n" * 1000
    found = by_paragraph(text)

    assert PARAGRAPHS_MAX == len(found)
    assert len(text) == found[-1].end


def test_long_text_is_detected_by_its_beginning() -> None:
    found: Any = identify("Témoins et victimes. " * 50_000)

    assert "fr" == found.language


@given(st.text(st.characters()))
def test_no_text_is_refused(text: str) -> None:
    identify(text)
    covered = [(one.start, one.end) for one in by_paragraph(text)]
    assert covered == sorted(covered)
    assert "".join(text.split()) == "".join("".join(text[start:end] for start, end in covered).split())
