"""Rankings of the offerings for a judged line by matching's own scores, by codes alone and with text meaning."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from contracts.matching import Judgement
from contracts.stemming.words import Language
from services.matching.scoring.criteria import FULL, meaning_degree
from services.matching.scoring.model import Scored, scored
from services.matching.scoring.weights import CRITERIA, FIRST, Criterion
from services.matching.texts.meaning import load
from services.matching.texts.reading import Reading, Wording, judgements, read
from tests.evaluation.pairs import lines, samples, texts, wanted
from tests.evaluation.rankers import Ranking

OF_CODES = FULL - FIRST.weight("meaning")


def by_codes(key: str) -> Ranking:
    """Rank as a line is first scored, before its text has been read."""
    return ranking(points(key))


def by_codes_without(criterion: Criterion, key: str) -> Ranking:
    return ranking(points(key, set(CRITERIA) - {criterion}))


def by_codes_and_meaning(key: str, language: Language) -> Ranking:
    """Rank as a line is scored once its text, in that language, has been read."""
    return ranking(np.array([one.score for one in _scored_as_read(key, language)]))


def by_codes_and(weight: int, closeness: NDArray[np.float32], key: str) -> Ranking:
    """Rank with another weight of meaning, in thousandths of the whole, or with meaning found in another way."""
    meanings = np.array([meaning_degree(round(FULL * float(one))) for one in closeness])
    return ranking(points(key) * (FULL - weight) // OF_CODES + meanings * weight // FULL)


def telling() -> list[Criterion]:
    """Return the criteria by codes in which the offerings differ, for some line at least."""
    return [one for one in CRITERIA if any(len(set(points(key, {one}).tolist())) > 1 for key in lines())]


def points(key: str, criteria: Iterable[Criterion] = CRITERIA) -> NDArray[np.int64]:
    """Return the points of each offering for a line by some of the criteria, before its text is read."""
    counted = set(criteria)
    return np.array([sum(share.points for share in one.shares if share.criterion in counted) for one in _scored(key)])


def ranking(given: NDArray[np.int64]) -> Ranking:
    ids = [str(sample.offering.offering_id) for sample in samples()]
    return sorted(range(len(ids)), key=lambda number: (-given[number], ids[number]))


@cache
def _scored(key: str) -> Sequence[Scored]:
    line = wanted(key)
    return [scored(line, sample.offering) for sample in samples()]


def _scored_as_read(key: str, language: Language) -> Sequence[Scored]:
    line, judged = wanted(key), _judgements(key, language)
    return [scored(line, sample.offering, judged[sample.offering.offering_id]) for sample in samples()]


def _judgements(key: str, language: Language) -> Mapping[UUID, Judgement]:
    return judgements(_lines_read(language)[key], _offerings_read())


@cache
def _lines_read(language: Language) -> Mapping[str, Reading]:
    said = texts()[language]
    wordings = [Wording(about_id=wanted(key).line_id, core=text) for key, text in said.items()]
    return dict(zip(said, read(wordings, load()), strict=True))


@cache
def _offerings_read() -> Sequence[Reading]:
    return read([Wording(about_id=one.offering.offering_id, core=one.text) for one in samples()], load())
