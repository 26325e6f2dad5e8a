"""French spaces before marks, and inside quotation marks, are no-break spaces."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.messages import read

ROOT = Path(__file__).parents[2]
OF_PEOPLE = ("services/demo/",)
"""Folders of texts as officials type them."""
BREAKING = re.compile("« | [:;?!»](?=[\\s\\u00a0.,)»]|$)")


def texts() -> Iterator[str]:
    """Yield the French texts of the console's catalogue and of the JSON files."""
    for message in read("fr"):
        if message.id:
            yield from message.string if isinstance(message.string, tuple) else [message.string]
    for path in (*ROOT.glob("contracts/reference/**/*.json"), *ROOT.glob("services/**/*.json")):
        if not path.relative_to(ROOT).as_posix().startswith(OF_PEOPLE):
            yield from french(json.loads(path.read_text(encoding="utf-8")), path.name == "fr.json")


def french(value: object, is_french: bool) -> Iterator[str]:
    """Yield the strings under each key `fr`, or all strings if the file is French."""
    if isinstance(value, str) and is_french:
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from french(part, is_french or key == "fr")
    elif isinstance(value, list):
        for part in value:
            yield from french(part, is_french)


def test_no_line_breaks_before_a_mark_in_french() -> None:
    assert [] == [text for text in texts() if BREAKING.search(text)]


@pytest.mark.parametrize("text", ["Pourquoi ?", "« Oui »", "Motif : aucun", "un ; deux"])
def test_a_breaking_space_is_found(text: str) -> None:
    assert BREAKING.search(text)
    assert not BREAKING.search(text.replace(" ", "\u00a0"))
