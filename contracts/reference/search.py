"""Search concepts by the beginning of a word, in any of the six languages.

The index is in memory: a sorted list of the suffixes of labels that begin at a word, searched by bisection. Chinese has
no spaces, so each character begins a word and any part of a label matches.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from contracts.reference.scheme import Concept

LabelMatch = Literal["exact", "label", "word", "alternative"]
"""Kind of match, best first: the whole label, its beginning, a word's beginning, an alternative label."""

HOW: tuple[LabelMatch, ...] = ("exact", "label", "word", "alternative")
BEYOND = "\U0010ffff"
"""A character that sorts after every continuation of a label."""

IDEOGRAPH = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
ARABIC_VARIANTS = str.maketrans("أإآٱىئؤة", "ااااييوه", "\u0640\u0670")
"""Unify alif, ya, waw and ta marbuta with and without diacritics, and remove the elongation stroke (tatweel)."""

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ё": "е"})
ARABIC_ARTICLE = re.compile(r"\b(?:وال|بال|فال|كال|ال|لل)(?=\w{3})")


class Hit(Struct, frozen=True, kw_only=True):
    """A matching concept, and the label that matched."""

    concept: Concept
    how: LabelMatch
    matched: str
    language: str


class IndexEntry(Struct, frozen=True):
    """A word's beginning in a label: `rest` is the normalized label from there."""

    rest: str
    whole: bool
    preferred: bool
    text: str
    language: str
    concept: Concept
    order: int
    """Position of the concept in the scheme."""


class Index(Struct, frozen=True):
    """The entries sorted by `rest`, and their keys for bisection."""

    keys: list[str]
    entries: list[IndexEntry]


def normalize(text: str) -> str:
    """Normalize a text for search: words of letters and digits, separated by single spaces.

    Removes case, width and typographic forms (NFKC, case folding), accents of Latin letters, the dots of ё, and in
    Arabic harakat, tatweel and the variants of alif, ya and ta marbuta. Keeps й: it is a letter of its own.
    """
    text = unicodedata.normalize("NFKC", text).casefold().translate(LIGATURES).translate(ARABIC_VARIANTS)
    kept: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if not unicodedata.combining(char) or (kept and "\u0400" <= kept[-1] <= "\u04ff" and char == "\u0306"):
            kept.append(char)
    composed = unicodedata.normalize("NFC", "".join(kept))
    return " ".join(re.findall(r"[^\W_]+", composed))


def index_of(concepts: Iterable[Concept]) -> Index:
    """An index over the labels and alternative labels of all concepts in use, in every language."""
    found = sorted(
        (entry for order, one in enumerate(concepts) if not one.retired for entry in _index_entries(one, order)),
        key=lambda entry: (entry.rest, entry.order, entry.language, entry.text),
    )
    return Index([entry.rest for entry in found], found)


def _index_entries(concept: Concept, order: int) -> Iterator[IndexEntry]:
    for language in concept.labels:
        for rank, wording in enumerate(concept.wordings(language)):
            seen: set[tuple[str, bool]] = set()
            for form in _forms(wording.text):
                for at in _beginnings(form):
                    key = (form[at:], at == 0)
                    if key not in seen:
                        seen.add(key)
                        yield IndexEntry(*key, rank == 0, wording.text, language, concept, order)


def _forms(text: str) -> tuple[str, ...]:
    """A text and, if different, the text without Arabic articles, because people type both."""
    plain = normalize(text)
    bare = ARABIC_ARTICLE.sub("", plain)
    return (plain,) if bare == plain else (plain, bare)


def _beginnings(form: str) -> list[int]:
    return [
        at for at, char in enumerate(form) if char != " " and (at == 0 or form[at - 1] == " " or IDEOGRAPH.match(char))
    ]


def find(index: Index, typed: str, *, language: str, limit: int, table: str | None = None) -> list[Hit]:
    """At most `limit` concepts, best first, each with its best label; none for a text without letters or digits.

    Whole matches come first, then beginnings of labels, then beginnings of words, then alternative labels. Ties are
    sorted by the requested language, then the shorter label, then the order of the scheme.
    """
    best: dict[int, tuple[tuple[int, bool, bool, int, int, str, str], Hit]] = {}
    for form in _forms(typed):
        for entry in _beginning_with(index, form):
            if table not in (None, entry.concept.table):
                continue
            how = _how(entry, form)
            foreign = entry.language != language
            key = (
                HOW.index(how),
                not entry.preferred,
                foreign,
                len(entry.text),
                entry.order,
                entry.language,
                entry.text,
            )
            known = best.get(entry.order)
            if known is None or key < known[0]:
                hit = Hit(concept=entry.concept, how=how, matched=entry.text, language=entry.language)
                best[entry.order] = (key, hit)
    return [hit for _, hit in sorted(best.values(), key=lambda found: found[0])[:limit]]


def _beginning_with(index: Index, form: str) -> list[IndexEntry]:
    if not form:
        return []
    first, last = bisect_left(index.keys, form), bisect_left(index.keys, form + BEYOND)
    return index.entries[first:last]


def _how(entry: IndexEntry, form: str) -> LabelMatch:
    if entry.whole and entry.rest == form:
        return "exact"
    if not entry.preferred:
        return "alternative"
    return "label" if entry.whole else "word"
