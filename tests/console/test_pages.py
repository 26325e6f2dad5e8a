"""Every page that a person finds: it is whole, accessible (WCAG 2.2 AA by axe-core), and says nothing on the console.

A visitor follows each link, to the first page of each kind. In a soak every page is visited in three languages and at
three widths; else in one of these each, and axe-core looks at the first page of a kind that somebody finds.
"""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.console.site import Visitor
from tests.console.walking import ALL_LANGUAGES, OTHERS, PEOPLE, RULES, WIDTHS, pattern, walk
from tests.soak import IS_SOAK

START = ""
"""The path of everybody's first page, each of which is another."""

SHAPE = """
() => ({
  headings: [...document.querySelectorAll("h1")].length,
  lang: document.documentElement.lang,
  dir: document.documentElement.dir,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  ids: [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, at, all) => all.indexOf(id) !== at),
})
"""


LOOKED_AT: set[str] = set()
"""Kinds of pages, with language and width, that axe-core has looked at for somebody."""


def is_new(visitor: Visitor, path: str) -> bool:
    kind = f"{visitor.page.viewport_size} {pattern(f'/{visitor.language}{path}')}"
    known = kind in LOOKED_AT
    LOOKED_AT.add(kind)
    return IS_SOAK or path == START or not known


def check(visitor: Visitor, path: str) -> None:
    shape = visitor.page.evaluate(SHAPE)
    assert (1, visitor.language) == (shape["headings"], shape["lang"]), path
    assert ("rtl" if visitor.language == "ar" else "ltr") == shape["dir"], path
    assert shape["wide"] <= 0, f"{path} is {shape['wide']} px wider than the window"
    assert not shape["ids"], f"{path} has ids twice: {shape['ids']}"
    if is_new(visitor, path):
        violations = Axe().run(visitor.page, options=RULES).response["violations"]
        found = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in violations]
        assert not found, f"{path}: {found}"
    assert not visitor.wrong, f"{path}: {visitor.wrong}"


EVERY = [(person, language, width) for person in (*PEOPLE, *OTHERS) for language in ALL_LANGUAGES for width in WIDTHS]
FEW = [*((person, "en", 1280) for person in PEOPLE), ("KEN:focal_point", "ar", 320), ("UNODC:coordinator", "fr", 768)]


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
