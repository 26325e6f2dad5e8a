"""The pages that a person finds by following each link to the first page of each kind."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.console.site import Visitor
from tests.soak import cases

PAGES_MAX = cases(11, soak=200)
"""Maximum number of pages visited for one person."""

START = ""
"""Path of the first page, which is a different one for each person."""

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
LINKS = """
() => [...document.querySelectorAll("nav a.govuk-service-navigation__link, main a[href]:not([download])")]
  .map((one) => one.getAttribute("href"))
"""
DOWNLOAD = re.compile(r"\.\w{2,5}(\?|$)|/json$|/events$")
"""Pattern of addresses that answer with a file."""


def pattern(path: str) -> str:
    """Return a path without ids. Of pages of one kind, only the first is visited."""
    parts = urlsplit(path).path.split("/")
    return "/".join("*" if len(part) >= 20 or any(letter.isdigit() for letter in part) else part for part in parts)


def crawl(visitor: Visitor, start: str) -> Iterator[str]:
    """Yield the paths of the pages that a visitor finds, each kind once, while the visitor is on the page."""
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
