"""Hostile texts on the pages that show them: they are shown as text, run nothing, and widen no page."""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from contracts import reference
from tests.console.site import Site, Visitor

Visit = Callable[..., Visitor]
Pages = Mapping[str, tuple[str, ...]]

SCRIPT = "<script data-hostile>document.title='run'</script><img data-hostile src=x onerror=alert(1)>"
BREAKER = "\"'` autofocus onfocus=alert(1) data-hostile=1 --></title></textarea></svg><b data-hostile>bold</b>"
TEMPLATE = "{{7*7}} {% raw %} %(x)s %s ${7*7} #{7*7} &lt;b&gt; =HYPERLINK(1) javascript:alert(1)"
MIXED = "Аdmin раyраl مدير النظام 管理员 ไทย e" + "\u0301" * 20
BIDI = "\u202egpj.exe\u202c \u2067fdp \u200f\u200b\u2066"
TITLE = f"{SCRIPT} {MIXED}"
OTHER_TITLE = f"{BREAKER} {TEMPLATE}"
LONG_TITLE = BIDI + "T" * (200 - len(BIDI))
NOTIFICATIONS = "/notifications"
NAME = f"{BREAKER} {'N' * 150}"
TEXT = f"{SCRIPT}\n{BREAKER}\n{TEMPLATE}\n{MIXED}\n{BIDI}\n"
FILE_NAME = "=1+1;‮<img data-hostile src=x onerror=alert(1)>;" + "f" * 100 + ".png"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
ID = re.compile(r"/([0-9a-f]{8}-[0-9a-f-]{27})")
WIDE = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
RUN = "() => [document.querySelectorAll('[data-hostile]').length, document.title === 'run']"


def text_of(length: int) -> str:
    """Return all hostile texts, with a word that fills the rest of this length."""
    return TEXT + "W" * (length - len(TEXT))


def send(client: httpx.Client, path: str, *, on: str = "", files: Any = None, **typed: Any) -> str:
    """Fill in and send the form of a page, found at `on` or at its own address. Return the path of the redirect."""
    page = client.get(f"/en{on or path}")
    assert 200 == page.status_code, path
    hidden = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    answer = client.post(f"/en{path}", data=hidden | typed, files=files)
    said = re.findall(r'error-summary__list">(.*?)</ul', answer.text, re.DOTALL)
    assert 303 == answer.status_code, (path, answer.status_code, said)
    return answer.headers["location"].partition("?")[0].removeprefix("/en")


def write_offering(site: Site, title: str) -> str:
    with site.client("ZAF:provider_officer") as provider:
        dates = {"valid.from": "2026-11-01", "valid.until": "2028-12-31"}
        found = ID.search(send(provider, "/offerings/new", title=title, language="en", **dates))
        assert found
        path = f"/offerings/{found[1]}"
        codes = {"kinds": "training", "topics": "mutual_legal_assistance", "articles": "UNTOC:18"}
        send(
            provider, f"{path}/edit/what", title=title, summary=text_of(4000), language="en", pillars="pursue", **codes
        )
        send(provider, f"{path}/edit/how", languages="en", modalities="in_person")
        period = {"capacity.from": "2027-02-01", "capacity.until": "2027-12-31", "capacity.units": "3"}
        send(provider, f"{path}/edit/when", **dates, **period)
        send(provider, f"{path}/edit/resources", resource_status="funded")
        send(provider, f"{path}/do/submit", comment=text_of(2000))
    with site.client("UNODC:coordinator") as coordinator:
        send(coordinator, f"{path}/do/approve", comment=text_of(2000))
    with site.client("ZAF:provider_officer") as provider:
        send(provider, f"{path}/publication", language="en", title=title, summary=text_of(4000))
    return path


def write_request(site: Site, title: str, *, submit: bool = True) -> str:
    with site.client("PER:focal_point") as state:
        path = send(state, "/requests/new", language="en", title=title, need=text_of(4000)).removesuffix("/edit")
        line = {
            "kind": "training",
            "topics": "mutual_legal_assistance",
            "articles": "UNTOC:18",
            "institution": "prosecution",
            "institution_name": NAME,
            "group_size": "20",
            "languages": "en",
            "modality": "in_person",
            "window.from": "2027-03-01",
            "window.until": "2027-09-30",
            "outcome": text_of(2000),
            "in_place": text_of(2000),
            "measures.0.source": "own",
            "measures.0.kind": "training",
            "measures.0.provider": NAME,
            "measures.0.description": text_of(1000),
            "measures.0.from": "2025-01-01",
            "measures.0.until": "2025-02-01",
        }
        send(state, f"{path}/edit/lines/new", **line)
        readers = {"visibility": "public_summary", "circulation": "granted", "addressee.to": "any"}
        send(state, f"{path}/edit/readers", **readers)
        send(state, f"{path}/edit/attachments", files={"file": (FILE_NAME, PNG, "image/png")})
        if not submit:
            return path
        send(state, f"{path}/submit", comment=text_of(2000))
    with site.client("UNODC:coordinator") as coordinator:
        send(coordinator, f"{path}/do/register")
        send(coordinator, f"{path}/do/open", comment=text_of(2000))
    return path


def match(site: Site, request: str, offering: str) -> str:
    with site.client("UNODC:coordinator") as coordinator:
        line = coordinator.get(f"/en{request}/json").json()["lines"][0]["line_id"]
        asked = f"line={line}&offering={offering.rpartition('/')[2]}"
        path = send(coordinator, f"{request}/nominate?{asked}", comment=text_of(2000))
        departure = next(iter(reference.reasons("present")))
        send(coordinator, f"{path}/do/present", departure=departure, comment=text_of(2000))
    with site.client("PER:focal_point") as state:
        send(state, f"{request}/summary", language="en", title=TITLE, body=text_of(2000))
        send(state, f"{request}/summary/approve", on=f"{request}/summary")
    return path


@pytest.fixture(scope="module")
def pages(site: Site) -> Pages:
    """The pages that show hostile texts, by the person who sees them."""
    offering, request = write_offering(site, OTHER_TITLE), write_request(site, TITLE)
    write_offering(site, LONG_TITLE)
    draft = write_request(site, LONG_TITLE, submit=False)
    found = match(site, request, offering)
    search = f"/search?q={quote(MIXED.split()[0])}"
    return {
        "PER:focal_point": (
            "/requests",
            request,
            f"{request}/documents",
            f"{request}/matches",
            f"{request}/summary",
            f"{request}/do/withdraw",
            f"{draft}/edit",
            f"{draft}/edit/need",
            f"{draft}/submit",
            search,
            found,
            NOTIFICATIONS,
        ),
        "UNODC:coordinator": (
            "/work",
            "/work?view=board",
            request,
            f"{request}/translations",
            f"{request}/nominate?q=onfocus",
            f"/offerings?q={quote(BREAKER)}",
            f"/search?q={quote(SCRIPT)}",
            found,
            NOTIFICATIONS,
        ),
        "ZAF:provider_officer": ("/offerings", offering, f"{offering}/edit/what", NOTIFICATIONS),
        "": ("/public", "/public/offerings", f"/public{offering}", "/public/requests", f"/public{request}"),
    }


PEOPLE = ("PER:focal_point", "UNODC:coordinator", "ZAF:provider_officer", "")
ASKED = [one if one == PEOPLE[0] else pytest.param(one, marks=pytest.mark.soak) for one in PEOPLE]


@pytest.mark.parametrize("person", ASKED, ids=[one or "nobody" for one in PEOPLE])
def test_hostile_texts_are_shown_as_texts(visit: Visit, pages: Pages, person: str) -> None:
    visitor = visit(width=320)
    page = visitor.page
    if person:
        visitor.step_into(person)
    shown = ""
    for path in pages[person]:
        page.set_viewport_size({"width": 320, "height": 900})
        assert 200 == visitor.go(path), path
        assert [0, False] == page.evaluate(RUN), path
        # A notification says only what happened.
        assert ("data-hostile" in page.content()) == (path != NOTIFICATIONS), path
        shown += page.locator("main").inner_text()
        assert page.evaluate(WIDE) <= 0, f"{path} is wider than 320 px"
        page.set_viewport_size({"width": 1280, "height": 900})
        assert page.evaluate(WIDE) <= 0, f"{path} is wider than 1280 px"
        if ID.search(path):
            page.emulate_media(media="print")
            assert page.evaluate(WIDE) <= 0, f"{path} is wider than the paper"
            page.emulate_media(media="screen")
        assert not visitor.wrong, f"{path}: {visitor.wrong}"
    assert not {text for text in (SCRIPT, BREAKER, TEMPLATE) if text not in shown}
