"""The documents as HTML pages with one style sheet and no script."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from chassis.http.edge import TABLE_TYPE
from chassis.http.uploads import MEDIA_TYPE
from services.documents.layout import API, EVENT_SHAPES, EVENTS, SHAPES, document_page, link, section
from services.documents.markup import Content, Html, code, inline, join, prose, separated, table, tag
from services.documents.schema_markup import Document, schema_article, schema_type

TABLE, FILE = TABLE_TYPE.decode(), MEDIA_TYPE.decode()
Operation = tuple[str, str, Document]
"""Method, path and description of an operation."""

API_SOURCE, EVENTS_SOURCE = "/openapi.json", "/asyncapi.json"
SHARED = "shared"
"""The name used instead of a group for schemas that several groups use."""
EXAMPLE_ID = "01a21b00-0000-7000-8000-000000000000"
"""The id of every event on the page, because different ids would make up a tenth of its size."""

FACTS_INTRO = "Subject, consumers, data and an example of each fact that this service publishes."
GROUP_INTRO = "Parameters, body, responses and an example call of each operation."


class Shapes(NamedTuple):
    """The pages of a document's schemas: the index at `root`, with the shared schemas, and one page per group."""

    root: str
    source: str
    title: str
    intro: str
    own_intro: str

    def path(self, group: str) -> str:
        return self.root if group == SHARED else f"{self.root}/{group}"


OF_API = Shapes(
    SHAPES,
    API_SOURCE,
    "Entraide: the shapes of the API",
    "The bodies of requests and responses, by name: in full those that several groups use, others by group.",
    "The bodies of requests and responses that only this group uses, by name.",
)
OF_FACTS = Shapes(
    EVENT_SHAPES,
    EVENTS_SOURCE,
    "Entraide: the shapes of the facts",
    "The data of the facts, by name: in full those that several services publish, others by service.",
    "The data that only the facts of this service have, by name.",
)
_REFERENCE = re.compile(r'"#/components/(\w+)/([^"]+)"')
_LINK = re.compile(r' href="#shape-(\w+)"')


def api_pages(document: Document) -> dict[str, str]:
    """Return the pages of an OpenAPI document by path.

    Operations and schemas each have an index and a page for each tag.
    """
    groups: dict[str, list[Operation]] = {one["name"]: [] for one in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append((method.upper(), path, operation))
    pages = {API: _index_page(document, groups)}
    pages |= {group_path(group): _group_page(document, group, operations) for group, operations in groups.items()}
    return _with_shapes(pages, document, OF_API, _parts_by_tag(document))


def event_pages(document: Document) -> dict[str, str]:
    """Return the pages of an AsyncAPI document by path.

    Facts and schemas each have an index and a page for each service.
    """
    owners, messages = _facts_by_owner(document), document["components"]["messages"]
    pages = {EVENTS: _events_index_page(document, owners)}
    pages |= {facts_path(owner): _facts_page(document, owner, types) for owner, types in owners.items()}
    parts = {owner: [messages[one] for one in types] for owner, types in owners.items()}
    return _with_shapes(pages, document, OF_FACTS, parts)


def group_path(group: str) -> str:
    return f"{API}/api/{group}"


def facts_path(owner: str) -> str:
    return f"{EVENTS}/of/{owner}"


def _with_shapes(
    pages: Mapping[str, str], document: Document, of: Shapes, parts: Mapping[str, Sequence[Document]]
) -> dict[str, str]:
    """Return these pages and those of the schemas that each group's parts use, all with links to the schemas."""
    shapes = _shapes_by_group(document, parts)
    found = {**pages, of.root: _shapes_index_page(document, of, shapes)}
    for group in (one for one in shapes if one != SHARED):
        found[of.path(group)] = _shapes_page(document, of, group, shapes[group])
    places = {name: of.path(group) for group, names in shapes.items() for name in names}
    return {path: _with_shapes_at(places, path, page) for path, page in found.items()}


def _index_page(document: Document, groups: Mapping[str, Sequence[Operation]]) -> str:
    """Return the page of the parameters that many operations take, with a list of each group's operations."""
    shared = [(one["name"], one) for one in document["components"]["parameters"].values()]
    contents = [("parameters", [(f"parameter-{name}", name) for name, _ in shared]), *((group, []) for group in groups)]
    body = [_shared_parameters(shared)]
    for group, operations in groups.items():
        place = group_path(group)
        items = [
            tag(
                "li",
                tag("a", *_heading(method, path), href=f"{place}#{one['operationId']}"),
                " ",
                inline(one["summary"]),
            )
            for method, path, one in operations
        ]
        body.append(section(group, tag("ul", *items, class_="operations"), heading=tag("a", group, href=place)))
    return document_page("Entraide: the API", document["info"]["description"], contents, body, API_SOURCE)


def _group_page(document: Document, group: str, operations: Sequence[Operation]) -> str:
    """Return the page of the operations of a group in full."""
    contents = [(group, [(one["operationId"], f"{method} {path}") for method, path, one in operations])]
    body = [section(group, *(_operation(document, *operation) for operation in operations))]
    return document_page(f"Entraide: the API, {group}", GROUP_INTRO, contents, body, API_SOURCE)


def _facts_by_owner(document: Document) -> dict[str, list[str]]:
    owners: dict[str, list[str]] = {}
    # The event streams are described with the API.
    for event_type in (name for name, channel in document["channels"].items() if "x-stream" in channel):
        owners.setdefault(event_type.split(".")[0], []).append(event_type)
    return owners


def _events_index_page(document: Document, owners: Mapping[str, Sequence[str]]) -> str:
    """Return the page that lists the facts of each service."""
    contents: list[tuple[str, list[tuple[str, str]]]] = [(owner, []) for owner in owners]
    body = []
    for owner, types in owners.items():
        place = facts_path(owner)
        links = tag("ul", *(tag("li", tag("a", tag("code", one), href=f"{place}#{one}")) for one in types))
        body.append(section(owner, links, heading=tag("a", owner, href=place)))
    return document_page("Entraide: the facts", document["info"]["description"], contents, body, EVENTS_SOURCE)


def _facts_page(document: Document, owner: str, types: Sequence[str]) -> str:
    """Return the page of every fact of a service: content, publisher and consumers."""
    contents = [(owner, [(event_type, event_type) for event_type in types])]
    body = [section(owner, *(_fact(document, event_type) for event_type in types))]
    return document_page(f"Entraide: the facts, {owner}", FACTS_INTRO, contents, body, EVENTS_SOURCE)


# -- operations -------------------------------------------------------------------------------------------------------


def _shared_parameters(shared: Sequence[tuple[str, Document]]) -> Html:
    """Return the section of the parameters that many operations take, described once."""
    return section(
        "parameters",
        *(
            tag(
                "article",
                tag("h3", tag("code", name), id=f"parameter-{name}"),
                prose(one["description"]),
                tag("p", schema_type(one["schema"]), ", for example ", tag("code", str(one["example"])), "."),
                aria_labelledby=f"parameter-{name}",
            )
            for name, one in shared
        ),
    )


def _heading(method: str, path: str) -> tuple[Content, ...]:
    return tag("span", method, class_="method"), " ", tag("code", path)


def _operation(document: Document, method: str, path: str, operation: Document) -> Html:
    name = operation["operationId"]
    parameters = [_resolved(document, one) for one in operation["parameters"]]
    own = [one for one in operation["parameters"] if "$ref" not in one]
    shared = [one["name"] for one in parameters if one not in own]
    body = operation.get("requestBody")
    parts: list[Content] = [
        tag("h3", *_heading(method, path), id=name),
        tag("p", inline(operation["summary"]), class_="summary"),
        prose(operation.get("description", "")),
    ]
    if operation.get("security") == []:
        parts.append(tag("p", "Needs no token."))
    if own:
        rows: list[tuple[Content, ...]] = [
            (
                tag("code", one["name"]),
                one["in"] + (", required" if one["required"] else ""),
                schema_type(one["schema"]),
                inline(one.get("description", "")),
            )
            for one in own
        ]
        parts += [
            tag("h4", "Parameters"),
            table(("name", "where", "type", "meaning"), rows, label=f"Parameters of {name}"),
        ]
    if shared:
        links = [tag("a", one, href=f"{API}#parameter-{one}") for one in shared]
        parts.append(tag("p", "Headers: ", separated(links, ", "), "."))
    if body:
        need = "" if body["required"] else " It may be left away."
        parts += [
            tag("h4", "Body"),
            tag("p", _bodies(body["content"]), ".", need),
            prose(body.get("description", "")),
        ]
    answers: list[tuple[Content, ...]] = [
        (status, inline(answer["description"]), _answer(answer), _headers(answer))
        for status, answer in ((s, _resolved(document, a)) for s, a in operation["responses"].items())
    ]
    parts += [
        tag("h4", "Answers"),
        table(("status", "meaning", "body", "headers"), answers, label=f"Answers of {name}"),
        tag("h4", "Example"),
        code(_curl(method, path, operation, parameters), label=f"Example of {name}"),
    ]
    return tag("article", *parts, aria_labelledby=name)


def _bodies(content: Document) -> Html:
    """Return the type of a body, with the media type if there are several."""
    if len(content) == 1:
        return join(*(schema_type(one["schema"]) for one in content.values()))
    return separated([join(media, ": ", schema_type(one["schema"])) for media, one in content.items()], ", or ")


def _answer(answer: Document) -> Html:
    bodies = [join(media, ": ", schema_type(content["schema"])) for media, content in answer.get("content", {}).items()]
    return separated(bodies, ", ")


def _headers(answer: Document) -> str:
    return ", ".join(answer.get("headers", {}))


def _curl(method: str, path: str, operation: Document, parameters: Sequence[Document]) -> str:
    place = re.sub(r"{(\w+)}", lambda found: f"${found[1].upper()}", path)
    lines = [f'curl -X {method} "$ENTRAIDE{place}"']
    if operation.get("security") != []:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += [
        f"-H '{one['name']}: {one['example']}'" for one in parameters if one["in"] == "header" and one["required"]
    ]
    media_type, content = next(iter(operation.get("requestBody", {"content": {"": {}}})["content"].items()))
    if media_type in {FILE, TABLE}:
        lines += ["-H 'File-Name: note.pdf'"] if media_type == FILE else []
        lines += [f"-H 'Content-Type: {media_type}'", "--data-binary @file"]
    elif "example" in content:
        said = json.dumps(content["example"], ensure_ascii=False, indent=2).replace("'", "\\u0027")
        lines += ["-H 'Content-Type: application/json'", f"-d '{said}'"]
    return " \\\n  ".join(lines)


def _resolved(document: Document, part: Document) -> Document:
    """Return a parameter or response, with its reference resolved."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    found: Document = document["components"][kind][name]
    return found


# -- facts ------------------------------------------------------------------------------------------------------------


def _fact(document: Document, event_type: str) -> Html:
    channel = document["channels"][event_type]
    message = document["components"]["messages"][event_type]
    narrowed = message["payload"]["allOf"][1]["properties"]["data"]
    consumers = [one["summary"] for name, one in document["operations"].items() if name.endswith(f".{event_type}")]
    return tag(
        "article",
        tag("h3", tag("code", event_type), id=event_type),
        prose(channel["description"]),
        tag("p", "Subject ", tag("code", channel["address"]), ", stream ", tag("code", channel["x-stream"]), "."),
        tag("ul", *(tag("li", text) for text in consumers)),
        tag("p", "Data: ", schema_type(narrowed), "."),
        *(
            tag(
                "details",
                tag("summary", "Example: ", event_type),
                code(_example(one["payload"]), label=f"Example of {event_type}"),
            )
            for one in message.get("examples", ())[:1]
        ),
        aria_labelledby=event_type,
    )


def _example(event: Document) -> str:
    return json.dumps({**event, "id": EXAMPLE_ID}, ensure_ascii=False, indent=2)


# -- shapes -----------------------------------------------------------------------------------------------------------


def _parts_by_tag(document: Document) -> dict[str, list[Document]]:
    """Return the operations and webhooks of each group."""
    operations: dict[str, list[Document]] = {}
    for methods in (*document["paths"].values(), *document["webhooks"].values()):
        for operation in methods.values():
            operations.setdefault(operation["tags"][0], []).append(operation)
    return operations


def _shapes_by_group(document: Document, parts: Mapping[str, Sequence[Document]]) -> dict[str, list[str]]:
    """Return the names of schemas by the one group whose parts use them, or by `SHARED`."""
    used = {group: _schemas_of(document, parts[group]) for group in sorted(parts)}
    shapes: dict[str, list[str]] = {group: [] for group in (SHARED, *used)}
    for name in sorted(document["components"]["schemas"]):
        users = [group for group, names in used.items() if name in names]
        shapes[users[0] if len(users) == 1 else SHARED].append(name)
    return {group: names for group, names in shapes.items() if names}


def _schemas_of(document: Document, parts: Sequence[Document]) -> set[str]:
    """Return the names of the schemas to which these parts refer, directly or through others."""
    found: set[tuple[str, str]] = set()
    while new := set(_REFERENCE.findall(json.dumps(parts))) - found:
        found |= new
        parts = [document["components"][kind][name] for kind, name in new]
    return {name for kind, name in found if kind == "schemas"}


def _shapes_index_page(document: Document, of: Shapes, shapes: Mapping[str, Sequence[str]]) -> str:
    """Return the page of the shared schemas, with a list of each group's schemas."""
    groups = {group: names for group, names in shapes.items() if group != SHARED}
    contents = [_shapes_contents(SHARED, shapes[SHARED]), *((group, []) for group in groups)]
    body = [_shapes_section(document, SHARED, shapes[SHARED])]
    for group, names in groups.items():
        links = tag("ul", *(link(f"shape-{name}", name) for name in names), class_="columns")
        body.append(section(group, links, heading=tag("a", group, href=of.path(group))))
    return document_page(of.title, of.intro, contents, body, of.source)


def _shapes_page(document: Document, of: Shapes, group: str, names: Sequence[str]) -> str:
    contents, body = [_shapes_contents("shapes", names)], [_shapes_section(document, "shapes", names)]
    return document_page(f"{of.title}, {group}", of.own_intro, contents, body, of.source)


def _shapes_contents(heading: str, names: Sequence[str]) -> tuple[str, list[tuple[str, str]]]:
    return heading, [(f"shape-{name}", name) for name in names]


def _shapes_section(document: Document, heading: str, names: Sequence[str]) -> Html:
    return section(heading, *(schema_article(name, document["components"]["schemas"][name]) for name in names))


def _with_shapes_at(places: Mapping[str, str], here: str, page: str) -> str:
    """Return a page at `here`, with links to schemas on their pages."""

    def placed(found: re.Match[str]) -> str:
        place = places[found[1]]
        return f' href="{"" if place == here else place}#shape-{found[1]}"'

    # In the document's text a quote is `&quot;`, so only our links begin with a plain quote.
    return _LINK.sub(placed, page)
