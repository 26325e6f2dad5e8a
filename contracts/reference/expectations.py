"""What a refused value should have been, in the six languages: `expectations.json`, key → language → words.

A refusal names a key, with a limit after a space (`limit_with_expand 20`), or repeats the message of msgspec, which is
in English and shows regular expressions.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

import msgspec

from contracts.values import END, NAME

_TYPES: Mapping[str, str] = {
    "str": "text",
    "int": "whole_number",
    "float": "number",
    "bool": "yes_or_no",
    "array": "list",
    "object": "object",
    "uuid": "id",
    "date": "day",
    "datetime": "moment",
}
_INVALID: Mapping[str, str] = {
    "UUID": "id",
    "RFC3339 encoded date": "day",
    "RFC3339 encoded datetime": "moment",
    "base64 encoded string": "base64",
}
_FORMS: Mapping[str, str] = {
    "^[A-Za-z0-9_.:-]+": "code",
    "^[A-Z]{3}": "three_letters",
    "^[A-Z][A-Z0-9-]+": "organization",
    "^UNODC(-[A-Z0-9-]+)?": "unit",
    "^(providers|unodc_units|[A-Z][A-Z0-9-]{2,31})": "recipient",
    NAME.removesuffix(END): "plain_words",
    r"^[^@\s]+@[^@\s]+": "email",
    r"^(\+?[0-9 ()./-]{4,40})?": "telephone",
    r"^(https?://\S+)?": "web_address",
    r"^https?://\S+": "web_address",
    r"^[0-9]{1,9}([.][0-9]{1,18})?": "decimal",
    "^[0-9a-f]{64}": "hash",
    "^[^;]+": "party",
    "^(me|none|[0-9a-f-]{36})": "assignee",
    "^[A-Za-z0-9][A-Za-z0-9/._-]*": "receipt",
}
"""Patterns of fields, without END; of any other, `form`."""
_LIMITS: Mapping[str, str] = {">=": "at_least", "<=": "at_most"}

_FORM = re.compile(r"Expected `str` matching regex (.+)", re.DOTALL)
_LENGTH = re.compile(r"Expected `(str|array|object)` of length (>=|<=)? ?(\d+)(?:, got \d+)?")
_RANGE = re.compile(r"Expected `(?:int|float)` (>=|<=) (\S+)")
_TYPE = re.compile(r"Expected `([a-z |]+)`(?:, got `.+`)?(?: with a timezone component)?")
_INVALID_TEXT = re.compile(r"Invalid (.+)")
_KEY = re.compile(r"([a-z_]+)(?: (\d+))?")


@cache
def expectations() -> Mapping[str, Mapping[str, str]]:
    """Key → language → words, where `{limit}` stands for a number."""
    text = files("contracts.reference").joinpath("expectations.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, str]])


def expected_words(expected: str, language: str) -> str:
    """What is expected, in this language: of a key or of a message of msgspec; other text says `another_value`."""
    return "; ".join(expectations()[key][language].format(limit=limit) for key, limit in _keys(expected))


def _keys(expected: str) -> Iterator[tuple[str, str]]:
    if (found := _KEY.fullmatch(expected)) and found[1] in expectations():
        yield found[1], found[2] or ""
    elif found := _FORM.fullmatch(expected):
        yield next((key for form, key in _FORMS.items() if found[1] in {repr(form), repr(form + END)}), "form"), ""
    elif found := _LENGTH.fullmatch(expected):
        kind = "text" if found[1] == "str" else "list"
        for sign in [found[2]] if found[2] else _LIMITS:
            least = sign == ">=" and found[3] == "1"
            yield f"{kind}_{'not_empty' if least else _LIMITS[sign]}", found[3]
    elif found := _RANGE.fullmatch(expected):
        yield f"number_{_LIMITS[found[1]]}", found[2]
    elif found := _TYPE.fullmatch(expected):
        known = [_TYPES[one] for one in found[1].split(" | ") if one in _TYPES]
        yield known[0] if known else "another_value", ""
    else:
        found = _INVALID_TEXT.fullmatch(expected)
        yield _INVALID.get(found[1] if found else "", "another_value"), ""
