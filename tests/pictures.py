"""`./dev pictures`: take pictures of the console in English, French and Arabic for README.md and docs/console.md.

Starts a demo of its own, visits each of ten pages as the person whose work it is, and writes
`docs/pictures/<page>.<language>.png`.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser import CHROMIUM, launched
from tests.console.site import Site, Visitor, demo

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
LANGUAGES = ("en", "fr", "ar")
SIZE = {"width": 1200, "height": 800}


def first_row(list_path: str) -> Callable[[Visitor], None]:
    """Return a step that opens the first record of a list."""

    def go(visitor: Visitor) -> None:
        visitor.go(list_path)
        href = visitor.page.locator("[data-row] a[href]").first.get_attribute("href") or ""
        visitor.page.goto(href)

    return go


def at(path: str) -> Callable[[Visitor], None]:
    def go(visitor: Visitor) -> None:
        visitor.go(path)

    return go


PAGES: dict[str, tuple[str | None, Callable[[Visitor], None]]] = {
    "welcome": (None, at("")),
    "request": ("FJI:focal_point", first_row("/requests?status=open")),
    "draft": ("KEN:focal_point", first_row("/requests?status=draft")),
    "work": ("UNODC:coordinator", at("/work")),
    "board": ("UNODC:coordinator", at("/work?view=board")),
    "match": ("UNODC:coordinator", first_row("/matches?status=confirmed")),
    "round": ("UNODC:coordinator", first_row("/rounds")),
    "offering": ("ZAF:provider_officer", first_row("/offerings")),
    "fund": ("FRA:donor_officer", at("/funds/SHERLOC-MNT")),
    "figures": (None, at("/public/figures")),
}


def main(arguments: Sequence[str]) -> int:
    if CHROMIUM is None:
        print("needs chromium", file=sys.stderr)
        return 1
    wanted = [page for page in PAGES if not arguments or page in arguments]
    FOLDER.mkdir(exist_ok=True)
    state = Path(tempfile.mkdtemp(prefix="entraide-pictures-", dir="/var/tmp"))
    state.chmod(0o711)
    try:
        with demo(state) as site, launched() as browser:
            for language in LANGUAGES:
                for page in wanted:
                    take(browser, site, page, language)
                    print(f"{page}.{language}.png")
    finally:
        shutil.rmtree(state, ignore_errors=True)
    return 0


def take(browser: Browser, site: Site, page: str, language: str) -> None:
    person, go = PAGES[page]
    visitor = Visitor(browser, site, width=SIZE["width"], language=language)
    try:
        if person:
            visitor.step_into(person)
        go(visitor)
        visitor.page.wait_for_load_state("load")
        visitor.page.evaluate("document.fonts.ready.then(() => null)")
        clip = {"x": 0, "y": 0, **SIZE}
        visitor.page.screenshot(path=FOLDER / f"{page}.{language}.png", clip=clip)
    finally:
        visitor.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
