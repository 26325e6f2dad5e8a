"""Every page that a person finds is whole, accessible (WCAG 2.2 AA by axe-core), and reports no error.

A visitor follows each link to the first page of each kind. In a soak every page is visited in English at three widths,
and in French and Arabic at one of them, by the day; otherwise half of the people visit theirs on a day, each in one
language and at one width. Slow checks are made on the first page of a kind that anyone finds, in a language and at a
width; in a soak axe-core also checks the pages of each person, in English.
"""

from collections.abc import Callable

import pytest

from tests.console.checks import is_accessible, is_legible_in_large_letters, is_whole, passes_access_checks
from tests.console.crawl import ALL_LANGUAGES, OTHERS, PEOPLE, START, WIDTHS, crawl, pattern
from tests.console.site import Visitor
from tests.soak import DAY, IS_SOAK

WIDTH_OF_THE_DAY = WIDTHS[DAY % len(WIDTHS)]
EVERY = [
    (person, language, width)
    for person in (*PEOPLE, *OTHERS)
    for language in ALL_LANGUAGES
    for width in (WIDTHS if language == "en" else (WIDTH_OF_THE_DAY,))
]
FEW = list(zip(PEOPLE, ("ar", "en", "en", "fr", "en", "fr"), (320, 1280, 1280, 768, 320, 1280), strict=True))
OF_EACH_PERSON = ("en", max(WIDTHS))

LOOKED_AT: set[tuple[str, int]] = set()
"""Kinds of pages with their language, and the width at which they were checked."""


def is_new(visitor: Visitor, path: str) -> bool:
    kind = (pattern(f"/{visitor.language}{path}"), visitor.width)
    known = kind in LOOKED_AT
    LOOKED_AT.add(kind)
    return path == START or not known


@pytest.mark.thinned
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("person", "language", "width"), EVERY if IS_SOAK else FEW)
def test_every_page_is_whole_and_accessible(
    visit: Callable[..., Visitor], person: str | None, language: str, width: int
) -> None:
    if not IS_SOAK and FEW.index((person, language, width)) % 2 != DAY % 2:
        pytest.skip("these people visit their pages on every other day, and in each soak")
    visitor = visit(language=language, width=width)
    if person:
        visitor.step_into(person)

    visited = 0
    for path in crawl(visitor, "/public" if person is None else START):
        visited += 1
        is_whole(visitor, path)
        new = is_new(visitor, path)
        if new or (IS_SOAK and (language, width) == OF_EACH_PERSON):
            is_accessible(visitor, path)
        if new and IS_SOAK:
            passes_checks_of_its_width(visitor, path)

    assert visited >= 3


def passes_checks_of_its_width(visitor: Visitor, path: str) -> None:
    """Check everything at the largest width; at the others, only what depends on them."""
    if visitor.width < max(WIDTHS):
        is_legible_in_large_letters(visitor, path)
        return
    passes_access_checks(visitor, path)
    # In the light scheme: axe-core reads the backgrounds of the style sheet, which are light.
    visitor.page.emulate_media(forced_colors="active")
    is_accessible(visitor, f"{path} in forced colours")
    visitor.page.emulate_media(forced_colors="none")
