"""Texts with their marked passages, which look like personal data."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from services.console.translations import N_

MARK = {
    "name": N_("Name of a person"),
    "email": N_("E-mail address"),
    "telephone": N_("Telephone number"),
    "identity_document": N_("Identity document"),
    "case_party": N_("Parties of a case"),
    "birth_date": N_("Date of birth"),
}
SCREENED = {"title": N_("Title"), "text": N_("Text or summary"), "court": N_("Court")}


class Passage(Struct, frozen=True):
    """A part of a text; `kind` is the kind of personal data that a marked part looks like."""

    text: str
    kind: str = ""


def passages(text: str, marks: Sequence[Mapping[str, Any]]) -> list[Passage]:
    """Return the text in its parts, marked and not."""
    found, reached = list[Passage](), 0
    for mark in marks:
        found += [Passage(text[reached : mark["start"]]), Passage(text[mark["start"] : mark["end"]], mark["kind"])]
        reached = mark["end"]
    return [one for one in (*found, Passage(text[reached:])) if one.text]


def passages_of(contribution: Mapping[str, Any]) -> Mapping[str, list[Passage]]:
    """Return the screened texts of a contribution in their parts."""
    return {
        field: passages(contribution[field], [one for one in contribution["marks"] if one["field"] == field])
        for field in SCREENED
    }


def marked(contribution: Mapping[str, Any]) -> list[tuple[str, Passage]]:
    """Return the marked passages, each with the name of its text."""
    return [(SCREENED[field], one) for field, parts in passages_of(contribution).items() for one in parts if one.kind]
