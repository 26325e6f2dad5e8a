"""A light stem of Arabic words: what an inflected word shares with its relatives, without looking for its root.

After light10 of L. S. Larkey, L. Ballesteros and M. E. Connell, "Light Stemming for Arabic Information Retrieval", in:
Arabic Computational Morphology, Springer 2007, pages 221-243. Plurals that change inside the word are not met.
"""

import re

NOT_LETTERS = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
"""Signs of vowels and of recitation, and the stroke that only lengthens a word (tatweel)."""

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
    """The word without vowel signs and tatweel; forms of alef, ya and ta marbuta that writers mix are one."""
    return NOT_LETTERS.sub("", word).translate(SAME_LETTERS)


def stem(word: str) -> str:
    """The light stem, of a word as it is written; never empty for a word that has a letter."""
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
    """The stem of what follows a preposition written onto the word; `None` where there can be none.

    It is another reading, not a better one: the first letter may as well belong to the word.
    """
    bare = normalized(word)
    if bare.startswith(PREPOSITIONS) and len(bare) - 1 >= PREPOSITION_LEAVES:
        return stem(bare[1:])
    return None
