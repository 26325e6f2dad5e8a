"""A page as a screen reader gets it: Chromium's accessibility tree."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from playwright.sync_api import CDPSession
from playwright.sync_api import Page as BrowserPage

CONTROLS = frozenset(
    [
        "button",
        "checkbox",
        "combobox",
        "DisclosureTriangle",
        "link",
        "listbox",
        "option",
        "radio",
        "searchbox",
        "slider",
        "spinbutton",
        "switch",
        "tab",
        "textbox",
        "Date",
        "progressbar",
        "meter",
    ]
)
PICTURES = frozenset(("image", "img", "graphics-document"))
LANDMARKS = frozenset(("navigation", "region", "complementary", "search"))
NAMED = frozenset(("navigation", "region"))
ONCE = ("banner", "main", "contentinfo")
HEADERS = frozenset(("columnheader", "rowheader"))


class Node:
    """A node of the tree: its role, its name, its level if it is a heading, and the nodes in it."""

    def __init__(self, found: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> None:
        self.role = str(found["role"]["value"])
        self.name = str(found.get("name", {}).get("value", "")).strip()
        self.level = {one["name"]: one["value"].get("value") for one in found.get("properties", ())}.get("level")
        self.inner = [Node(nodes[one], nodes) for one in found.get("childIds", ()) if one in nodes]

    def all(self) -> Iterator["Node"]:
        yield self
        for one in self.inner:
            yield from one.all()


def tree(page: BrowserPage) -> list[Node]:
    """Return the nodes that are not hidden from screen readers, in the order of reading; the first is the page."""
    session: CDPSession = page.context.new_cdp_session(page)
    try:
        found = session.send("Accessibility.getFullAXTree")["nodes"]
    finally:
        session.detach()
    nodes = {one["nodeId"]: one for one in found}
    return [one for one in Node(found[0], nodes).all() if one.role not in ("none", "InlineTextBox", "StaticText")]


def mistakes(nodes: list[Node], title: str) -> list[str]:
    """Return the mistakes that a reader by ear would notice, such as controls without a name."""
    roles = Counter(one.role for one in nodes)
    landmarks = Counter((one.role, one.name) for one in nodes if one.role in LANDMARKS)
    levels = [int(one.level or 0) for one in nodes if one.role == "heading"]
    return [
        *([f"its title is {title!r}"] if not title.removesuffix(" – Entraide") else []),
        *(f"{roles[one]} × {one}" for one in ONCE if roles[one] != 1),
        *(f"a {one.role} without a name" for one in nodes if one.role in CONTROLS | PICTURES and not one.name),
        *(f"a landmark {role} without a name" for role, name in landmarks if role in NAMED and not name),
        *(f"{times} × {role} {name!r}" for (role, name), times in landmarks.items() if times > 1),
        *([f"headings of level {levels}"] if levels[:1] != [1] else []),
        *(f"a heading {b} below {a}" for a, b in pairwise(levels) if b > a + 1),
        *(f"an empty heading {levels}" for one in nodes if one.role == "heading" and not one.name),
        *(f"a table without a name: {_text(one)}" for one in nodes if one.role == "table" and not one.name),
        *(
            f"a table without headers: {one.name}"
            for one in nodes
            if one.role == "table" and not HEADERS & {inner.role for inner in one.all()}
        ),
    ]


def _text(node: Node) -> str:
    return " | ".join(one.name for one in node.all() if one.name)[:80]
