"""Whole journeys by keyboard alone, without a mouse and without clicks of a program."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.console.keyboard import Keyboard
from tests.console.site import Visitor

Visit = Callable[..., Visitor]
FOCAL_POINT = "Wanjiru Kamau"
COORDINATOR = "Elena Marchetti"
TITLE = "[Fictitious sample] Training of investigators on seized phones"


def step_in(visitor: Visitor, name: str) -> Keyboard:
    """Sign in from the first page as the person with this name."""
    visitor.page.goto("/en")
    keys = Keyboard(visitor)
    keys.reach(visitor.page.get_by_role("link", name="Step into a place").first)
    keys.press("Enter")
    keys.opens("Whose place")
    keys.reach(keys.named("button", name))
    keys.press("Space")
    expect(visitor.page.locator(".acting")).to_contain_text(name)
    return keys


def test_request_is_written_and_submitted_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    keys = step_in(visitor, FOCAL_POINT)
    keys.shortcut("g r", opens="Requests")
    keys.press("c")
    keys.opens("Ask for assistance")
    keys.tick("radio", "English")
    keys.write("Title", TITLE)
    keys.write("Why is assistance needed?", "[Fictitious sample] Investigators cannot read the phones that they seize.")
    keys.button("Save and continue")
    keys.opens("Your request")
    keys.button("Add a line")
    keys.opens("Line 1")
    keys.write("Find topics", "poursuites")
    keys.button("Find")
    visitor.page.wait_for_url("**#find")
    keys.reach(visitor.page.locator("input[name=topics]").first)
    keys.press("Space")
    keys.choose("Kind of assistance", "Mentoring")
    keys.choose("Kind of institution", "Police")
    keys.write("How many people", "20")
    keys.tick("checkbox", "English")
    keys.tick("radio", "Hybrid")
    keys.write("Not before", "03012027")
    keys.write("Not after", "09302027")
    keys.write("What is to be reached?", "[Fictitious sample] They read a seized phone unaided.")
    keys.button("Save and continue")
    keys.opens("Your request")
    keys.link("Whom you ask, and who may see it")
    keys.opens("Who may see it")
    keys.tick("radio", "All providers")
    keys.tick("radio", "Circulate immediately")
    keys.button("Save and continue")
    keys.opens("Your request")
    keys.button("Check your answers")
    keys.opens("Check your answers")
    keys.button("Submit the request")
    expect(visitor.page.locator("main")).to_contain_text("The request was submitted.")
    # Leaving a page aborts the running requests of htmx, which reports it.
    assert not [one for one in visitor.wrong if "sendAbort" not in one and "afterRequest" not in one]


def test_match_is_found_on_the_desk_and_presented_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    keys = step_in(visitor, COORDINATOR)
    keys.shortcut("g w", opens="Work")
    keys.press("f")
    expect(visitor.page.locator("#filters > summary")).to_be_focused()
    keys.tick("checkbox", "Propose matches")
    keys.choose("State", "Tunisia")
    keys.button("Apply filters")
    expect(visitor.page.get_by_role("list", name="Filters in force")).to_contain_text("Propose matches")
    expect(visitor.page.locator("body.js-enabled")).to_be_attached()
    keys.press("j")
    expect(visitor.page.locator("main tbody a:focus")).to_contain_text("Tunisia")
    keys.press("x")
    expect(visitor.page.locator("main tbody input:checked")).to_have_count(1)
    keys.press("Enter")
    keys.opens("TA-")
    keys.link("Compare matches")
    keys.opens("Compare matches")
    keys.tick("checkbox", "Present")
    keys.button("Present")
    expect(visitor.page.locator("main")).to_contain_text("Presented.")
    assert not visitor.wrong


def test_action_point_is_added_and_reported_done_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    keys = step_in(visitor, FOCAL_POINT)
    keys.shortcut("g v", opens="Deliveries")
    keys.press("j")
    keys.press("Enter")
    keys.opens("Delivery")
    keys.button("Add an action point")
    keys.opens("Add an action point")
    keys.tick("radio", "Something else")
    keys.write("What is to be done", "[Fictitious sample] Book the room.")
    keys.tick("radio", "The State")
    keys.write("Due day", "09302031")
    keys.button("Save")
    keys.opens("Action point")
    keys.button("Report it done")
    keys.opens("Report it done")
    keys.button("Report it done")
    expect(visitor.page.locator("main")).to_contain_text("Reported done")
    assert not visitor.wrong


def test_question_mark_lists_the_keys_of_a_page(visit: Visit) -> None:
    visitor = visit().step_into("UNODC:coordinator")
    keys = Keyboard(visitor)
    visitor.go("/work")
    keys.press("?")
    help = visitor.page.get_by_role("dialog", name="Keyboard")
    expect(help.get_by_role("button", name="Close")).to_be_focused()
    listed = re.sub(r"\s+", " ", help.inner_text())
    for one in ("j k Next and previous row", "x Tick or untick the row", "g w Work", "/ Search", "f Filters", "t Take"):
        assert one in listed
    keys.press("Escape")
    expect(help).to_be_hidden()
    expect(visitor.page.locator("body")).to_be_focused()
