"""Steps of tests that visit the console."""

import re

from tests.console.site import Visitor

FIRST = {
    "{request}": ("/requests", re.compile(r"^/[a-z]{2}(/requests/[0-9a-f-]{36})$")),
    "{fund}": ("/funds", re.compile(r"^/[a-z]{2}(/funds/[A-Z0-9-]+)$")),
}
"""Pages of a record: a list, and what the address of the first in it looks like."""


def the_first(visitor: Visitor, name: str) -> str:
    listed, wanted = FIRST[name]
    visitor.go(listed)
    links = visitor.page.eval_on_selector_all("main a", "all => all.map(one => one.getAttribute('href'))")
    return next(found[1] for link in links if (found := wanted.match(link or "")))
