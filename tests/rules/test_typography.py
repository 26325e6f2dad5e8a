"""Texts are set as in their language: no-break spaces of French marks, and marks between digits."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.formats import number
from services.console.translations import LANGUAGES
from tests.messages import read

ROOT = Path(__file__).parents[2]
OF_PEOPLE = ("services/demo/",)
"""Folders of texts as officials type them."""
BREAKING = re.compile("« | [:;?!»](?=[\\s\\u00a0.,)»]|$)")


GROUPED = re.compile(r"(?<![\d.,])(\d{1,3}(?:([.,\s])\d{3})+)(?!\d)(?:([.,])(\d\d)\b)?")
"""Matches a number in groups of three digits, and its decimals."""


def texts(language: str) -> Iterator[str]:
    """Yield the texts of the console's catalogue and of the JSON files in a language; of the catalogue, not English."""
    for message in read(language) if language != "en" else ():
        if message.id:
            yield from message.string if isinstance(message.string, tuple) else [message.string]
    for path in (*ROOT.glob("contracts/reference/**/*.json"), *ROOT.glob("services/**/*.json")):
        if not path.relative_to(ROOT).as_posix().startswith(OF_PEOPLE):
            yield from in_language(language, json.loads(path.read_text(encoding="utf-8")), path.stem == language)


def in_language(language: str, value: object, found: bool) -> Iterator[str]:
    """Yield the strings under each key that is the language, or all strings if the file is in it."""
    if isinstance(value, str) and found:
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from in_language(language, part, found or key == language)
    elif isinstance(value, list):
        for part in value:
            yield from in_language(language, part, found)


def of_another_language(text: str, language: str) -> list[str]:
    """Return the numbers in a text that are not written as in its language."""
    mark = number(0.5, language)[1]
    return [
        found[0]
        for found in GROUPED.finditer(text)
        if found[1] != number(int(re.sub(r"\D", "", found[1])), language) or found[3] not in (None, mark)
    ]


def test_no_line_breaks_before_a_mark_in_french() -> None:
    assert [] == [text for text in texts("fr") if BREAKING.search(text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_in_texts_are_written_as_in_their_language(language: str) -> None:
    assert {} == {text: found for text in texts(language) if (found := of_another_language(text, language))}


@pytest.mark.parametrize(
    ("text", "language"), [("755/1,000", "fr"), ("25,000.50", "es"), ("1 000", "ru"), ("1.000", "zh")]
)
def test_number_of_another_language_is_found(text: str, language: str) -> None:
    assert of_another_language(text, language)


@pytest.mark.parametrize("text", ["Pourquoi ?", "« Oui »", "Motif : aucun", "un ; deux"])
def test_a_breaking_space_is_found(text: str) -> None:
    assert BREAKING.search(text)
    assert not BREAKING.search(text.replace(" ", "\u00a0"))
