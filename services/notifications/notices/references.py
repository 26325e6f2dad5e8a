"""The reference of a notice in a language: a day, an article or a State by its name; any other code is unchanged."""

import re

from contracts.formats import day
from contracts.reference import articles, countries
from contracts.reference.country_names import country_name
from contracts.values import Language

DAY = re.compile(r"\d{4}-\d\d-\d\d")
ARTICLES = {Language.ZH: "{instrument}第{number}"}
"""Templates of an article's reference, in languages that write it differently from the others."""


def localized(reference: str, language: Language) -> str:
    """Return the reference in a language: `30 December 2026`, `5 (UNTOC)`, `Kenya`."""
    if DAY.fullmatch(reference):
        return day(reference, language)
    if article := articles().get(reference):
        template = ARTICLES.get(language, "{number} ({instrument})")
        return template.format(instrument=article.instrument, number=article.number)
    return country_name(reference, language) if reference in countries() else reference
