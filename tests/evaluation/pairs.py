"""The judged pairs as stored in `judged/`: lines with their texts, the sample world's offerings, the grades."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import Struct

from contracts.matching import Capacity, Terms
from contracts.stemming.words import LANGUAGES, Language
from contracts.values import Period
from services.demo.samples import world
from services.matching.lines.model import WantedLine
from services.matching.offerings.model import Offering
from services.matching.scoring.constraints import violated
from tests.matching.builders import a_wanted_line, an_offering

FOLDER = Path(__file__).with_name("judged")
MARK = re.compile(r"^\[[^\]]+\]\s*")
"""Prefix that marks each text of the sample world as invented; it says nothing about the offering."""

KEPT_BY_RECORD = frozenset({"treaty"})
"""Constraints on data about a State other than its lines; here each State counts as party to every instrument."""


class JudgedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The codes that a line asks for, as in `lines.json`."""

    state: str
    written_in: Language
    kind: str
    topics: tuple[str, ...]
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    pillars: tuple[str, ...]
    languages: tuple[Language, ...]
    modality: str
    window: Period
    group_size: int


class Sample(Struct, frozen=True, kw_only=True):
    """An offering of the sample world with its text; grades refer to its number, which counts from 0."""

    offering: Offering
    language: Language
    text: str


@cache
def lines() -> Mapping[str, JudgedLine]:
    return _read("lines.json", dict[str, JudgedLine])


@cache
def texts() -> Mapping[Language, Mapping[str, str]]:
    """Return the texts by language and line."""
    return {language: _read(f"texts.{language}.json", dict[str, str]) for language in LANGUAGES}


@cache
def passes() -> Mapping[str, Mapping[str, Mapping[int, int]]]:
    """Return the grades, from 1 to 3, by pass, line and number of the offering."""
    return {
        file.name.split(".")[1]: _read(file.name, dict[str, dict[int, int]])
        for file in sorted(FOLDER.glob("grades.*.json"))
    }


def grades() -> dict[str, dict[int, float]]:
    """Return the mean grades of all passes, by line and offering."""
    every = list(passes().values())
    return {
        key: {
            number: sum(one.get(key, {}).get(number, 0) for one in every) / len(every)
            for number in sorted({number for one in every for number in one.get(key, {})})
        }
        for key in lines()
    }


def wanted(key: str) -> WantedLine:
    """Return the line as matching would know it, of an open request that anybody may serve."""
    asked = lines()[key]
    fields = {name: getattr(asked, name) for name in JudgedLine.__struct_fields__ if name != "written_in"}
    return a_wanted_line(line_id=uuid5(NAMESPACE_URL, key), **fields)


@cache
def fitting(key: str) -> frozenset[int]:
    """Return the offerings that the hard constraints leave to a line."""
    line = wanted(key)
    return frozenset(
        number for number, sample in enumerate(samples()) if set(violated(line, sample.offering)) <= KEPT_BY_RECORD
    )


@cache
def samples() -> Sequence[Sample]:
    return [_sample(number, one) for number, one in enumerate(msgspec.json.decode(world("offerings.json")))]


def _sample(number: int, sample: Mapping[str, Any]) -> Sample:
    body = sample["body"]
    capacity = [
        Capacity(period=msgspec.convert({"from": one["from"], "until": one["until"]}, Period), units=one["units"])
        for one in body["capacity"]
    ]
    terms = msgspec.convert({**body, "capacity": capacity}, Terms)
    offering = an_offering(
        # Equal scores are ordered by id; this id follows neither the number nor the provider.
        offering_id=uuid5(NAMESPACE_URL, body["title"]),
        provider=sample["as"].partition(":")[0],
        language=body["language"],
        terms=terms,
    )
    text = "\n".join(MARK.sub("", body[name]) for name in ("title", "summary"))
    return Sample(offering=offering, language=body["language"], text=text)


def _read(name: str, into: type[Any]) -> Any:
    return msgspec.json.decode((FOLDER / name).read_bytes(), type=into)
