"""Checks that a page is whole, accessible, and usable by people who see, hear or read otherwise.

A check is given a visitor who is on the page; it fails with the path and the mistakes.
"""

from axe_playwright_python.sync_playwright import Axe

from tests.console.legibility import misplaced, unseen
from tests.console.site import Visitor
from tests.console.tree import mistakes, tree

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Rules that passed are left out: they take half of the time.
    "resultTypes": ["violations"],
}
SHAPE = """
() => ({
  headings: [...document.querySelectorAll("h1")].length,
  lang: document.documentElement.lang,
  dir: document.documentElement.dir,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  ids: [...document.querySelectorAll("[id]")].map((one) => one.id).filter((id, at, all) => all.indexOf(id) !== at),
})
"""
OPEN = "() => document.querySelectorAll('details').forEach((one) => { one.open = true; })"
LARGE = "(size) => { document.documentElement.style.fontSize = size; }"
LEFT_TO_PRINT = """
() => [...document.querySelectorAll(
  "nav:not(:has(.chips)), .bar-top, .acting, .moves, button, a.govuk-button, .chips a:not([aria-current]), footer, dialog"
)]
  .filter((one) => one.checkVisibility()).map((one) => one.outerHTML.slice(0, 100))
"""
NOT_PRINTED = """
() => [...document.querySelectorAll(
  "main :is(h1, h2, dl, table, .picture, .words, .timeline, .govuk-tag, .filters label, .chips [aria-current])"
)].filter((one) => !one.checkVisibility() && !one.closest("details, form:not(.filters), .no-print")).map((one) => one.outerHTML.slice(0, 100))
"""


def is_whole(visitor: Visitor, path: str) -> None:
    """Check the heading, the language of the address, the width, that ids are unique and that no error is reported."""
    shape = visitor.page.evaluate(SHAPE)
    assert (1, visitor.language) == (shape["headings"], shape["lang"]), path
    assert ("rtl" if visitor.language == "ar" else "ltr") == shape["dir"], path
    assert shape["wide"] <= 0, f"{path} is {shape['wide']} px wider than the window"
    assert not shape["ids"], f"{path} has ids twice: {shape['ids']}"
    assert not visitor.wrong, f"{path}: {visitor.wrong}"


def is_accessible(visitor: Visitor, path: str) -> None:
    """Check the rules of WCAG 2.2, levels A and AA, and best practices with axe-core."""
    violations = Axe().run(visitor.page, options=RULES).response["violations"]
    found = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in violations]
    assert not found, f"{path}: {found}"


def is_readable_by_screen_reader(visitor: Visitor, path: str) -> None:
    """Check the title, landmarks, order of headings, and a name for each control, table and picture."""
    found = mistakes(tree(visitor.page), visitor.page.title())
    assert not found, f"{path} to a screen reader: {found}"
    assert visitor.page.locator("header nav [aria-current]").count() <= 1, path


def is_seen_in_forced_colours(visitor: Visitor, path: str) -> None:
    """Check that numbers in charts, bars, tags, boxes to tick and buttons are visible."""
    visitor.page.emulate_media(forced_colors="active", color_scheme="dark")
    found = unseen(visitor.page)
    visitor.page.emulate_media(forced_colors="none", color_scheme="light")
    assert not found, f"{path} in forced colours: {found}"


def is_printed_without_controls(visitor: Visitor, path: str) -> None:
    visitor.page.emulate_media(media="print")
    left, missing = visitor.page.evaluate(LEFT_TO_PRINT), visitor.page.evaluate(NOT_PRINTED)
    visitor.page.emulate_media(media="screen")
    assert ([], []) == (left, missing), f"{path} on paper"


def is_legible_in_large_letters(visitor: Visitor, path: str) -> None:
    """Check that nothing overlaps, is cut off or makes the page scroll to the side, in normal and in large letters."""
    found = misplaced(visitor.page)
    assert not found, f"{path}: {found}"
    visitor.page.evaluate(LARGE, "200%")
    found = misplaced(visitor.page)
    visitor.page.evaluate(LARGE, "")
    assert not found, f"{path} at 200 %: {found}"


ACCESS_CHECKS = (
    is_readable_by_screen_reader,
    is_seen_in_forced_colours,
    is_printed_without_controls,
    is_legible_in_large_letters,
)
"""Checks for people who use a screen reader, forced colours, paper or large letters; axe-core does not cover them."""


def passes_access_checks(visitor: Visitor, path: str) -> None:
    """Run all of ACCESS_CHECKS, with all parts of the page open."""
    visitor.page.evaluate(OPEN)
    for check in ACCESS_CHECKS:
        check(visitor, path)


def check(visitor: Visitor, path: str) -> None:
    is_whole(visitor, path)
    is_accessible(visitor, path)
