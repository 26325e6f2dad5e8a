"""States found by the beginning of a word of their names, in any of the six languages."""

import pytest

from services.console.drafting.organizations import found_organizations


@pytest.mark.parametrize("typed", ["Norw", "norvège", "NORVEGE", "Норве", "挪威", "النرو", "NOR"])
def test_a_state_is_found_in_any_language(typed: str) -> None:
    assert "NOR" in [one.value for one in found_organizations(typed, "en")]


def test_it_is_shown_in_the_language_of_the_reader() -> None:
    assert [one.label for one in found_organizations("Norway", "fr")] == ["Norvège"]


def test_unodc_is_found_too() -> None:
    assert [one.value for one in found_organizations("unodc", "en")] == ["UNODC"]


@pytest.mark.parametrize("typed", ["", "   ", "zzzz"])
def test_nothing_is_found_by_nothing(typed: str) -> None:
    assert not found_organizations(typed, "en")
