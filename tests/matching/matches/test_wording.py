"""Obstacles as complete sentences in each of the six languages."""

import re
from datetime import date

import pytest

from contracts.matching import Capacity, Eligibility
from contracts.values import Language, Period
from services.matching.lines.model import RequestStatus
from services.matching.matches import wording
from services.matching.matches.why_not import Change, Nearest, Obstacle, obstacles
from services.matching.matches.wording import FSI, PDI, advice, reason, sentences
from services.matching.offerings.model import OfferingStatus
from services.matching.treaties.model import TreatyStatus, statuses_of
from tests.matching.builders import a_wanted_line, an_offering, terms

TODAY = date(2026, 11, 26)
WINTER = Period(starts=date(2026, 12, 1), ends=date(2026, 12, 31))
LETTERS = {Language.AR: "[\u0600-\u06ff]", Language.RU: "[\u0400-\u04ff]", Language.ZH: "[\u4e00-\u9fff]"}


def everything_against() -> list[Obstacle]:
    """Return one obstacle of every name; together they have every change."""
    offering = an_offering(
        provider="NOR",
        status=OfferingStatus.SUSPENDED,
        terms=terms(
            kinds=("witness_protection", "victim_assistance"),
            modalities=("remote",),
            languages=(Language.EN,),
            interpretation=(),
            group_size_max=10,
            eligible=Eligibility(
                states=("PER",), excluded_states=("KEN",), income_groups=("low",), special_groups=("ldc", "sids")
            ),
            valid=WINTER,
            capacity=(Capacity(period=WINTER, units=1),),
            treaties=("UNTOC", "FP"),
            resource_status="partly",
        ),
    )
    line = a_wanted_line(
        status=RequestStatus.RETURNED, residue=0, languages=(Language.FR, Language.AR), group_size=1200,
        addressee="states", addressed_states=("FRA",), cannot_wait=True, excluded_providers=("NOR",),
        treaties=(TreatyStatus(instrument="UNTOC", party=False, as_of=TODAY, recorded=True),),
    )  # fmt: skip
    its_own = obstacles(a_wanted_line(state="NOR"), an_offering(provider="NOR"), today=TODAY)
    to_anybody = obstacles(a_wanted_line(addressee="unodc"), an_offering(provider="NOR"), today=TODAY)
    full = an_offering(taken={one.period.starts: one.units for one in an_offering().terms.capacity})
    unlisted = a_wanted_line(state="PNG", treaties=statuses_of("PNG"))
    later = a_wanted_line(window=Period(starts=date(2026, 1, 1), ends=date(2026, 2, 1)))
    return [
        *obstacles(line, offering, today=TODAY),
        *its_own,
        *to_anybody,
        *obstacles(a_wanted_line(), full, today=TODAY),
        *obstacles(later, an_offering(), today=TODAY),
        *obstacles(unlisted, an_offering(terms=terms(treaties=("UNTOC",))), today=TODAY),
    ]


def test_sentences_cover_exactly_the_existing_codes() -> None:
    found = everything_against()

    for language in Language:
        assert {one.name for one in found} == set(sentences(language).obstacles), language
        assert set(Change) == set(sentences(language).changes), language
    assert set(Change) == {one.nearest.change for one in found if one.nearest}


@pytest.mark.parametrize("language", Language)
def test_sentences_are_complete_and_in_the_right_script(language: Language) -> None:
    for one in everything_against():
        for sentence in (reason(one, language), advice(one, one.nearest, language) if one.nearest else "."):
            assert re.search(r"[.。]\Z", sentence), sentence
            assert "{" not in sentence
            assert "_" not in sentence, "no code is left"
            # What is filled in may be in other letters: an organization's code, a unit of UNODC.
            if language in LETTERS and sentence != ".":
                assert re.search(LETTERS[language], sentence), sentence


@pytest.mark.parametrize("language", Language)
def test_sentence_contains_the_obstacles_values(language: Language) -> None:
    """A template in any language has all placeholders of the English one."""
    for name, template in sentences(language).obstacles.items():
        for hole in re.findall(r"\{(\w+)\}", sentences(Language.EN).obstacles[name]):
            assert "{" + hole + "}" in template, (language, name)
    for name, template in sentences(language).changes.items():
        for hole in re.findall(r"\{(\w+)\}", sentences(Language.EN).changes[name]):
            assert "{" + hole + "}" in template, (language, name)


def test_two_weeks_later_in_french_with_interpretation() -> None:
    shift = Obstacle(
        name="capacity",
        asked=("2027-02-01/2027-02-28",),
        nearest=Nearest(change=Change.LATER, amount=14),
    )
    spoken = Obstacle(
        name="language", asked=("ar", "es"), offered=("fr",),
        nearest=Nearest(change=Change.INTERPRETATION, codes=("ar", "es")),
    )  # fmt: skip

    assert shift.nearest is not None
    assert spoken.nearest is not None
    assert "In the window (1 February 2027 – 28 February 2027) the offering has no delivery left." == reason(
        shift, Language.EN
    )
    assert "It would fit 14 days later." == advice(shift, shift.nearest, Language.EN)
    assert "It would fit in French, with interpretation into Arabic; Spanish." == advice(
        spoken, spoken.nearest, Language.EN
    )
    assert "L’offre conviendrait 14\u00a0jours plus tard." == advice(shift, shift.nearest, Language.FR)
    assert "如推迟14天，即可匹配。" == advice(shift, shift.nearest, Language.ZH)


def test_sentence_has_the_day_of_the_treaty_status() -> None:
    unlisted = Obstacle(
        name="treaty", asked=("PNG",), offered=("UNTOC",), as_of=date(2014, 1, 1),
        nearest=Nearest(change=Change.STATUS_RECORDED, codes=("UNTOC",)),
    )  # fmt: skip

    assert (
        "The offering is for parties to: United Nations Convention against Transnational Organized Crime. "
        "As of 1 January 2014, Papua New Guinea was not known to be one."
    ) == reason(unlisted, Language.EN)
    assert "Au 1er janvier 2014" in reason(unlisted, Language.FR)


def test_inserted_values_keep_the_direction_of_arabic() -> None:
    foreign = Obstacle(name="addressee", asked=("unodc",), offered=("UNODC-CEB",))

    assert f"{FSI}UNODC-CEB{PDI}" in wording.reason(foreign, Language.AR)
    assert FSI not in wording.reason(foreign, Language.EN)
