"""Pages for people who see, hear or read otherwise: by ear, in forced colours, in large letters, on paper, without motion.

Each is checked on pages that have, together, all that pages are made of; in a soak test_pages.py checks every page.
"""

import re
from collections.abc import Callable

import pytest

from tests.assets import BUILT
from tests.console.checks import serves_everybody
from tests.console.site import Visitor
from tests.console.steps import FIRST, the_first

Visit = Callable[..., Visitor]
PLACES = {
    "KEN:focal_point": ("/requests/new", "{request}"),
    "UNODC:coordinator": ("/work", "/work?view=board"),
    "UNODC:finance_officer": ("{fund}",),
    None: ("/public/figures",),
}
"""Forms, records, tables, a board, and two kinds of charts."""

MOVING = re.compile(r"animation|transition|scroll-behavior|@keyframes|behavior: *.smooth")


@pytest.mark.parametrize("person", PLACES)
def test_a_page_serves_people_who_see_hear_or_read_otherwise(visit: Visit, person: str | None) -> None:
    visitor = visit(language="fr" if person else "ar", width=1280 if person else 320)
    if person:
        visitor.step_into(person)
    for place in PLACES[person]:
        serves_everybody(visitor, opened(visitor, place))


def opened(visitor: Visitor, place: str) -> str:
    path = the_first(visitor, place) if place in FIRST else place
    assert 200 == visitor.go(path), path
    return path


def test_the_place_and_the_language_of_a_page_are_marked(visit: Visit) -> None:
    visitor = visit().step_into("KEN:focal_point")
    for path, marked in (("/requests", "page"), ("/requests/new", "true")):
        visitor.go(path)
        assert marked == visitor.page.get_by_role("link", name="Requests").first.get_attribute("aria-current")
        assert "English" == visitor.page.locator("footer [aria-current=true]").inner_text()


def test_the_chosen_view_is_seen_in_forced_colours(visit: Visit) -> None:
    visitor = visit().step_into("UNODC:coordinator")
    visitor.page.emulate_media(forced_colors="active")
    visitor.go("/work")
    borders = {
        one.get_attribute("aria-current"): one.evaluate("(one) => getComputedStyle(one).borderTopWidth")
        for one in visitor.page.locator("main .chips a").all()
    }
    assert borders["page"] != borders[None] != borders["true"]


def test_nothing_moves() -> None:
    """For nobody, so that nobody has to ask for it."""
    moving = {path.name: MOVING.findall(path.read_text()) for path in BUILT.iterdir() if path.suffix in (".css", ".js")}
    assert {"console.css", "console.rtl.css", "console.js"} < set(moving)
    # htmx can, if a page asks it to: none does.
    assert {} == {name: found for name, found in moving.items() if found and name != "htmx.js"}
