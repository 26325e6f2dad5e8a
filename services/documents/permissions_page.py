"""/docs/permissions: the decisions of every policy as a page."""

from collections.abc import Iterator, Sequence

from chassis.service import Service
from services.documents.markup import Html, inline, table, tag
from services.documents.pages import document_page
from services.documents.permissions import Table, asked_by_routes, described, tables, values_told

TITLE = "Entraide: who may see and do what"
SAYS = """\
Each service's policy was asked about every action × role × standing of the asker to the record × property of the
record that matters. Answers that are equal stand together, and nothing is left out. `entraide permissions
KEN:focal_point` tells the same of one appointment.
"""
HOW_TO_READ = (
    "A row is an action under circumstances of the record; `every` where one of them makes no difference. A column is "
    "a group of askers, listed above the table: a role, and in brackets how the asker's organization stands to the "
    "record.",
    "`yes`: allowed. Fields after it, as in `yes: rank`, are guarded ones that are shown, too; below the table all "
    "fields of the record are listed, the guarded ones with a star. `words` are title, need, outcome (of a line), "
    "in_place, markers_justification: what a consent of the State gives together. `line_words` are those of lines: of "
    "all that are consented to, or of those that a provider serves by a match that both sides accepted; else it is "
    "shown no other line.",
    "`–`: the answer is the one for a record that does not exist (`not-found`), byte for byte.",
    "Any other word is the slug of a refusal (403).",
    "What is done by those who see it stands in a table of its own: on a record that one does not see each of these "
    "is –. Whether the record's state allows the move is another question (409), answered by the moves of the domain.",
    "Everybody with a role may ask for a list; what stands in it is filtered in SQL by the same rule, and the row of "
    "the list tells of which records.",
)


def permissions_page(services: Sequence[Service]) -> str:
    """The page, from the policies and the routes that check them."""
    contents: dict[str, list[tuple[str, str]]] = {"reading": []}
    parts: dict[str, list[Html]] = {"reading": [tag("ul", *(tag("li", inline(one)) for one in HOW_TO_READ))]}
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
    told_of = [i for i in range(len(names)) if any(len(row[i + 1]) < len(properties[i]) for row, _ in one.rows)]
    head = ("action", *(names[i] for i in told_of), *letters)
    rows = [
        (", ".join(row[0]), *(values_told(row[i + 1], properties[i]) for i in told_of), *answers)
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
        for one in asked_by_routes(services)
    ]
    return table(("route", "service", "action that it asks about"), list(rows), label="Which route asks what")
