"""States and UNODC, found by the beginning of a word of their names in any of the six languages."""

import unicodedata
from collections.abc import Sequence
from functools import cache

from contracts import reference
from services.console.fields import Option
from services.console.translations import LANGUAGES

FOUND_MAX = 12
UNODC = "UNODC"


def found_organizations(typed: str, language: str) -> Sequence[Option]:
    """Return those with a word that begins with the text, in the order of the language; a code is found too."""
    wanted = _folded(typed)
    if not wanted:
        return []
    states = [
        Option(code, reference.country_name(code, language))
        for code in reference.country_order(language)
        if code.casefold() == wanted or any(name.startswith(wanted) for name in _beginnings(code))
    ]
    own = [Option(UNODC, UNODC)] if UNODC.casefold().startswith(wanted) else []
    return [*own, *states][:FOUND_MAX]


@cache
def _beginnings(code: str) -> frozenset[str]:
    """Return the names of a State in each language, from each of their words on."""
    found = set()
    for language in LANGUAGES:
        words = _folded(reference.country_name(code, language)).split()
        found |= {" ".join(words[number:]) for number in range(len(words))}
    return frozenset(found)


def _folded(text: str) -> str:
    """Return the text without case, accents and vowel signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in plain if not unicodedata.combining(one)).replace("’", "'").strip()
