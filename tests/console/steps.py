"""Steps of tests that visit the console."""

import re

import httpx
from playwright.sync_api import expect

from tests.console.site import Visitor

TITLE = "[Fictitious sample] Training of prosecutors on joint investigations"
FIRST = {
    "{request}": ("/requests", re.compile(r"^/[a-z]{2}(/requests/[0-9a-f-]{36})$")),
    "{fund}": ("/funds", re.compile(r"^/[a-z]{2}(/funds/[A-Z0-9-]+)$")),
}
"""Maps a placeholder to a list of records, and to the pattern of the address of the first record in it."""


def the_first(visitor: Visitor, name: str) -> str:
    listed, wanted = FIRST[name]
    visitor.go(listed)
    links = visitor.page.eval_on_selector_all("main a", "all => all.map(one => one.getAttribute('href'))")
    return next(found[1] for link in links if (found := wanted.match(link or "")))


def path_of(visitor: Visitor) -> str:
    """Return the path of the page that is open, without its language and query."""
    return re.sub(r"^https?://[^/]+/[a-z]{2}|\?.*$", "", visitor.page.url)


def press(visitor: Visitor, text: str) -> None:
    """Press the button, or the link that looks like one, with this text."""
    visitor.page.locator("main").get_by_role("button", name=text, exact=True).first.click()


def follow(visitor: Visitor, text: str) -> None:
    visitor.page.locator("main").get_by_role("link", name=text).first.click()


def says(visitor: Visitor, text: str) -> None:
    expect(visitor.page.locator("main")).to_contain_text(text)


def is_quiet(*visitors: Visitor) -> None:
    assert [] == [wrong for visitor in visitors for wrong in visitor.wrong]


def hidden_of(page: str) -> dict[str, str]:
    """Return the hidden fields of a page's forms."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def sent(client: httpx.Client, form: str, **typed: object) -> httpx.Response:
    """Open a form, fill it in and send it; return the answer."""
    return client.post(form, data=hidden_of(client.get(form).text) | typed)


def write_request(visitor: Visitor, *, visibility: str = "providers") -> str:
    """Write and submit a request of one line, and return its path."""
    page = visitor.page
    visitor.go("")
    press(visitor, "Ask for assistance")
    page.check("input[name=language][value=en]")
    page.fill("input[name=title]", TITLE)
    page.fill("textarea[name=need]", "[Fictitious sample] Prosecutors need to work with colleagues abroad.")
    press(visitor, "Save and continue")
    press(visitor, "Add a line")
    page.fill("input[name=find]", "poursuites")
    page.get_by_role("button", name="Find").first.click()
    page.locator("input[name=topics]").first.check()
    page.select_option("select[name=kind]", "training")
    page.select_option("select[name=institution]", "prosecution")
    page.fill("input[name=group_size]", "20")
    page.check("input[name=languages][value=en]")
    page.check("input[name=modality][value=in_person]")
    page.fill("input[name='window.from']", "2027-03-01")
    page.fill("input[name='window.until']", "2027-09-30")
    page.fill("textarea[name=outcome]", "[Fictitious sample] They prepare a joint team unaided.")
    press(visitor, "Save and continue")
    follow(visitor, "Whom you ask, and who may see it")
    page.check(f"input[name=visibility][value={visibility}]")
    page.check("input[name=circulation][value=granted]")
    press(visitor, "Save and continue")
    press(visitor, "Check your answers")
    says(visitor, TITLE)
    press(visitor, "Submit the request")
    says(visitor, "The request was submitted.")
    return path_of(visitor)


def open_request(coordinator: Visitor, request: str) -> None:
    """Acknowledge receipt of a request, and end its triage."""
    coordinator.go(request)
    for move in ("Acknowledge receipt", "End triage"):
        press(coordinator, move)
        press(coordinator, move)
