"""Tests that the judged pairs are complete and that the figures from them are correct."""

from collections import Counter
from pathlib import Path

import pytest

from contracts import reference
from contracts.stemming.words import LANGUAGES
from services.matching.scoring.model import ranked
from services.matching.scoring.weights import FIRST
from services.matching.texts.meaning import model_problem
from tests.evaluation import cross_language, judged, rankers, scores, sectors
from tests.evaluation.__main__ import DATA, PARTS
from tests.evaluation.figures import interval, kappa, ndcg, recall, reciprocal_rank
from tests.evaluation.pairs import fitting, grades, lines, passes, samples, texts, wanted

LINES_LEAST = 150
GRADES = {7: 3.0, 8: 1.0}


def test_there_are_enough_lines_in_all_six_languages_no_two_alike() -> None:
    assert len(lines()) >= LINES_LEAST
    assert set(LANGUAGES) == {line.written_in for line in lines().values()}
    for language in LANGUAGES:
        assert list(lines()) == list(texts()[language])
        assert len(lines()) == len(set(texts()[language].values()))


@pytest.mark.parametrize("table", ["topics", "articles", "paragraphs", "pillars"])
def test_what_a_line_asks_is_in_the_reference(table: str) -> None:
    codes = getattr(reference, table)()
    assert all(set(getattr(line, table)) <= set(codes) for line in lines().values())


def test_a_line_is_of_a_state_a_kind_and_a_modality_that_there_are() -> None:
    for line in lines().values():
        assert line.state in reference.countries()
        assert line.kind in reference.kinds()
        assert line.modality in reference.modalities()
        assert not line.window.reversed
        assert line.group_size > 0


def test_kinds_are_spread() -> None:
    kinds = Counter(line.kind for line in lines().values())

    assert set(reference.kinds()) == set(kinds)
    assert max(kinds.values()) < len(lines()) / 4


@pytest.mark.parametrize("name", sorted(passes()))
def test_grades_are_of_lines_and_offerings_that_there_are(name: str) -> None:
    for key, graded in passes()[name].items():
        assert key in lines()
        assert set(graded) <= set(range(len(samples())))
        assert set(graded.values()) <= {1, 2, 3}


def test_two_have_graded_each_line_by_themselves() -> None:
    assert len(passes()) >= 2
    assert all(set(lines()) == set(graded) for graded in passes().values())
    assert len({str(graded) for graded in passes().values()}) == len(passes())


def test_how_far_the_passes_agree_is_said() -> None:
    kappa_and_same, of_graded, means = judged._agreement()

    assert f"over {len(lines()) * len(samples())} pairs" in kappa_and_same
    assert "weighted kappa 0.9" in kappa_and_same
    assert "at most one apart" in of_graded
    assert "mean of both" in means


def test_a_grade_is_the_mean_of_the_passes() -> None:
    one = next(iter(lines()))
    every = [of.get(one, {}) for of in passes().values()]

    assert all(sum(of.get(number, 0) for of in every) / len(every) == grade for number, grade in grades()[one].items())


def test_a_line_keeps_what_it_asks_and_the_hard_constraints_choose_for_it() -> None:
    key = "slb-unit"

    assert ("SLB", "witness_protection") == (wanted(key).state, wanted(key).kind)
    assert all("witness_protection" in samples()[number].offering.terms.kinds for number in fitting(key))


def test_measures_of_a_ranking_that_can_be_seen() -> None:
    assert 1 == ndcg([7, 8, 9], GRADES)
    assert 1 > (ndcg([8, 7, 9], GRADES) or 0) > (ndcg([9, 8, 7], GRADES) or 0) > 0
    assert 1 / 2 == reciprocal_rank([9, 7, 8], GRADES)
    assert 0 == reciprocal_rank([9, 8], GRADES)
    assert (1, 0) == (recall([7], GRADES), recall([8, 9], GRADES))


def test_where_nothing_is_to_be_found_nothing_is_measured() -> None:
    assert ndcg([7], {}) is None
    assert (None, None) == (recall([7], {8: 1.0}), reciprocal_rank([7], {8: 1.0}))


def test_kappa_is_one_for_the_same_grades_and_nought_for_chance() -> None:
    assert 1 == kappa([0, 1, 3], [0, 1, 3])
    assert 0 == pytest.approx(kappa([0, 0, 3, 3], [0, 3, 0, 3]))
    assert kappa([0, 1, 2, 3], [1, 2, 3, 3]) > kappa([0, 1, 2, 3], [3, 3, 0, 0])


def test_an_interval_of_equal_values_is_a_point() -> None:
    assert "0.500 [0.500, 0.500]" == str(interval([0.5] * 9))


def test_the_codes_find_far_more_than_words_do() -> None:
    def mean(rank: judged.Rank) -> float:
        values = [ndcg(rank(key), graded) for key, graded in grades().items()]
        reported = [value for value in values if value is not None]
        return sum(reported) / len(reported)

    by_words = mean(lambda key: rankers.by_words(key, lines()[key].written_in))

    assert mean(scores.by_codes) > by_words + 0.2


def test_every_criterion_of_the_first_weights_is_left_out_in_turn_or_said_to_tell_nothing() -> None:
    left_out = {name.removeprefix("codes without ") for name in judged._rankings(with_model=False) if "without" in name}

    assert {*FIRST.of} == {*left_out, *judged._alike(), "meaning"}
    assert {"topics", "articles", "kind", "paragraphs", "pillars", *judged.NOT_GRADED} == left_out


def test_codes_rank_as_matching_does() -> None:
    key = "slb-unit"
    numbers = {sample.offering.offering_id: number for number, sample in enumerate(samples())}

    found = ranked(wanted(key), [sample.offering for sample in samples()])

    assert [numbers[one.offering.offering_id] for one in found] == scores.by_codes(key)


def test_codes_and_meaning_rank_as_the_sum_with_the_weight_that_meaning_has() -> None:
    missing = model_problem()
    if missing is not None and missing.slug == "model-not-installed":
        pytest.skip(missing.reason)
    for key in list(lines())[:20]:
        summed = scores.by_codes_and(FIRST.weight("meaning"), rankers.closeness(key, "fr"), key)
        assert summed == scores.by_codes_and_meaning(key, "fr")


def test_the_same_three_in_another_order_are_the_same_and_fewer_are_not() -> None:
    assert 1 == cross_language._same([[1, 2, 3, 4], [3, 1, 2, 5]])
    assert 0 == cross_language._same([[1, 2, 3], [1, 2, 4]])
    assert 0 == cross_language._same([[1, 2], [1, 2]])
    assert (1, 0) == (cross_language._same_first([[1, 2], [1, 3]]), cross_language._same_first([[1, 2], [2, 1]]))
    assert 2 / 3 == pytest.approx(cross_language._overlap([[1, 2, 3], [1, 2, 4]]))


def test_sectors_are_read_in_both_languages(tmp_path: Path) -> None:
    file = tmp_path / "Sector.csv"
    file.write_text(
        "code,name_en,name_fr,status,description_en,description_fr\n"
        "1,Teacher training,Formation des enseignants,active,Education of teachers.,Éducation des enseignants.\n"
        "2,Only English,,active,Said once.,\n"
        "3,Old,Ancien,withdrawn,Once.,Jadis.\n",
        encoding="utf-8",
    )

    assert ["Formation des enseignants"] == [sector.name["fr"] for sector in sectors.read(file)]
    assert [[0]] == sectors._by_words(sectors.read(file), "fr", "fr")


def test_sectors_that_are_not_there_are_said_to_be_missing(tmp_path: Path) -> None:
    assert "is not there" in sectors.evaluate(tmp_path, lambda line: None).skipped


def test_each_part_can_be_asked_for_alone() -> None:
    assert {"judged", "cross-language", "sectors"} <= set(PARTS)
    assert DATA.name == "data"
