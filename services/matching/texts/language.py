"""Detection, by paragraph, of which of the six UN languages a text is in.

The model is that of py3langid (a fork of M. Lui and T. Baldwin, "langid.py", ACL 2012), restricted to these six: a text
in another language gets the most likely of the six. It takes half a second and 50 MB, and is loaded on first use.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, cast

from msgspec import Struct

from contracts.stemming.words import ARABIC, CYRILLIC, HAN, LANGUAGES, Language

CHARACTERS_MAX = 10_000
"""Maximum number of characters read of a paragraph; enough to detect a language."""
PARAGRAPHS_MAX = 200
"""Maximum number of paragraphs of a text; further ones count as part of the last one."""

FULL = 1000
CONFIDENCE_MIN = 600
"""Minimum confidence, in thousandths. Wrong detections of labels of two or three words had less."""

LETTERS_MIN = ((HAN, 2), (ARABIC, 4), (CYRILLIC, 4))
LATIN_LETTERS_MIN = 12
"""Minimum number of Latin letters.

Three of the six languages use Latin script, and a word or two may be of any of them.
"""

LETTER = re.compile(r"[^\W\d_]")
PARAGRAPH = re.compile(r"[^\n\r\u0085\u2028\u2029]+")


class Identified(Struct, frozen=True):
    """A language, and its confidence in thousandths."""

    language: Language
    confidence: int


class Paragraph(Struct, frozen=True):
    """`text[start:end]`, and its language if detected."""

    start: int
    end: int
    identified: Identified | None


def identify(text: str) -> Identified | None:
    """Return the main language of a text; None if the text is too short or ambiguous."""
    shown = text[:CHARACTERS_MAX]
    if not _enough(shown):
        return None
    language, confidence = _identifier().classify(shown)
    thousandths = int(confidence * FULL)
    return Identified(language, thousandths) if thousandths >= CONFIDENCE_MIN else None


def by_paragraph(text: str) -> list[Paragraph]:
    """Return each non-blank paragraph with its language; together they cover all non-blank text."""
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
    # Imported here to save time and memory in services that detect no language.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    whole.set_languages(LANGUAGES)
    # A new model with only the six frees the table of the other 134 (24 MB).
    return LanguageIdentifier(
        whole.nb_ptc,
        whole.nb_pc,
        cast("list[Language]", whole.nb_classes),
        whole.tk_nextmove,
        whole.tk_output,
        norm_probs=True,
        tk_row=whole.tk_row,
    )
