"""Sentences in the reader's language about the end of a round and about lines that stay open."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import msgspec

from contracts.values import Language
from services.matching.rounds.answer import Hindrance
from services.matching.rounds.model import Round

Worded = Mapping[str, Mapping[Language, str]]


class RoundSentences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sentences by code and language, without placeholders."""

    unmet: Worded
    ends: Worded


@cache
def sentences() -> RoundSentences:
    """Return the sentences, read on first use."""
    path = files("services.matching").joinpath("sentences", "rounds.json")
    return msgspec.json.decode(path.read_bytes(), type=RoundSentences)


def how_it_ended(found: Round, language: Language) -> str | None:
    """Describe why there is no plan, or how good it is; None while it is awaited."""
    code = found.outcome or found.ended
    return None if code is None else sentences().ends[code][language]


def why(hindrance: Hindrance, language: Language) -> str:
    """Describe why a fitting offering does not serve a line."""
    return sentences().unmet[hindrance.why][language]


def nothing_fits(language: Language) -> str:
    """The sentence for a line that no offering fits."""
    return sentences().unmet["nothing_fits"][language]
