"""The United Nations short names of States in the six languages, and their order in each language."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

import msgspec


class CountryName(msgspec.Struct, frozen=True, kw_only=True):
    """A State by its ISO 3166-1 alpha-3 code, and its UNTERM short name by language."""

    code: str
    labels: dict[str, str]


class CountryNames(msgspec.Struct, frozen=True, kw_only=True):
    """The names, and for each language the codes sorted by its names (Unicode CLDR collation)."""

    source: str
    version: str
    order: dict[str, tuple[str, ...]]
    terms: tuple[CountryName, ...]


@cache
def country_names() -> CountryNames:
    """Read the names from their file."""
    content = resources.files(__package__).joinpath("country_names.json").read_bytes()
    return msgspec.json.decode(content, type=CountryNames)


@cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    return MappingProxyType({one.code: one.labels for one in country_names().terms})


def country_name(alpha3: str, language: str) -> str:
    """The United Nations short name of a State in one of the six languages. Raises KeyError for an unknown code."""
    return _labels()[alpha3][language]


def country_order(language: str) -> tuple[str, ...]:
    """The codes of all States, sorted by their names in one of the six languages."""
    return country_names().order[language]
