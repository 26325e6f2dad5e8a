"""The reference of a notice as people say it: a day, an article or a State by its name; all else is the code it is."""

import re
from datetime import date

from babel.dates import format_date

from contracts.reference import articles, countries
from contracts.reference.country_names import country_name
from contracts.values import Language

DAY = re.compile(r"\d{4}-\d\d-\d\d")
ARTICLES = {Language.ZH: "{instrument}第{number}"}
"""An article as it stands in a sentence which has the word for it, if that is not as in the other languages."""


def spoken(reference: str, language: Language) -> str:
    """The reference in a language: `30 December 2026`, `5 (UNTOC)`, `Kenya`."""
    if DAY.fullmatch(reference):
        # As the United Nations write it in English.
        written = "d MMMM y" if language is Language.EN else "long"
        return format_date(date.fromisoformat(reference), written, locale=language)
    if article := articles().get(reference):
        template = ARTICLES.get(language, "{number} ({instrument})")
        return template.format(instrument=article.instrument, number=article.number)
    return country_name(reference, language) if reference in countries() else reference
