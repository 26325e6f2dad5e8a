"""The reference of a notice in a language: a day, an article or a State by its name; any other code unchanged."""

import re
from datetime import date

from babel.dates import format_date

from contracts.reference import articles, countries
from contracts.reference.country_names import country_name
from contracts.values import Language

DAY = re.compile(r"\d{4}-\d\d-\d\d")
ARTICLES = {Language.ZH: "{instrument}第{number}"}
"""How an article is written beside the word for article, in languages where it is not as in the others."""


def localized(reference: str, language: Language) -> str:
    """The reference in a language: `30 December 2026`, `5 (UNTOC)`, `Kenya`."""
    if DAY.fullmatch(reference):
        # As the United Nations write it in English.
        written = "d MMMM y" if language is Language.EN else "long"
        return format_date(date.fromisoformat(reference), written, locale=language)
    if article := articles().get(reference):
        template = ARTICLES.get(language, "{number} ({instrument})")
        return template.format(instrument=article.instrument, number=article.number)
    return country_name(reference, language) if reference in countries() else reference
