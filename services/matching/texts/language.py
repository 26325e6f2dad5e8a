"""In which of the six languages a text is written, paragraph by paragraph where it mixes them.

The model is that of py3langid (a fork of M. Lui and T. Baldwin, "langid.py", ACL 2012), asked about these six alone: a
text in a seventh language gets the likeliest of the six. It takes half a second and 50 MB, and is loaded when first
asked.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, cast

from msgspec import Struct

from services.matching.texts.words import ARABIC, CYRILLIC, HAN, LANGUAGES, Language

CHARACTERS_MAX = 10_000
"""Of a paragraph; a language shows long before."""
PARAGRAPHS_MAX = 200
"""Of a text; what comes after counts as part of the last one."""

FULL = 1000
CONFIDENCE_MIN = 600
"""In thousandths. Of labels of two or three words, those named wrongly had less."""

LETTERS_MIN = ((HAN, 2), (ARABIC, 4), (CYRILLIC, 4))
LATIN_LETTERS_MIN = 12
"""Three of the six are written in Latin letters, and a word or two may be of any of them."""

LETTER = re.compile(r"[^\W\d_]")
PARAGRAPH = re.compile(r"[^\n\r\u0085\u2028\u2029]+")


class Identified(Struct, frozen=True):
    """A language, and how sure that is in thousandths."""

    language: Language
    confidence: int


class Paragraph(Struct, frozen=True):
    """`text[start:end]`, and its language where it can be told."""

    start: int
    end: int
    identified: Identified | None


def identify(text: str) -> Identified | None:
    """The language that most of a text is in; `None` for too little text, or one that might be of several."""
    shown = text[:CHARACTERS_MAX]
    if not _enough(shown):
        return None
    language, confidence = _identifier().classify(shown)
    thousandths = int(confidence * FULL)
    return Identified(language, thousandths) if thousandths >= CONFIDENCE_MIN else None


def by_paragraph(text: str) -> list[Paragraph]:
    """Each paragraph that is not blank with its language; together they hold all that is not blank."""
    return [Paragraph(start, end, identify(text[start:end])) for start, end in _paragraphs(text)]


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    found = ((one.start(), one.end()) for one in PARAGRAPH.finditer(text) if not one[0].isspace())
    yield from islice(found, PARAGRAPHS_MAX - 1)
    rest = next(found, None)
    if rest is not None:
        yield rest[0], len(text)


def _enough(text: str) -> bool:
    if any(len(letter.findall(text)) >= least for letter, least in LETTERS_MIN):
        return True
    return len(LETTER.findall(text)) >= LATIN_LETTERS_MIN


@cache
def _identifier() -> Any:
    # Loaded here: a service that identifies nothing has neither the wait nor the memory.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(LANGUAGES)
    # A new one with the six alone lets go of the table of the other 134 (24 MB).
    return LanguageIdentifier(
        whole.nb_ptc,
        whole.nb_pc,
        cast("list[Language]", whole.nb_classes),
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )
