"""Bytes that a first visit transfers, and calls of the API that a page makes."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import pytest

from tests.console.site import Visitor
from tests.console.steps import FIRST, the_first
from tests.soak import IS_SOAK

BYTES_MAX = 150_000
CALLS_MAX = 3
CALLS = re.compile(r'api;desc="([0-9]+)"')
PAGES = (
    ("KEN:focal_point", ("", "/requests", "{request}", "/matches", "/offerings")),
    ("UNODC:coordinator", ("", "/work", "/work?view=board", "/intake")),
    ("UNODC:finance_officer", ("/funds", "{fund}", "/ledger")),
)
LANGUAGES = ("zh", "ar", "en")
"""The language with the most letters is first, because PAGES begins with the person with the most pages."""

PLACES = product(PAGES, LANGUAGES) if IS_SOAK else list(zip(PAGES, LANGUAGES, strict=True))[:1]


@dataclass(frozen=True)
class Weight:
    """Bytes that a page transfers, by address, and its number of calls of the API."""

    answers: dict[str, int]
    calls: int

    @property
    def bytes(self) -> int:
        return sum(self.answers.values())


def weigh(first: Visitor, visitor: Visitor, path: str) -> Weight:
    """Weigh a page in the browser of `visitor`, which has only the session of `first`."""
    visitor.context.add_cookies(cast(Any, first.context.cookies()))
    asked: dict[str, str] = {}
    answers: dict[str, int] = {}
    network = visitor.context.new_cdp_session(visitor.page)
    network.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
    network.on(
        "Network.loadingFinished",
        lambda event: answers.update({asked[event["requestId"]]: int(event["encodedDataLength"])}),
    )
    network.send("Network.enable")
    answer = visitor.page.goto(f"/{visitor.language}{path}")
    assert answer is not None
    assert 200 == answer.status, path
    visitor.page.evaluate("document.fonts.ready.then(() => true)")
    counted = CALLS.search(answer.headers.get("server-timing", ""))
    assert counted, path
    return Weight(answers, int(counted[1]))


@pytest.mark.thinned
@pytest.mark.parametrize(
    ("appointment", "pages", "language"),
    [pytest.param(who, pages, language, id=f"{who}-{language}") for (who, pages), language in PLACES],
)
def test_a_first_visit_of_a_page_is_light(
    visit: Callable[..., Visitor], appointment: str, pages: Sequence[str], language: str
) -> None:
    first = visit(language=language).step_into(appointment)
    paths = [the_first(first, page) if page in FIRST else page for page in pages]

    weights = {path: weigh(first, visit(language=language), path) for path in paths}

    assert not {path: weight for path, weight in weights.items() if weight.bytes > BYTES_MAX}
    assert not {path: weight for path, weight in weights.items() if weight.calls > CALLS_MAX}
    assert all(len(weight.answers) > 2 for weight in weights.values()), "style and script were not loaded"
