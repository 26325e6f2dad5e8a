"""Every page that a person finds: it is whole, accessible (WCAG 2.2 AA by axe-core), and says nothing on the console.

A visitor follows each link, to the first page of each kind. In a soak every page is visited in three languages and at
three widths; else in one of these each, and axe-core looks at the first page of a kind that somebody finds.
"""

from collections.abc import Callable

import pytest

from tests.console.site import Visitor
from tests.console.walking import ALL_LANGUAGES, OTHERS, PEOPLE, START, WIDTHS, check, walk
from tests.soak import IS_SOAK

EVERY = [(person, language, width) for person in (*PEOPLE, *OTHERS) for language in ALL_LANGUAGES for width in WIDTHS]
FEW = list(zip(PEOPLE, ("ar", "en", "en", "fr", "en", "fr"), (320, 1280, 1280, 768, 320, 1280), strict=True))


@pytest.mark.thinned
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("person", "language", "width"), EVERY if IS_SOAK else FEW)
def test_every_page_is_whole_and_accessible(
    visit: Callable[..., Visitor], person: str | None, language: str, width: int
) -> None:
    visitor = visit(language=language, width=width)
    if person:
        visitor.step_into(person)

    visited = [check(visitor, path) for path in walk(visitor, "/public" if person is None else START)]

    assert len(visited) >= 3
