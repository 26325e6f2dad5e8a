"""Explanations agree with the points of a score, for any line and offering."""

import re
from datetime import date
from typing import Any, get_args
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.matching import Eligibility, Judgement, Share
from contracts.reference import Region
from contracts.values import Language, Period
from services.matching.lines.model import WantedLine
from services.matching.matches.explanation import as_presented, basis, explain
from services.matching.matches.wording import says, sentences
from services.matching.offerings.model import Offering
from services.matching.scoring.criteria import FULL, Experience, ScoringContext
from services.matching.scoring.model import scored
from services.matching.scoring.weights import CRITERIA
from tests.builders import AHEAD
from tests.matching.builders import a_match, a_wanted_line, an_offering, terms
from tests.matching.scoring.builders import knowledge, lines, offerings

MODEL = "universal-sentence-encoder-multilingual-3"
judgements = st.builds(Judgement, model=st.just(MODEL), version=st.just("0.2.1"), closeness=st.integers(0, FULL))


@given(lines(), offerings(), st.none() | judgements, knowledge())
def test_points_of_every_criterion_follow_from_its_explanation(
    line: WantedLine, offering: Offering, judgement: Judgement | None, known: ScoringContext
) -> None:
    for share in scored(line, offering, judgement, known=known).shares:
        found = basis(share.criterion, line, offering, judgement, experience=known.of(offering.provider))
        assert found is not None
        assert share.points == share.of * found.degree // FULL, share.criterion


@given(lines(), offerings())
def test_each_code_asked_for_is_met_near_or_unmet_once(line: WantedLine, offering: Offering) -> None:
    for criterion, asked in (("topics", line.topics), ("articles", line.articles), ("language", line.languages)):
        found = basis(criterion, line, offering)
        assert found is not None
        assert sorted(set(asked)) == sorted([*found.met, *(one.asked for one in found.near), *found.unmet])


@settings(deadline=None)
@given(line=lines(), offering=offerings(), judgement=judgements, known=knowledge())
def test_explanation_is_complete_sentences_in_every_language(
    line: WantedLine, offering: Offering, judgement: Judgement, known: ScoringContext
) -> None:
    match = a_match(shares=scored(line, offering, judgement, known=known).shares, judgement=judgement)

    for reason in explain(match, line, offering, experience=known.of(offering.provider)):
        for language in Language:
            said = says(reason, language)
            assert re.search(r"[.。]\Z", said), said
            assert not re.search(r"[{}_]", said), said


def test_share_with_a_changed_basis_has_no_explanation() -> None:
    line, offering = a_wanted_line(), an_offering()
    match = a_match(shares=scored(line, offering).shares)

    of_another_topic = {one.share.criterion for one in explain(match, replace(line, topics=("cybercrime",)), offering)}

    assert {share.criterion for share in match.shares} - {"topics"} == of_another_topic
    assert () == explain(match, None, offering)
    of_old = a_match(shares=(Share(criterion="no_longer_judged", points=5, of=10),))
    assert () == explain(of_old, line, offering)


@given(lines(), offerings(), st.none() | judgements, knowledge())
def test_presented_match_keeps_its_explanation(
    line: WantedLine, offering: Offering, judgement: Judgement | None, known: ScoringContext
) -> None:
    found, experience = scored(line, offering, judgement, known=known), known.of(offering.provider)
    score = as_presented(found, line, experience)
    match = a_match(shares=score.shares, judgement=judgement, bases=score.bases)

    assert explain(found, line, offering, experience=experience) == explain(match, None, an_offering())


def test_explanation_reads_naturally() -> None:
    offering = an_offering(
        terms=terms(topics=("mutual_legal_assistance", "electronic_evidence"), languages=(Language.EN,))
    )
    line = a_wanted_line(
        topics=("mutual_legal_assistance", "preservation_of_data", "piracy_and_maritime_crime", "gender"),
        languages=(Language.EN, Language.FR),
        window=Period(starts=date(AHEAD, 6, 1), ends=date(AHEAD + 1, 1, 31)),
    )
    done = Experience(deliveries={"mla_training": 4}, topics=frozenset({"gender"}))
    known = ScoringContext(experience={offering.provider: done})
    match = a_match(match_id=uuid4(), shares=scored(line, offering, known=known).shares)

    said = {one.share.criterion: says(one, Language.EN) for one in explain(match, line, offering, experience=done)}

    assert (
        "Offered as asked: Mutual legal assistance. Close to what is asked: Electronic evidence (asked for: "
        "Preservation of stored computer data). Only distantly related to what is asked: Electronic evidence (asked "
        "for: Piracy and maritime crime). Not offered: Gender considerations. In full where all that is asked for is "
        "offered."
    ) == said["topics"]
    assert (
        "Offered as asked: English. With interpretation: French. In full where all languages asked for are spoken."
    ) == said["language"]
    assert "Days free of those asked for: 214 of 245. In full where every day asked for is free." == said["window"]
    assert "The delivery is funded." == said["funding"]
    assert ("The offering is open to all States. In full for an offering that is open to the State by name.") == said[
        "region"
    ]
    assert "Deliveries of the offering that are taken: 0 of 3." == said["load"]
    assert (
        "Deliveries of this kind that the provider has completed: at least 3. It has completed deliveries on: "
        f"Gender considerations. {MORE}"
    ) == said["experience"]


MORE = (
    "In full from 10 such deliveries, where States rate them 4 of 5 or better if they do, with one on every topic asked "
    "for."
)


def test_provider_without_deliveries_is_described_as_such() -> None:
    line, offering = a_wanted_line(), an_offering()

    (none,) = (one for one in explain(scored(line, offering), line, offering) if one.share.criterion == "experience")

    assert f"The provider has completed no delivery of this kind on this platform yet. {MORE}" == says(
        none, Language.EN
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"terms": terms(eligible=Eligibility(regions=("african",)))},
            "The offering is open to the regional group of the State: African States.",
        ),
        ({"provider": "ZAF"}, "The provider is of the same regional group as the State: African States."),
    ],
)
def test_regional_group_is_named(changes: dict[str, Any], sentence: str) -> None:
    line, offering = a_wanted_line(), an_offering(**changes)

    (region,) = (one for one in explain(scored(line, offering), line, offering) if one.share.criterion == "region")

    assert f"{sentence} In full for an offering that is open to the State by name." == says(region, Language.EN)


@given(lines(), offerings(), st.none() | judgements, knowledge())
def test_partial_share_says_what_the_whole_would_take(
    line: WantedLine, offering: Offering, judgement: Judgement | None, known: ScoringContext
) -> None:
    found = scored(line, offering, judgement, known=known)
    for one in explain(found, line, offering, experience=known.of(offering.provider)):
        assert (one.basis.degree < FULL) == ("In full " in says(one, Language.EN)), one.share.criterion


def test_french_lists_have_a_narrow_no_break_space_before_a_semicolon() -> None:
    line, offering = a_wanted_line(topics=("mutual_legal_assistance", "electronic_evidence")), an_offering()

    (topics,) = (one for one in explain(scored(line, offering), line, offering) if one.share.criterion == "topics")

    assert "Offert comme demandé\u00a0: Preuves électroniques\u202f; Entraide judiciaire." == says(topics, Language.FR)


@pytest.mark.parametrize(
    ("rating", "sentence"),
    [
        (None, ""),
        (400, " States rate what it has delivered from 4 to 5 of 5 on average: the number counts for 100%."),
        (399, " States rate what it has delivered from 3 to 4 of 5 on average: the number counts for 80%."),
        (299, " States rate what it has delivered from 1 to 3 of 5 on average: the number counts for 50%."),
    ],
)
def test_ratings_are_explained_by_their_step(rating: int | None, sentence: str) -> None:
    line, offering = a_wanted_line(), an_offering()
    done = Experience(deliveries={"mla_training": 4}, rating=rating)
    match = a_match(shares=scored(line, offering, known=ScoringContext(experience={offering.provider: done})).shares)

    said = {one.share.criterion: says(one, Language.EN) for one in explain(match, line, offering, experience=done)}

    assert (
        f"Deliveries of this kind that the provider has completed: at least 3.{sentence} {MORE}" == said["experience"]
    )


@pytest.mark.parametrize(
    ("provider", "sentence"),
    [
        ("ZAF", "The legal system of the provider draws on what that of the State draws on: "),
        ("FRA", "The legal system of the provider does not draw on what that of the State draws on: "),
        ("UNODC-CEB", "How the legal systems of the State and the provider compare is not known."),
    ],
)
def test_legal_systems_are_compared_by_their_traditions(provider: str, sentence: str) -> None:
    line, offering = a_wanted_line(state="UGA"), an_offering(provider=provider)
    match = a_match(shares=scored(line, offering).shares)

    said = {one.share.criterion: says(one, Language.EN) for one in explain(match, line, offering)}

    assert said["legal_system"].startswith(sentence)


def test_text_meaning_is_explained_with_model_and_closeness() -> None:
    judgement = Judgement(model=MODEL, version="0.2.1", closeness=471)
    line, offering = a_wanted_line(), an_offering()
    match = a_match(shares=scored(line, offering, judgement).shares, judgement=judgement)

    (meaning,) = (one for one in explain(match, line, offering) if one.share.criterion == "meaning")

    assert (67, 100) == (meaning.share.points, meaning.share.of)
    assert (
        "How close the texts of the line and of the offering are in meaning, as the model "
        "universal-sentence-encoder-multilingual-3 0.2.1 judged them: 471 of 1,000. In full from 600."
    ) == says(meaning, Language.EN)


def test_every_criterion_has_a_basis_and_every_language_its_sentences() -> None:
    judgement = Judgement(model=MODEL, version="0.2.1", closeness=1)
    assert all(basis(criterion, a_wanted_line(), an_offering(), judgement) for criterion in CRITERIA)
    in_english = sentences(Language.EN).reasons
    for language in Language:
        reasons = sentences(language).reasons
        assert set(in_english) == set(reasons), language
        for name, template in in_english.items():
            assert sorted(re.findall(r"\{\w+\}", template)) == sorted(re.findall(r"\{\w+\}", reasons[name])), name
        texts = sentences(language)
        assert {"codes", *CRITERIA} - {"topics", "articles", "paragraphs", "pillars"} == set(texts.full), language
        assert set(get_args(Region)) == set(texts.regions), language
