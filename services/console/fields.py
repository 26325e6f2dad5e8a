"""Fields of forms: what a form asks for, what was typed, and the body of the command for it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from services.console.amounts import minor_units
from services.console.client import Problem
from services.console.translations import N_

Kind = Literal["text", "words", "number", "date", "choice", "choices", "money", "yes", "email", "hidden"]
TEXT_MAX = 200
WORDS_MAX = 2000
VALUES_MAX = 60
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")

MISSING = N_("Enter a value")
NOT_CHOSEN = N_("Choose one")
NONE_CHOSEN = N_("Choose at least one")
MISSING_OF = {"choice": NOT_CHOSEN, "choices": NONE_CHOSEN}
NO_DATE = N_("Enter a date as year-month-day, for example 2027-03-31")
NO_NUMBER = N_("Enter a whole number")
NO_MONEY = N_("Enter an amount and its currency, for example 25,000.50 and EUR")
TOO_LONG = N_("Shorten this text")

KNOWN = {
    "outcome-unknown": N_("It is not known whether this was done. Send it again: it will not be done twice."),
    "command-under-way": N_("This is still being done. Wait a moment and send it again: it will not be done twice."),
    "idempotency-key-reused": N_(
        "What you sent first was done; what is typed here is different, and was not done. Look at the result first: "
        "if you need something else as well, open this form again."
    ),
}
"""What is known of a form that was sent before, by the slug of the answer."""

Typed = Mapping[str, Sequence[str]]


class Option(Struct, frozen=True):
    """A value that can be chosen, with its label in the reader's language."""

    value: str
    label: str
    hint: str = ""


class Field(Struct, frozen=True, kw_only=True):
    """A field of a form. `name` is its place in the body of the command, with dots between levels (`window.from`).

    `options` is the name of a code list of contracts/reference, or of a list that the page gives.
    """

    name: str
    label: str
    kind: Kind = "text"
    hint: str = ""
    required: bool = True
    options: str | tuple[tuple[str, str], ...] = ()
    max_length: int = TEXT_MAX
    rows: int = 5
    whole: bool = False
    """True if its options are whole numbers, such as ratings."""
    value: Any = None
    """The value shown at first."""
    empty: Any = ...
    """The value of an empty field in the body. Without one, an empty field is left out of the body."""


class FormError(Struct, frozen=True):
    """An error in one field. `message` is to be translated unless `said` is set: then it is the API's."""

    field: str
    message: str
    said: bool = False
    label: str = ""
    """Label of a field of another page, and the path of that page and field."""
    href: str = ""
    begins: str = ""
    """The first day on which what was refused is possible."""


class Read(Struct, frozen=True):
    """The body of a command, and the errors in its fields."""

    body: dict[str, Any]
    errors: tuple[FormError, ...]


def read(fields: Sequence[Field], typed: Typed) -> Read:
    """Read the body that was typed into `fields`."""
    body: dict[str, Any] = {}
    errors: list[FormError] = []
    for field in fields:
        try:
            value = _value(field, typed)
        except ValueError as error:
            errors.append(FormError(field.name, str(error)))
            continue
        if value is None or value in ("", []):
            if field.required:
                errors.append(FormError(field.name, MISSING_OF.get(field.kind, MISSING)))
                continue
            if field.empty is ...:
                continue
            value = field.empty
        _put(body, field.name.split("."), value)
    return Read(body, tuple(errors))


def _value(field: Field, typed: Typed) -> Any:
    given = [one for one in typed.get(field.name, ()) if one != ""][:VALUES_MAX]
    first = given[0].strip() if given else ""
    match field.kind:
        case "choices":
            return given
        case "yes":
            return bool(given)
        case "number":
            if first and not re.fullmatch(r"-?\d{1,12}", first):
                raise ValueError(NO_NUMBER)
            return int(first) if first else None
        case "date":
            if first and not DATE.match(first):
                raise ValueError(NO_DATE)
            return first or None
        case "money":
            currency = "".join(typed.get(f"{field.name}.currency", ())[:1]).strip().upper()
            if not first and not field.required:
                return None
            minor = minor_units(first, currency) if re.fullmatch("[A-Z]{3}", currency) else None
            if minor is None:
                raise ValueError(NO_MONEY)
            return {"minor": minor, "currency": currency}
        case _:
            text = first.replace("\r\n", "\n")
            if len(text) > field.max_length:
                raise ValueError(TOO_LONG)
            if field.whole and text:
                if not re.fullmatch(r"\d{1,9}", text):
                    raise ValueError(NO_NUMBER)
                return int(text)
            return text or None


def whole_number(text: str) -> int | None:
    """Return the number that up to nine ASCII digits write. `str.isdigit` and `int` disagree about others, as "²"."""
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None


def _put(body: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        body = body.setdefault(name, {})
    body[path[-1]] = value


def errors_of(fields: Sequence[Field], said: Sequence[Mapping[str, Any]], words: str) -> tuple[FormError, ...]:
    """Return the errors that the API found, at their fields. `words` is the message of those without a title."""
    names = {field.name for field in fields}
    found = []
    for one in said:
        path = re.sub(r"\[\d+\]|/\d+", "", str(one.get("field") or "")).replace("/", ".").strip("$.")
        nearest = next((name for name in names if path == name or path.startswith(f"{name}.")), path)
        found.append(FormError(nearest, str(one.get("title") or words), said=True))
    return tuple(found)


def form_errors(problem: Problem, fields: Sequence[Field] = (), *, hidden: bool = True) -> tuple[FormError, ...]:
    """Return the errors of a form whose command was refused, or whose outcome is not known.

    Raises the problem if the person has to sign in, and if nothing is found at its address or, unless this is `hidden`,
    of what the form names.
    """
    if problem.status == 401 or (problem.status == 404 and hidden):
        raise problem
    if problem.slug in KNOWN:
        return (FormError("", KNOWN[problem.slug]),)
    if found := errors_of(fields, problem.errors, problem.title):
        return found
    named, begins = str(problem.details.get("field") or ""), str(problem.details.get("first_day") or "")
    return (FormError(named if named in {one.name for one in fields} else "", problem.title, said=True, begins=begins),)


def shown_value(field: Field, typed: Typed | None) -> Any:
    """Return what a field shows: what was typed, else its first value."""
    if typed is None or not (field.name in typed or field.kind in ("yes", "choices")):
        return field.value
    values = [*typed.get(field.name, ())]
    if field.kind == "choices":
        return values
    if field.kind == "yes":
        return bool(values)
    return values[0] if values else ""
