"""The sentences of refusals in the six languages: `refusals/<part>.json`, slug → language → sentence."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec


@cache
def refusal_words() -> Mapping[str, Mapping[str, str]]:
    """All slugs of refusals, with a sentence in each language."""
    words: dict[str, dict[str, str]] = {}
    for part in sorted(files("contracts.reference").joinpath("refusals").iterdir(), key=lambda entry: entry.name):
        if part.name.endswith(".json"):
            words |= msgspec.json.decode(part.read_bytes(), type=dict[str, dict[str, str]])
    return words


def words_of(slug: str, language: str) -> str:
    """The sentence of a refusal; its slug if there is none, so that an error answer never fails."""
    return refusal_words().get(slug, {}).get(language, slug)
