"""Texts in our IATI files, in the six languages: read once, at first use."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

Texts = Mapping[str, str]


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Each text by language. `corrections` explain, by entry type, why an amount is negative."""

    source: str
    office: Texts
    fund: Texts
    purpose: Texts
    assistance: Texts
    work_packages: Mapping[str, Texts]
    corrections: Mapping[str, Texts]


@cache
def words() -> Words:
    return msgspec.json.decode((Path(__file__).parent / "words.json").read_bytes(), type=Words)
