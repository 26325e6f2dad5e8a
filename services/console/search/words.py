"""Comparison of typed words with titles: without case and accents, by the beginnings of words."""

import re
import unicodedata

REFERENCE = re.compile(r"\bTA-\d{4}-\d{5}-\d{5}\b", re.IGNORECASE)
BEGINNING = re.compile(r"TA-\d", re.IGNORECASE)
WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """Return the text without case, accents and Arabic vowel signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def fits(typed: str, text: str) -> bool:
    """Check whether each word typed begins a word of the text; a Chinese one may be any part of it."""
    words = WORD.findall(folded(text))
    wanted = WORD.findall(folded(typed))
    return bool(wanted) and all(any(_begins(word, one) for word in words) for one in wanted)


def _begins(word: str, wanted: str) -> bool:
    return word.startswith(wanted) or ("\u4e00" <= wanted[0] <= "\u9fff" and wanted in word)


def reference_in(typed: str) -> str | None:
    """Return the reference number of a request in the text."""
    found = REFERENCE.search(typed)
    return found[0] if found else None


def begins_reference(typed: str) -> bool:
    """Check whether the text begins like a reference number of a request."""
    return BEGINNING.match(typed) is not None
