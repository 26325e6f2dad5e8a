"""The pages that the console declares for a noun are those of its declaration in the service."""

from typing import Any

import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields

from contracts.nouns import Create, Noun
from contracts.nouns import Move as Declared
from services.composition import all_services
from services.console.fields import Field
from services.console.labels import LABELS
from services.console.moves.model import Noun as Pages
from services.console.moves.model import Shown
from services.console.nouns import NOUNS

OF_API = {noun.path: noun for service in all_services() for noun in service.nouns}
BOTH = [one for one in NOUNS if one.api in OF_API]
CASES = pytest.mark.parametrize(
    ("pages", "noun"), [(one, OF_API[one.api]) for one in BOTH], ids=[one.path for one in BOTH]
)


@CASES
def test_roles_statuses_and_moves_are_those_of_the_noun(pages: Pages, noun: Noun[Any]) -> None:
    assert pages.key == noun.key
    assert pages.items == noun.page.__struct_fields__[0]
    assert set(LABELS[pages.status]) == set(noun.status_type)
    assert {one.name for one in pages.moves} == set(noun.by_name)
    paths = {one.name: one.path for one in noun.moves if one.path}
    assert paths == {one.name: one.path for one in pages.moves if one.name in paths}
    if pages.entered:
        assert pages.entered.roles == noun.create.by


@CASES
def test_forms_ask_for_the_fields_of_the_commands(pages: Pages, noun: Noun[Any]) -> None:
    if pages.entered and pages.entered.fields:
        compare(pages.entered.fields, noun.create)
    for one in pages.moves:
        if not one.elsewhere or one.form:
            compare(one.fields, noun.by_name[one.name])


def compare(asked: tuple[Field, ...], of: Create[Any] | Declared[Any, Any]) -> None:
    assert of.command is not None
    sent = {one.encode_name: one for one in fields(of.command)}
    names = {one.name for one in asked}
    assert names <= set(sent)
    assert {name for name, one in sent.items() if one.default is NODEFAULT} <= names


@CASES
def test_what_is_shown_is_in_the_view(pages: Pages, noun: Noun[Any]) -> None:
    assert pages.listed is not None
    shown = (*pages.heading, *pages.beneath, *pages.rows, *pages.listed.columns, pages.listed.beneath, *pages.caption)
    named = {name for one in shown if isinstance(one, Shown) for name in one.field.split()}
    assert named <= {one.encode_name for one in fields(noun.view)}
    assert {one.name for one in pages.listed.filters} <= set(noun.filter_fields)
