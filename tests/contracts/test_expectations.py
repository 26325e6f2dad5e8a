"""What a refused value should have been is said in words, in the caller's language."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from chassis.http.problems import OF_A_VALUE, problem
from contracts.reference.expectations import expectations, expected_words
from contracts.reference.refusal_words import refusal_words
from contracts.refusals import FieldError
from contracts.values import Language, Organization, State
from services.documents.stored_examples import CONTRACTS

ROOT = Path(__file__).parents[2]
OWN = re.compile(r'"invalid-field"[^)]*?expected=f?"([^"]+)"', re.DOTALL)


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (1, str, "un texte"),
        ("x", int | None, "un nombre entier"),
        (1.5, int, "un nombre entier"),
        ("x", UUID, "un identifiant (UUID)"),
        (1, UUID, "un identifiant (UUID)"),
        ("1 May", date, "un jour, sous la forme AAAA-MM-JJ (YYYY-MM-DD)"),
        ("noon", datetime, "une date et une heure avec leur décalage par rapport à UTC (RFC 3339)"),
        (
            "2026-01-01T00:00:00",
            Annotated[datetime, Meta(tz=True)],
            "une date et une heure avec leur décalage par rapport à UTC (RFC 3339)",
        ),
        ("xxx", Annotated[str, Meta(max_length=2)], "un texte d’au plus 2 caractères"),
        ("", Annotated[str, Meta(min_length=1)], "un texte non vide"),
        ([1, 1, 1], Annotated[list[int], Meta(max_length=2)], "une liste d’au plus 2 éléments"),
        ([1], tuple[int, int], "une liste d’au moins 2 éléments; une liste d’au plus 2 éléments"),
        (3, list[int], "une liste"),
        ("x", dict[str, int], "un objet JSON"),
        ("x", bool, "`true` ou `false`"),
        (-1, Annotated[int, Meta(ge=0)], "un nombre d’au moins 0"),
        (9, Annotated[int, Meta(le=5)], "un nombre d’au plus 5"),
        ("ken", State, "un code de trois lettres majuscules, comme KEN ou USD"),
        ("kenya", Organization, "le code d’un État ou d’un organisme, comme KEN ou UNODC"),
        ("!", Annotated[str, Meta(pattern="^[ab]$")], "un texte sous la forme indiquée par le document de l’API"),
    ],
)
def test_message_of_the_decoder_becomes_words(value: Any, kind: Any, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(value, kind)

    assert said == expected_words(str(refused.value), "fr")


@pytest.mark.parametrize("language", list(Language))
def test_problem_says_what_is_expected_in_the_language_of_its_title(language: Language) -> None:
    error = FieldError(field="title", problem="invalid-field", expected="Expected `str` of length <= 200")
    several = problem("invalid-field", 400, language, {"field": "title", "errors": [error]})
    one = problem("invalid-field", 400, language, {"field": "as_of", "expected": "moment"})

    assert several.details["errors"][0].expected == expectations()["text_at_most"][language].format(limit=200)
    assert one.details["expected"] == expectations()["moment"][language]


def test_code_or_revision_that_is_expected_stays_as_it_is() -> None:
    assert {"expected": "USD"} == problem("fund-currency", 422, Language.FR, {"expected": "USD"}).details
    unfit = FieldError(field="lines[0]", problem="lines-not-servable-together", expected="language")
    errors = problem("lines-not-servable-together", 409, Language.FR, {"errors": [unfit]}).details["errors"]
    assert [unfit] == errors


def test_every_expectation_has_words_in_six_languages() -> None:
    assert {tuple(sorted(Language))} == {tuple(said) for said in expectations().values()}
    holes = {key: {bool("{limit}" in words) for words in said.values()} for key, said in expectations().items()}
    assert [] == [key for key, found in holes.items() if len(found) != 1]
    assert refusal_words().keys() >= OF_A_VALUE


def test_every_expectation_that_the_code_names_is_there() -> None:
    named = {
        found.partition(" ")[0]
        for part in ("services", "chassis")
        for path in (ROOT / part).rglob("*.py")
        for found in OWN.findall(path.read_text(encoding="utf-8"))
    }

    assert len(named) >= 8
    assert set() == named - expectations().keys()


def test_every_form_of_a_field_of_a_body_has_words_of_its_own() -> None:
    document = json.loads((CONTRACTS / "schemas" / "openapi.json").read_text(encoding="utf-8"))
    forms = {
        form for schema in document["components"]["schemas"].values() for form in _forms(schema.get("properties", {}))
    }
    message = "Expected `str` matching regex {!r}"

    assert len(forms) >= 10
    general = expectations()["form"]["en"]
    assert [] == [form for form in sorted(forms) if expected_words(message.format(form), "en") == general]


def _forms(shape: Any) -> Iterator[str]:
    if isinstance(shape, Mapping):
        if isinstance(form := shape.get("pattern"), str):
            yield form
        for inner in shape.values():
            yield from _forms(inner)
    elif isinstance(shape, list):
        for inner in shape:
            yield from _forms(inner)
