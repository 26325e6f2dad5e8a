"""The page /docs/permissions: the decisions of every policy."""

from collections.abc import Iterator, Sequence

from chassis.service import Service
from services.documents.layout import document_page
from services.documents.markup import Html, inline, table, tag
from services.documents.permissions import Table, actions_of_routes, described, tables, values_text

TITLE = "Entraide: who may see and do what"
SAYS = """\
The decisions of each service's policy for every action × role × relation of the caller to the record × relevant
property of the record. Equal decisions are merged, and none is left out. `entraide permissions KEN:focal_point` shows
those of one appointment.
"""
LEGEND = (
    "A row is an action and properties of the record; `every` if a property makes no difference. A column is a group "
    "of callers, listed above the table: a role, and in brackets the relation of the caller's organization to the "
    "record.",
    "`yes`: allowed. Fields after it, as in `yes: rank`, are guarded fields that are shown, too; below the table all "
    "fields of the record are listed, guarded ones with a star. `words` are title, need, outcome (of a line), "
    "in_place, markers_justification, which a consent of the State gives together. `line_words` are those of lines: "
    "of all lines with a consent, or of those that a provider serves by an accepted match, which then sees no others.",
    "`–`: the response is the same as for a record that does not exist (`not-found`), byte for byte.",
    "Any other text is the slug of a refusal (403).",
    "Actions on a visible record are in a table of their own: on a hidden record each of them is –. Whether the "
    "record's state allows the move is checked separately (409).",
    "Everybody with a role may request a list; its records are filtered in SQL by the same rule, and the row of the "
    "list shows which records.",
)


def permissions_page(services: Sequence[Service]) -> str:
    """Return the page, made from the policies and the routes that check them."""
    contents: dict[str, list[tuple[str, str]]] = {"reading": []}
    parts: dict[str, list[Html]] = {"reading": [tag("ul", *(tag("li", inline(one)) for one in LEGEND))]}
    for number, one in enumerate(tables(), start=1):
        title, anchor = heading(one), f"table-{number}"
        contents.setdefault(one.subject.service, []).append((anchor, title))
        article = tag("article", tag("h3", title, id=anchor), *_table(one, title), aria_labelledby=anchor)
        parts.setdefault(one.subject.service, []).append(article)
    contents["routes"], parts["routes"] = [], [_routes(services)]
    body = [
        tag("section", tag("h2", group, id=f"group-{group}"), *parts[group], aria_labelledby=f"group-{group}")
        for group in contents
    ]
    return document_page(TITLE, SAYS, list(contents.items()), body)


def heading(one: Table) -> str:
    return one.subject.title + (", by those who see it" if one.acts else "")


def _table(one: Table, title: str) -> Iterator[Html]:
    letters = [chr(ord("A") + number) for number in range(len(one.actors))]
    groups = zip(letters, one.actors, strict=True)
    yield tag("ul", *(tag("li", tag("b", letter), " ", described(one.subject, actors)) for letter, actors in groups))
    names, properties = list(one.subject.properties), list(one.subject.properties.values())
    shown = [i for i in range(len(names)) if any(len(row[i + 1]) < len(properties[i]) for row, _ in one.rows)]
    head = ("action", *(names[i] for i in shown), *letters)
    rows = [
        (", ".join(row[0]), *(values_text(row[i + 1], properties[i]) for i in shown), *answers)
        for row, answers in one.rows
    ]
    yield table(head, list(rows), label=title)
    if not one.acts:
        for view in one.subject.views:
            starred = [f"{name}*" if name in one.subject.guarded else name for name in view.__struct_fields__]
            yield tag("p", tag("b", view.__name__), f": {', '.join(starred)}")


def _routes(services: Sequence[Service]) -> Html:
    rows = [
        (tag("code", one.route), one.service, one.action or "nothing: for services")
        for one in actions_of_routes(services)
    ]
    return table(("route", "service", "action that it asks about"), list(rows), label="Which route asks what")
