"""The judged pairs as they are kept in `judged/`: lines with their texts, the sample world's offerings, the grades."""

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
"""What says of each text of the sample world that it is made up, and nothing of what it offers."""

KEPT_BY_RECORD = frozenset({"treaty"})
"""Constraints of what is known of a State beside its lines: here each counts as party to every instrument."""


class JudgedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line asks in codes, as `lines.json` has it."""

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
    """An offering of the sample world with its words; its number, from 0, is what grades are given to."""

    offering: Offering
    language: Language
    text: str


@cache
def lines() -> Mapping[str, JudgedLine]:
    return _read("lines.json", dict[str, JudgedLine])


@cache
def texts() -> Mapping[Language, Mapping[str, str]]:
    """By language, by line."""
    return {language: _read(f"texts.{language}.json", dict[str, str]) for language in LANGUAGES}


@cache
def passes() -> Mapping[str, Mapping[str, Mapping[int, int]]]:
    """By pass, by line, by number of the offering: a grade of 1 to 3."""
    return {
        file.name.split(".")[1]: _read(file.name, dict[str, dict[int, int]])
        for file in sorted(FOLDER.glob("grades.*.json"))
    }


def grades() -> dict[str, dict[int, float]]:
    """By line and offering the mean of all passes."""
    every = list(passes().values())
    return {
        key: {
            number: sum(one.get(key, {}).get(number, 0) for one in every) / len(every)
            for number in sorted({number for one in every for number in one.get(key, {})})
        }
        for key in lines()
    }


def wanted(key: str) -> WantedLine:
    """The line as matching would know it, of an open request that anybody may serve."""
    asked = lines()[key]
    fields = {name: getattr(asked, name) for name in JudgedLine.__struct_fields__ if name != "written_in"}
    return a_wanted_line(line_id=uuid5(NAMESPACE_URL, key), **fields)


@cache
def fitting(key: str) -> frozenset[int]:
    """The offerings that the hard constraints leave to a line."""
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
        # Equal scores are ordered by id: this one goes neither by number nor by provider.
        offering_id=uuid5(NAMESPACE_URL, body["title"]),
        provider=sample["as"].partition(":")[0],
        language=body["language"],
        terms=terms,
    )
    text = "\n".join(MARK.sub("", body[name]) for name in ("title", "summary"))
    return Sample(offering=offering, language=body["language"], text=text)


def _read(name: str, into: type[Any]) -> Any:
    return msgspec.json.decode((FOLDER / name).read_bytes(), type=into)
