"""A light stemmer for Arabic, which removes affixes without finding the root.

The algorithm is based on light10 of L. S. Larkey, L. Ballesteros and M. E. Connell, "Light Stemming for Arabic
Information Retrieval", in: Arabic Computational Morphology, Springer 2007, pages 221-243. Broken plurals are not
handled.
"""

import re

NOT_LETTERS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
"""Vowel and recitation signs, and the elongation stroke (tatweel)."""

SAME_LETTERS = str.maketrans("أإآٱىة", "اااايه")
CONJUNCTION = "و"
ARTICLES = ("وال", "بال", "كال", "فال", "ال", "لل")
SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
PREPOSITIONS = ("ل", "ب", "ك", "ف")

CONJUNCTION_LEAVES = 3
ARTICLE_LEAVES = 2
SUFFIX_LEAVES = 2
PREPOSITION_LEAVES = 4


def normalized(word: str) -> str:
    """The word without vowel signs and tatweel; variants of alef, ya and ta marbuta are unified."""
    return NOT_LETTERS.sub("", word).translate(SAME_LETTERS)


def stem(word: str) -> str:
    """The light stem of a word as written; never empty for a word with a letter."""
    stemmed = normalized(word)
    if stemmed.startswith(CONJUNCTION) and len(stemmed) - 1 >= CONJUNCTION_LEAVES:
        stemmed = stemmed[1:]
    for article in ARTICLES:
        if stemmed.startswith(article) and len(stemmed) - len(article) >= ARTICLE_LEAVES:
            stemmed = stemmed[len(article) :]
            break
    for suffix in SUFFIXES:
        if stemmed.endswith(suffix) and len(stemmed) - len(suffix) >= SUFFIX_LEAVES:
            stemmed = stemmed[: -len(suffix)]
    return stemmed


def without_preposition(word: str) -> str | None:
    """The stem without a prefixed preposition; None if the word cannot have one.

    It is an alternative, not a better reading: the first letter may belong to the word.
    """
    bare = normalized(word)
    if bare.startswith(PREPOSITIONS) and len(bare) - 1 >= PREPOSITION_LEAVES:
        return stem(bare[1:])
    return None
