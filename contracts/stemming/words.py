"""Split a text into words and stem them, the same way for storage and comparison.

A word is folded (NFKC, case), then stemmed by its script: Arabic by a light stemmer, Cyrillic as Russian, Latin as the
text's language; Chinese is segmented by a dictionary. Accents of Latin words are removed last, since Spanish endings
need them. Traditional Chinese characters are segmented, but not unified with simplified ones.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

from contracts.stemming import arabic
from contracts.stemming.stop_words import STOP_WORDS

Language = Literal["ar", "en", "es", "fr", "ru", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("ar", "en", "es", "fr", "ru", "zh")

CHARACTERS_MAX = 100_000
"""Maximum number of characters of a text; further ones are ignored."""
WORDS_MAX = 10_000
WORD_CHARACTERS_MAX = 40
"""Maximum number of characters of a word; longer words are split. Chinese words are never so long."""
STEMS_KEPT_MAX = 50_000

SNOWBALL: Final = {"en": "english", "es": "spanish", "fr": "french", "ru": "russian"}

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\ufe20-\ufe2f"
)
_UNSEEN = "\u00ad\u061c\u180e\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# A zero-width space separates words (Unicode, chapter 23.2); other invisible characters may be within one.
RUN = re.compile(rf"[{_HAN}][{_HAN}{_UNSEEN}]*|(?:(?![{_HAN}_])[\w{_MARKS}{_UNSEEN}])+")
HAN = re.compile(f"[{_HAN}]")
ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3]")
CYRILLIC = re.compile("[\u0400-\u052f]")
LATIN = re.compile("[a-z\u00df-\u024f]")
NO_WORD = re.compile(rf"[{_UNSEEN}]+")
PART = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}])*")
DIGITS = {ord(digit): str(unicodedata.decimal(digit)) for digit in "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹"}


class Word(NamedTuple):
    """A word with its position: `text[start:end]` of the original text."""

    stem: str
    start: int
    end: int
    folded: str
    """The word as written, with unified forms and case, and in Arabic without signs and letter variants."""


def words(text: str, language: Language | None) -> list[Word]:
    """The words of a text in order, without stop words.

    A Chinese compound follows the words it contains. Latin words of a text in no known language are stemmed as English.
    Returns at most `WORDS_MAX` words of the first `CHARACTERS_MAX` characters.
    """
    return list(islice(_without_stop_words(_every(text, language, _segmented), language), WORDS_MAX))


def stems(text: str, language: Language | None) -> list[str]:
    """The stems of `words`, for an index."""
    return [word.stem for word in words(text, language)]


def words_and_characters(text: str, language: Language | None) -> list[Word]:
    """Like `words`, but with each Chinese character separately, since segmentation depends on the context."""
    return list(islice(_without_stop_words(_every(text, language, _characters), language), WORDS_MAX))


def _without_stop_words(every: Iterable[Word], language: Language | None) -> Iterator[Word]:
    for word in every:
        spoken = _language_of(word.folded, language)
        # Chinese stop words are removed during segmentation: a single character may be part of any word.
        if spoken == "zh" or word.folded not in STOP_WORDS[spoken]:
            yield word


def _every(text: str, language: Language | None, chinese: Callable[[str, int], Iterator[Word]]) -> Iterator[Word]:
    for run in RUN.finditer(text, 0, CHARACTERS_MAX):
        if HAN.match(run[0]):
            yield from chinese(run[0], run.start())
            continue
        for part in PART.findall(folded(run[0])):
            short = arabic.normalized(part[:WORD_CHARACTERS_MAX])
            if short:
                yield Word(_stem(short, _language_of(short, language)), *run.span(), short)


def folded(text: str) -> str:
    """Unify compatibility forms, case and digits, and remove invisible characters (NFKC with case folding)."""
    # Twice, since case folding can produce what NFKC composes (Unicode, chapter 3.13, D146).
    plain = unicodedata.normalize("NFKC", NO_WORD.sub("", text)).casefold()
    return unicodedata.normalize("NFKC", plain).translate(DIGITS)


def _segmented(run: str, start: int) -> Iterator[Word]:
    # Imported here, because the dictionary takes a tenth of a second and 30 MB and is only needed for Chinese.
    import rjieba

    plain = folded(run)
    # If folding moved characters, the position of a word is that of the whole run.
    same = len(plain) == len(run)
    for word, first, last in rjieba.tokenize(plain, mode="search"):
        if word not in STOP_WORDS["zh"]:
            yield Word(word, start + first, start + last, word) if same else Word(word, start, start + len(run), word)


def _characters(run: str, start: int) -> Iterator[Word]:
    for place, character in enumerate(run, start):
        if plain := folded(character):
            yield Word(plain, place, place + 1, plain)


def _language_of(word: str, language: Language | None) -> Language:
    if ARABIC.search(word):
        return "ar"
    if CYRILLIC.search(word):
        return "ru"
    if HAN.search(word):
        return "zh"
    # Latin words in other scripts are names and borrowings, mostly English.
    return language if language in ("es", "fr") else "en"


@lru_cache(STEMS_KEPT_MAX)
def _stem(word: str, language: Language) -> str:
    if language == "ar":
        return arabic.stem(word) or word
    if language == "zh" or not (LATIN.search(word) or CYRILLIC.search(word)):
        return word
    import snowballstemmer

    # Create a new one each time: a stemmer is stateful, and threads may run concurrently.
    stemmed: str = snowballstemmer.stemmer(SNOWBALL[language]).stemWord(word)
    return _without_accents(stemmed) if LATIN.search(stemmed) else stemmed


def _without_accents(word: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
