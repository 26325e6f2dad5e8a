"""The pages that a person finds, by following each link to the first page of each kind, and what each has to be."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe

from tests.console.site import Visitor
from tests.soak import IS_SOAK, cases

PAGES_MAX = cases(11, soak=200)
"""Of one person."""

START = ""
"""The path of everybody's first page, each of which is another."""

PEOPLE = (
    None,
    "KEN:focal_point",
    "UNODC:coordinator",
    "ZAF:provider_officer",
    "FRA:donor_officer",
    "UNODC:finance_officer",
)
OTHERS = ("KEN:official", "UNODC:administrator", "UNODC:auditor")
ALL_LANGUAGES = ("en", "fr", "ar")
WIDTHS = (1280, 768, 320)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Without what passed, which takes half of the time.
    "resultTypes": ["violations"],
}
LINKS = """
() => [...document.querySelectorAll("nav a.govuk-service-navigation__link, main a[href]:not([download])")]
  .map((one) => one.getAttribute("href"))
"""
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
"""Kinds of pages, with language and width, that axe-core has looked at."""

DOWNLOAD = re.compile(r"\.\w{2,5}(\?|$)|/json$|/events$")
"""Addresses that answer with a file."""


def pattern(path: str) -> str:
    """A path without ids: of pages of one kind, the first is visited."""
    parts = urlsplit(path).path.split("/")
    return "/".join("*" if len(part) >= 20 or any(letter.isdigit() for letter in part) else part for part in parts)


def walk(visitor: Visitor, start: str) -> Iterator[str]:
    """The paths of the pages that a visitor finds, each kind once; the visitor is on the page."""
    found, seen = [start], {pattern(f"/{visitor.language}{start}")}
    while found:
        path = found.pop(0)
        status = visitor.go(path)
        assert status == 200, f"{path}: {status}"
        yield path
        for link in visitor.page.evaluate(LINKS):
            known = pattern(link) in seen or DOWNLOAD.search(link) or not link.startswith(f"/{visitor.language}/")
            if not known and len(seen) < PAGES_MAX:
                seen.add(pattern(link))
                found.append(link.removeprefix(f"/{visitor.language}").partition("#")[0])


def is_new(visitor: Visitor, path: str) -> bool:
    kind = f"{visitor.page.viewport_size} {pattern(f'/{visitor.language}{path}')}"
    known = kind in LOOKED_AT
    LOOKED_AT.add(kind)
    return IS_SOAK or path == START or not known


def check(visitor: Visitor, path: str) -> None:
    """The page that is open: whole, as wide as the window, and accessible if it is the first of its kind."""
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
