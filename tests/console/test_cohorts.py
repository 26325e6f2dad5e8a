"""The form that proposes one delivery to several States."""

import pytest

from services.console.client import Problem
from services.console.cohorts.pages import NO_REASON, refused

APART = "lines-not-servable-together"


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["Kenya: Languages; Size of the group", "Uganda: The request is not open for proposals at present."]),
        (
            "fr",
            [
                "Kenya\u00a0: Langues\u202f; Taille du groupe",
                "Ouganda\u00a0: La demande n’est pas ouverte aux propositions pour le moment.",
            ],
        ),
    ],
)
def test_refusal_tells_the_reasons_of_each_line_with_its_state(language: str, shown: list[str]) -> None:
    errors = [
        {"field": "lines[0]", "problem": APART, "expected": "language"},
        {"field": "lines[0]", "problem": APART, "expected": "group_size"},
        {"field": "lines[0]", "problem": "offering-does-not-fit", "expected": "language"},
        {"field": "lines[1]", "problem": "request-not-open"},
        {"field": "departure", "problem": "departure-reason-missing"},
    ]
    problem = Problem(409, {"slug": APART, "title": "Title.", "details": {"errors": errors, "states": ["KEN", "UGA"]}})

    found = refused(problem, language)

    assert [("departure", NO_REASON), ("", "Title.")] == [(one.field, one.message) for one in found[:2]]
    assert shown == [one.message for one in found[2:]]
