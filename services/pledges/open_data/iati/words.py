"""Texts in our IATI files, in the six languages, read once, at first use."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec

from contracts.values import Language
from services.pledges.open_data.iati.activity import Narrative

Texts = Mapping[str, str]

ENGLISH_FIRST = (Language.EN, *(one for one in Language if one is not Language.EN))
"""The six languages with English first, because readers take the first narrative for the default one."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """The texts, each by language. `corrections` explain, by entry type, why an amount is negative."""

    source: str
    office: Texts
    fund: Texts
    purpose: Texts
    assistance: Texts
    page: Texts
    participants: Texts
    work_packages: Mapping[str, Texts]
    corrections: Mapping[str, Texts]


@cache
def words() -> Words:
    return msgspec.json.decode((Path(__file__).parent / "words.json").read_bytes(), type=Words)


def narratives(texts: Texts) -> tuple[Narrative, ...]:
    """Return narratives in the languages present, English first, the others ordered by code."""
    return tuple(Narrative(text, one) for one in ENGLISH_FIRST if (text := texts.get(one, "").strip()))
