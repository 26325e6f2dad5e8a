"""The common layout of all pages of the documents, with links to one another."""

from collections.abc import Sequence

from services.documents.markup import Content, Html, prose, tag

API, SHAPES = "/docs", "/docs/shapes"
EVENTS, EVENT_SHAPES = "/docs/events", "/docs/events/shapes"
PROBLEMS = "/problems"


def document_page(
    title: str,
    description: str,
    contents: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    body: Sequence[Html],
    source: str | None = None,
) -> str:
    """Return a page in the common layout, with contents if it has parts; `source` is its URL for programs."""
    links = [
        (API, "The API"),
        (SHAPES, "Its shapes"),
        (EVENTS, "The facts"),
        (EVENT_SHAPES, "Their shapes"),
        ("/docs/permissions", "Who may do what"),
        (PROBLEMS, "Every error"),
        *([(source, "This page for programs")] if source else []),
    ]
    groups = [
        tag(
            "li",
            tag("a", group, href=f"#group-{group}"),
            tag("ul", *(link(anchor, text) for anchor, text in entries)) if entries else None,
        )
        for group, entries in contents
    ]
    return "<!doctype html>\n" + tag(
        "html",
        tag(
            "head",
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            tag("title", title),
            Html('<link rel="stylesheet" href="/docs/style.css">'),
        ),
        tag(
            "body",
            tag("a", "Skip to the content", class_="skip", href="#content"),
            tag(
                "header",
                tag("h1", title),
                prose(description),
                tag(
                    "nav",
                    tag("ul", *(tag("li", tag("a", text, href=to)) for to, text in links)),
                    aria_label="Documents",
                ),
            ),
            tag("nav", tag("h2", "Contents", id="contents"), tag("ul", *groups), aria_labelledby="contents")
            if groups
            else None,
            tag("main", *body, id="content", tabindex="-1"),
        ),
        lang="en",
        dir="ltr",
    )


def section(group: str, *children: Content, heading: Content = None) -> Html:
    name = f"group-{group}"
    return tag("section", tag("h2", heading or group, id=name), *children, aria_labelledby=name)


def link(anchor: str, text: str) -> Html:
    return tag("li", tag("a", text, href=f"#{anchor}"))
