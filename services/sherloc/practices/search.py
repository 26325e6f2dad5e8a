"""Search of practices by stems of their texts and of the labels of their topics and articles in six languages.

A text is in one language, but its tags have labels in all six, so that it is also found in the other languages.
"""

from collections.abc import Iterator

from contracts import reference
from contracts.stemming.words import LANGUAGES, Language, stems
from services.sherloc.practices.model import Description, PracticeTexts

STEMS_MAX = 5000
"""Maximum number of stems of a practice."""
QUERY_STEMS_MAX = 20


def stems_of(description: Description, texts: PracticeTexts) -> list[str]:
    """The stems under which a practice is found, each with its language: `fr:judiciair`."""
    found: dict[str, None] = {}
    for language, text in _texts(description, texts):
        found |= dict.fromkeys(f"{language}:{stem}" for stem in stems(text, language))
    return list(found)[:STEMS_MAX]


def wanted_stems(q: str) -> list[list[str] | None]:
    """The stems of a query in each of the six languages; None for a language without stems.

    A practice is found if it has all stems of one language.
    """
    return [
        [f"{language}:{stem}" for stem in dict.fromkeys(stems(q, language))][:QUERY_STEMS_MAX] or None
        for language in LANGUAGES
    ]


def _texts(description: Description, texts: PracticeTexts) -> Iterator[tuple[Language, str]]:
    own = next(one for one in LANGUAGES if one == description.language)
    yield own, texts.title
    tags = [
        *(reference.topics()[code] for code in description.topics),
        *(reference.articles()[code] for code in description.articles),
    ]
    for tag in tags:
        for language in LANGUAGES:
            yield language, tag.label(language)
            yield from ((language, one.text) for one in tag.alternatives(language))
    yield own, texts.text
