"""Words that people type, compared with titles."""

import pytest

from services.console.search.pages import states
from services.console.search.words import begins_reference, fits, reference_in


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("train judg", "Training of judges", True),
        ("judges training", "Training of judges", True),
        ("raining", "Training of judges", False),
        ("reforme", "Réforme législative", True),
        ("RÉFORME", "reforme législative", True),
        ("司法", "培训司法人员", True),
        ("المساعدة", "المُساعدة القانونية", True),
        ("", "Training", False),
        ("---", "Training", False),
    ],
)
def test_words_fit_by_their_beginnings_without_case_and_accents(typed: str, text: str, expected: bool) -> None:
    assert expected is fits(typed, text)


@pytest.mark.parametrize("typed", ["KEN", "ken", "Kenya", "Кения", "肯尼亚", "كينيا"])
def test_state_is_found_by_its_code_and_its_name_in_any_language(typed: str) -> None:
    assert ["KEN"] == states(typed, "fr")


def test_reference_number_is_known_from_its_beginning() -> None:
    assert begins_reference("ta-2026-0")
    assert not begins_reference("task")


def test_reference_number_is_found_among_other_words() -> None:
    assert reference_in("Re: request ta-2026-88198-03142, your note") == "ta-2026-88198-03142"
    assert reference_in("TA-2026-88198-0314") is None
