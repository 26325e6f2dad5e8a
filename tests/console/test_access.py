"""Pages for people who see, hear or read otherwise: by ear, in forced colours, large letters, on paper, without motion.

The checks are made on pages that together have all elements of pages; in a soak test_pages.py checks every page.
"""

import re
from collections.abc import Callable

import pytest

from tests.assets import BUILT
from tests.console.checks import (
    OPEN,
    is_accessible,
    is_legible_in_large_letters,
    is_printed_without_controls,
    is_readable_by_screen_reader,
    is_seen_in_forced_colours,
    is_whole,
    passes_access_checks,
)
from tests.console.site import Visitor
from tests.console.steps import FIRST, press, says, the_first

Visit = Callable[..., Visitor]
PLACES = {
    "KEN:focal_point": ("/requests/new", "{request}"),
    "UNODC:coordinator": ("/work", "/work?view=board"),
    "UNODC:finance_officer": ("{fund}",),
    None: ("/public/figures",),
}
"""Pages by person: forms, records, tables, a board, and two kinds of charts."""

NARROW = (
    (None, "ar", "/public/figures/requests"),
    ("KEN:focal_point", "ar", "{request}"),
    ("KEN:focal_point", "en", "/sherloc/contributions"),
    ("KEN:focal_point", "en", "/people/several"),
    ("UNODC:coordinator", "ar", "/requests"),
    ("UNODC:coordinator", "en", "/intake"),
    ("UNODC:coordinator", "en", "/search?q=training"),
    ("UNODC:coordinator", "fr", "/parked"),
    ("UNODC:coordinator", "fr", "/work"),
    ("FRA:donor_officer", "ru", "/needs"),
    ("FRA:donor_officer", "ru", "{fund}"),
    ("UNODC:finance_officer", "en", "/ledger"),
)
"""Pages with long words, choices, accounts, charts and filters."""

TEXT_HEIGHTS = """
(size) => {
  document.documentElement.style.fontSize = size;
  const found = [...document.querySelectorAll(".picture svg text, .picture li")];
  return found.map((one) => one.getBoundingClientRect().height / (one.matches("text") ? 1 : one.childElementCount || 1));
}
"""
MOVING = re.compile(r"animation|transition|scroll-behavior|@keyframes|behavior: *.smooth")


@pytest.mark.parametrize("person", PLACES)
def test_a_page_serves_people_who_see_hear_or_read_otherwise(visit: Visit, person: str | None) -> None:
    visitor = visit(language="fr" if person else "ar", width=1280 if person else 320)
    if person:
        visitor.step_into(person)
    for place in PLACES[person]:
        passes_access_checks(visitor, opened(visitor, place))


@pytest.mark.parametrize(("person", "language", "place"), NARROW)
def test_a_narrow_page_is_legible_in_large_letters_and_on_paper(
    visit: Visit, person: str | None, language: str, place: str
) -> None:
    visitor = visit(language=language, width=320)
    if person:
        visitor.step_into(person)
    path = opened(visitor, place)

    visitor.page.evaluate(OPEN)
    is_legible_in_large_letters(visitor, path)
    is_printed_without_controls(visitor, path)


@pytest.mark.parametrize(("person", "place"), [("UNODC:coordinator", "/figures"), ("UNODC:coordinator", "/work/queue")])
def test_texts_of_charts_are_as_large_as_the_reader_asks(visit: Visit, person: str | None, place: str) -> None:
    visitor = visit()
    if person:
        visitor.step_into(person)
    opened(visitor, place)

    usual, large = (visitor.page.evaluate(TEXT_HEIGHTS, size) for size in ("100%", "200%"))

    assert usual
    assert [one for one, other in zip(usual, large, strict=True) if other < 1.8 * one] == []


@pytest.mark.parametrize(
    ("check", "spoil"),
    [
        (is_whole, "document.querySelector('h1').remove()"),
        (is_whole, "document.body.append(Object.assign(document.createElement('p'), {id: 'main-content'}))"),
        (is_whole, "document.body.insertAdjacentHTML('beforeend', '<p>x</p>'); document.body.lastChild.style.width = '3000px'"),
        (is_accessible, "document.querySelectorAll('label').forEach((one) => one.remove())"),
        (is_readable_by_screen_reader, "document.querySelector('main').insertAdjacentHTML('beforeend', '<h5>x</h5>')"),
        (is_seen_in_forced_colours, "document.querySelector('.govuk-button').style.cssText = 'forced-color-adjust: none; "
         "color: #eee; background: #fff; border-color: #fff; outline: none; box-shadow: none'"),
        (is_printed_without_controls, "document.querySelector('footer').style.setProperty('display', 'block', 'important')"),
        (is_legible_in_large_letters, "document.querySelector('main label').style.cssText = 'position: fixed; top: 0; left: 0'"),
    ],
)  # fmt: skip
def test_a_planted_fault_is_found(visit: Visit, check: Callable[[Visitor, str], None], spoil: str) -> None:
    visitor = visit().step_into("KEN:focal_point")
    path = opened(visitor, "/requests/new")
    check(visitor, path)

    visitor.page.evaluate(f"() => {{ {spoil}; scrollTo(0, 0); }}")

    with pytest.raises(AssertionError):
        check(visitor, path)


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


def test_a_title_that_is_too_long_is_not_cut(visit: Visit) -> None:
    visitor, title = visit().step_into("KEN:focal_point"), "T" * 199 + "END"
    visitor.go("/requests/new")
    says(visitor, "At most 200 characters")
    visitor.page.focus("#f-title")
    visitor.page.keyboard.insert_text(title)
    visitor.page.check("input[name=language][value=en]")
    press(visitor, "Save and continue")

    says(visitor, "Shorten this text")
    assert title == visitor.page.input_value("#f-title")


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
    """Nothing moves, also without the setting for reduced motion."""
    moving = {path.name: MOVING.findall(path.read_text()) for path in BUILT.iterdir() if path.suffix in (".css", ".js")}
    assert {"console.css", "console.rtl.css", "console.js"} < set(moving)
    # htmx can animate if a page asks for it, but none does.
    assert {} == {name: found for name, found in moving.items() if found and name != "htmx.js"}
