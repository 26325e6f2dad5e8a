"""How a round ended and why a line stays open, in sentences of the reader's language."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from contracts.values import Language
from services.matching.rounds.answer import Hindrance
from services.matching.rounds.model import Round

Worded = Mapping[str, Mapping[Language, str]]


class RoundSentences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By code and language; nothing is filled in."""

    unmet: Worded
    ends: Worded


@cache
def sentences() -> RoundSentences:
    """Read when first asked for."""
    path = files("services.matching").joinpath("sentences", "rounds.json")
    return msgspec.json.decode(path.read_bytes(), type=RoundSentences)


def how_it_ended(found: Round, language: Language) -> str | None:
    """Why there is no plan, or how good the one there is may be called; None while it is awaited."""
    code = found.outcome or found.ended
    return None if code is None else sentences().ends[code][language]


def why(hindrance: Hindrance, language: Language) -> str:
    """What keeps an offering that fits from a line."""
    return sentences().unmet[hindrance.why][language]


def nothing_fits(language: Language) -> str:
    """Said of a line without any such offering."""
    return sentences().unmet["nothing_fits"][language]
