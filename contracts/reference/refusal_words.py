"""The sentences of refusals in the six languages: `refusals/<part>.json`, slug → language → sentence."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

Words = Mapping[str, Mapping[str, str]]
"""Slug → language → sentence."""


@cache
def refusal_parts() -> Mapping[str, Words]:
    """The slugs of each part, which is a service or a part that services share."""
    entries = sorted(files("contracts.reference").joinpath("refusals").iterdir(), key=lambda entry: entry.name)
    parts = {one.name.removesuffix(".json"): one.read_bytes() for one in entries if one.name.endswith(".json")}
    return {name: msgspec.json.decode(text, type=dict[str, dict[str, str]]) for name, text in parts.items()}


@cache
def refusal_words() -> Words:
    """All slugs of refusals, with a sentence in each language."""
    return {slug: said for part in refusal_parts().values() for slug, said in part.items()}


def words_of(slug: str, language: str) -> str:
    """The sentence of a refusal; its slug if there is none, so that an error answer never fails."""
    return refusal_words().get(slug, {}).get(language, slug)
