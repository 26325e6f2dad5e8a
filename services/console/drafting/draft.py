"""Values of a draft's forms, the detection of those that were changed, and the merge of two people's changes."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from services.console.drafting.fields import DESCRIPTION_MAX, LINE, MEASURES_MAX, NAME_MAX, of_draft
from services.console.fields import DATE, MISSING, NO_DATE, TOO_LONG, FormError, Read, Typed, read, whole_number
from services.console.translations import N_

Values = Mapping[str, Any]
"""The values of a page by the field of the record. An empty value is None, False or []."""

DIGEST_DIGITS = 12
NOT_IN_ORDER = N_("The last day is before the first")
ABOUT_NAMES = ("language", "title", "need")
LINE_NAMES = (
    "kind",
    "topics",
    "articles",
    "paragraphs",
    "institution",
    "institution_name",
    "group_size",
    "languages",
    "modality",
    "window",
    "cannot_wait",
    "outcome",
    "in_place",
    "pillars",
    "gender_marker",
    "human_rights_marker",
    "markers_justification",
    "measures",
)
NEEDED_FOR_PREVIEW = ("kind", "group_size", "languages", "modality", "window")
MEASURE_NAMES = ("source", "kind", "provider", "description", "from", "until")


class Merged(Struct, frozen=True):
    """One's own changes merged with what others saved meanwhile; `conflicts` are fields that both have changed."""

    values: Values
    conflicts: Sequence[str]


def about_of(request: Mapping[str, Any]) -> Values:
    """Return the values of the first page of a request."""
    return {name: request.get(name) or None for name in ABOUT_NAMES}


def readers_of(request: Mapping[str, Any]) -> Values:
    """Return the values of the page that says who may see a request."""
    return {
        "visibility": request["visibility"],
        "circulation": request["circulation_rule"],
        "addressee": {"to": request["addressee"], "states": request["addressed_states"]},
        "excluded_providers": request.get("excluded_providers", []),
    }


def line_of(line: Mapping[str, Any]) -> Values:
    """Return the values of a line."""
    values = {name: line.get(name) for name in LINE_NAMES}
    lists = ("topics", "articles", "paragraphs", "languages", "pillars", "measures")
    numbers = ("gender_marker", "human_rights_marker")
    return {
        name: value if value or name in numbers else [] if name in lists else False if name == "cannot_wait" else None
        for name, value in values.items()
    }


def with_all_fields(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request with every field: the API leaves out those that a draft does not have yet."""
    own: dict[str, Any] = {"title": None, "need": None, "received": None, "excluded_providers": [], "advice": []}
    return {**own, **request, "lines": [{**dict.fromkeys(LINE_NAMES), **line} for line in request["lines"]]}


def find_line(request: Mapping[str, Any], line_id: str) -> Mapping[str, Any] | None:
    return next((one for one in request["lines"] if one["line_id"] == line_id), None)


def without_empty(values: Values) -> dict[str, Any]:
    """Return the values that are not empty, as the body of a new record."""
    return {name: value for name, value in values.items() if value not in (None, "", [], False)}


def request_body(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a request as it would be filed, to be checked."""
    lines = [{**without_empty(line_of(line)), "line_id": line["line_id"]} for line in request["lines"]]
    return {**without_empty(about_of(request)), **readers_of(request), "lines": lines}


def preview_body(request: Mapping[str, Any], line: Values) -> dict[str, Any] | None:
    """Return the body of a preview of offerings for a line, or None while the line lacks a field for it."""
    if not all(line.get(name) for name in NEEDED_FOR_PREVIEW):
        return None
    readers = readers_of(request)
    text = " ".join(filter(None, (request.get("title"), request.get("need"))))
    return {
        **without_empty(line),
        "text": text,
        "addressee": readers["addressee"],
        "excluded_providers": readers["excluded_providers"],
    }


def text_of(request: Mapping[str, Any], line: Values) -> str:
    """Return the texts of a line and its request in which topics are looked for."""
    parts = (line.get("outcome"), line.get("in_place"), request.get("title"), request.get("need"))
    return "\n".join(one for one in parts if one)[:20_000]


def read_line(typed: Typed) -> Read:
    """Read the values of a line that were typed. A kind that was found by words replaces the one in the list."""
    found = [one for one in typed.get("kind_found", ()) if one]
    given = {**typed, "kind": found} if found else typed
    got = read(of_draft(LINE), given)
    body, errors = {**got.body}, list(got.errors)
    for name in ("topics", "articles", "paragraphs", "languages", "pillars"):
        body[name] = list(dict.fromkeys(body.get(name, ())))
    for name in ("gender_marker", "human_rights_marker"):
        body[name] = whole_number(body.get(name) or "") or 0
    if not {"window.from", "window.until"} & {one.field for one in errors}:
        body["window"] = _period(body["window"], "window", errors)
    body["measures"] = _measures(typed, errors)
    return Read(body, tuple(errors))


def _period(given: Mapping[str, str | None], name: str, errors: list[FormError]) -> Mapping[str, str] | None:
    first, last = given.get("from"), given.get("until")
    if first and last:
        if last < first:
            errors.append(FormError(f"{name}.until", NOT_IN_ORDER))
        return {"from": first, "until": last}
    if first or last:
        errors.append(FormError(f"{name}.until" if first else f"{name}.from", MISSING))
    return None


def _measures(typed: Typed, errors: list[FormError]) -> list[dict[str, Any]]:
    """Return the measures in which something was typed, and add their errors to `errors`."""
    found = []
    for number in range(MEASURES_MAX):
        given = {
            name: next(iter(typed.get(f"measures.{number}.{name}", ())), "").replace("\r\n", "\n").strip()
            for name in MEASURE_NAMES
        }
        if not any(value for name, value in given.items() if name != "source"):
            continue
        place = f"measures.{number}"
        if len(given["provider"]) > NAME_MAX:
            errors.append(FormError(f"{place}.provider", TOO_LONG))
        if len(given["description"]) > DESCRIPTION_MAX:
            errors.append(FormError(f"{place}.description", TOO_LONG))
        for name in ("from", "until"):
            if given[name] and not DATE.match(given[name]):
                errors.append(FormError(f"{place}.{name}", NO_DATE))
        found.append(
            {
                "source": given["source"] or "own",
                "kind": given["kind"] or None,
                "provider": given["provider"],
                "description": given["description"],
                "period": _period(given, place, errors),
            }
        )
    return found


def typed_of(values: Values) -> dict[str, list[str]]:
    """Return values as a form would post them."""
    typed: dict[str, list[str]] = {}

    def put_value(name: str, value: Any) -> None:
        if isinstance(value, Mapping):
            for part, inner in value.items():
                put_value(f"{name}.{part}", inner)
        elif isinstance(value, (list, tuple)):
            if any(isinstance(one, Mapping) for one in value):
                for number, one in enumerate(value):
                    put_value(
                        f"{name}.{number}", {k: v for k, v in one.items() if k != "period"} | (one.get("period") or {})
                    )
            else:
                typed[name] = [str(one) for one in value]
        elif isinstance(value, bool):
            typed[name] = ["yes"] if value else []
        else:
            typed[name] = ["" if value is None else str(value)]

    for name, value in values.items():
        put_value(name, value)
    return typed


def digest(value: Any) -> str:
    """Return a short hash of a value, to detect changes. The order of the codes in a list does not affect it."""

    def plain(one: Any) -> Any:
        if isinstance(one, Mapping):
            return {name: plain(inner) for name, inner in sorted(one.items()) if inner not in (None, "", [])}
        if isinstance(one, (list, tuple)):
            return sorted(one) if all(isinstance(inner, str) for inner in one) else [plain(inner) for inner in one]
        return one.strip().replace("\r\n", "\n") if isinstance(one, str) else one

    written = json.dumps(plain(value) or None, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(written.encode()).hexdigest()[:DIGEST_DIGITS]


def value_digests(values: Values) -> str:
    """Return the digests of the values a form is opened with; they are posted with the form."""
    return json.dumps({name: digest(value) for name, value in values.items()}, separators=(",", ":"))


def _opened(given: str) -> Mapping[str, str]:
    try:
        return msgspec.json.decode(given, type=dict[str, str])
    except msgspec.DecodeError:
        return {}


def changed(opened: str, mine: Values) -> dict[str, Any]:
    """Return the values that differ from those the form was opened with; only these are sent."""
    before = _opened(opened)
    return {name: value for name, value in mine.items() if before.get(name) != digest(value)}


def merge(opened: str, mine: Values, theirs: Values) -> Merged:
    """Merge my changes into what is stored now."""
    before, own = _opened(opened), changed(opened, mine)
    conflicts = [
        name for name, value in own.items() if digest(theirs.get(name)) not in (before.get(name), digest(value))
    ]
    return Merged({**theirs, **own}, conflicts)
