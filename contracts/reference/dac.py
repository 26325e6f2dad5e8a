"""The purpose codes of the OECD's Development Assistance Committee."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

import msgspec

from contracts.reference import by_code

LEGAL_AND_JUDICIAL_DEVELOPMENT = "15130"


class DacSector(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose code of the OECD's Development Assistance Committee, and our topics and kinds in it."""

    code: str
    labels: dict[str, str]
    """Labels in English and French, the languages of the source."""
    topics: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


@cache
def dac_sectors() -> Mapping[str, DacSector]:
    """The DAC sectors to which our topics and kinds belong."""
    return by_code("dac_sectors", DacSector)


@cache
def _sector_of_term() -> Mapping[tuple[str, str], str]:
    by_table = [("topics", topic, one.code) for one in dac_sectors().values() for topic in one.topics]
    by_table += [("kinds", kind, one.code) for one in dac_sectors().values() for kind in one.kinds]
    return MappingProxyType({(table, code): sector for table, code, sector in by_table})


def dac_sector_of(table: Literal["topics", "kinds"], code: str) -> str:
    """The purpose code of a topic or a kind; `LEGAL_AND_JUDICIAL_DEVELOPMENT` if unknown."""
    return _sector_of_term().get((table, code), LEGAL_AND_JUDICIAL_DEVELOPMENT)
