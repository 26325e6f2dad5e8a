"""Words that people type, compared with titles: without case and accents, by their beginnings."""

import re
import unicodedata

REFERENCE = re.compile(r"TA-\d", re.IGNORECASE)
WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """Without case, accents and Arabic vowel signs."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in plain if not unicodedata.combining(sign))


def fits(typed: str, text: str) -> bool:
    """Whether each word typed begins a word of the text; a Chinese one is part of it."""
    words = WORD.findall(folded(text))
    wanted = WORD.findall(folded(typed))
    return bool(wanted) and all(any(_begins(word, one) for word in words) for one in wanted)


def _begins(word: str, wanted: str) -> bool:
    return word.startswith(wanted) or ("\u4e00" <= wanted[0] <= "\u9fff" and wanted in word)


def is_reference(typed: str) -> bool:
    """Whether it is a reference number of a request, or its beginning."""
    return REFERENCE.match(typed) is not None
