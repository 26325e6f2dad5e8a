"""Pages for people who see, hear or read otherwise: by ear, in forced colours, in large letters, on paper, without motion.

Each is checked on pages that have, together, all that pages are made of. In a soak each is checked on every
page that a person finds, in three languages; that nothing overlaps also at each width.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.assets import BUILT
from tests.console.sight import misplaced, unseen
from tests.console.site import Visitor
from tests.console.steps import FIRST, the_first
from tests.console.tree import mistakes, tree
from tests.console.walking import ALL_LANGUAGES, OTHERS, PEOPLE, RULES, WIDTHS, walk
from tests.soak import IS_SOAK

Visit = Callable[..., Visitor]
PLACES = {
    "KEN:focal_point": ("/requests/new", "{request}"),
    "UNODC:coordinator": ("/work", "/work?view=board"),
    "UNODC:finance_officer": ("{fund}",),
    None: ("/public/figures",),
}
"""Forms, records, tables, a board, and two kinds of charts."""

ALL = [(person, language, width) for person in (*PEOPLE, *OTHERS) for language in ALL_LANGUAGES for width in WIDTHS]
WIDE = [one for one in ALL if one[2] == max(WIDTHS)]
SOME = [(person, "fr" if person else "ar", 1280 if person else 320) for person in PLACES]
EVERY = pytest.mark.parametrize(("person", "language", "width"), WIDE if IS_SOAK else SOME)
EVERY_WIDTH = pytest.mark.parametrize(("person", "language", "width"), ALL if IS_SOAK else SOME)
OPEN = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
LARGE = "() => { document.documentElement.style.fontSize = '200%'; }"
LEFT_TO_PRINT = """
() => [...document.querySelectorAll("nav, .bar-top, .acting, .moves, .filters, form button, footer, dialog")]
  .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 100))
"""
NOT_PRINTED = """
() => [...document.querySelectorAll("main :is(h1, h2, dl, table, .picture, .words, .timeline, .govuk-tag)")]
  .filter((one) => !one.checkVisibility() && !one.closest("details, form, .no-print")).map((one) => one.outerHTML.slice(0, 100))
"""
MOVING = re.compile(r"animation|transition|scroll-behavior|@keyframes|behavior: *.smooth")


def pages(visitor: Visitor, person: str | None, **media: Any) -> Iterator[str]:
    """The paths of the pages to be checked; the visitor is on the page, in this medium, with all its parts open."""
    if person:
        visitor.step_into(person)
    visitor.page.emulate_media(**media)
    if IS_SOAK:
        found = walk(visitor, "" if person else "/public")
    else:
        found = (opened(visitor, place) for place in PLACES[person])
    for path in found:
        visitor.page.evaluate(OPEN)
        yield path


def opened(visitor: Visitor, place: str) -> str:
    path = the_first(visitor, place) if place in FIRST else place
    assert 200 == visitor.go(path), path
    return path


@pytest.mark.thinned
@EVERY
def test_a_page_is_told_by_ear(visit: Visit, person: str | None, language: str, width: int) -> None:
    """Its title, landmarks, headings in order, and a name for each control, table and picture."""
    visitor = visit(language=language, width=width)
    for path in pages(visitor, person):
        found = mistakes(tree(visitor.page), visitor.page.title())
        assert not found, f"{path}: {found}"
        assert visitor.page.locator("header nav [aria-current]").count() <= 1, path


def test_the_place_and_the_language_of_a_page_are_marked(visit: Visit) -> None:
    visitor = visit().step_into("KEN:focal_point")
    for path, marked in (("/requests", "page"), ("/requests/new", "true")):
        visitor.go(path)
        assert marked == visitor.page.get_by_role("link", name="Requests").first.get_attribute("aria-current")
        assert "English" == visitor.page.locator("footer [aria-current=true]").inner_text()


@pytest.mark.thinned
@EVERY
def test_a_page_is_whole_in_forced_colours(visit: Visit, person: str | None, language: str, width: int) -> None:
    """Numbers in charts, bars, tags, boxes to tick and buttons are seen; in a soak axe-core finds nothing."""
    visitor = visit(language=language, width=width)
    for path in pages(visitor, person, forced_colors="active"):
        visitor.page.emulate_media(color_scheme="dark")
        found = unseen(visitor.page)
        assert not found, f"{path}: {found}"
        if not IS_SOAK:
            continue
        # It reads the backgrounds of the style sheet, which are light.
        visitor.page.emulate_media(color_scheme="light")
        violations = Axe().run(visitor.page, options=RULES).response["violations"]
        assert not violations, f"{path}: {[(one['id'], one['nodes'][0]['html'][:200]) for one in violations]}"


def test_the_chosen_view_is_seen_in_forced_colours(visit: Visit) -> None:
    visitor = visit().step_into("UNODC:coordinator")
    visitor.page.emulate_media(forced_colors="active")
    visitor.go("/work")
    borders = {
        one.get_attribute("aria-current"): one.evaluate("(one) => getComputedStyle(one).borderTopWidth")
        for one in visitor.page.locator("main .chips a").all()
    }
    assert borders["page"] != borders[None] != borders["true"]


@pytest.mark.thinned
@EVERY_WIDTH
def test_a_page_is_whole_in_letters_twice_as_large(visit: Visit, person: str | None, language: str, width: int) -> None:
    """Nothing overlaps, is cut off, or makes the page scroll to the side; nor before the letters are enlarged."""
    visitor = visit(language=language, width=width)
    for path in pages(visitor, person):
        found = misplaced(visitor.page)
        assert not found, f"{path}: {found}"
        if width == max(WIDTHS):
            visitor.page.evaluate(LARGE)
            found = misplaced(visitor.page)
            assert not found, f"{path} at 200 %: {found}"


@pytest.mark.thinned
@EVERY
def test_a_page_prints_its_record_without_its_controls(
    visit: Visit, person: str | None, language: str, width: int
) -> None:
    visitor = visit(language=language, width=width)
    for path in pages(visitor, person, media="print"):
        assert [] == visitor.page.evaluate(LEFT_TO_PRINT), path
        assert [] == visitor.page.evaluate(NOT_PRINTED), path


def test_nothing_moves() -> None:
    """For nobody, so that nobody has to ask for it."""
    moving = {path.name: MOVING.findall(path.read_text()) for path in BUILT.iterdir() if path.suffix in (".css", ".js")}
    assert {"console.css", "console.rtl.css", "console.js"} < set(moving)
    # htmx can, if a page asks it to: none does.
    assert {} == {name: found for name, found in moving.items() if found and name != "htmx.js"}
