"""Rankings of the judged lines, compared with the offerings that graders found: the score, and each of its parts."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.stemming.words import Language
from services.matching.scoring.model import algorithm_of
from services.matching.scoring.weights import CRITERIA, FIRST, Criterion
from services.matching.texts.fusion import fused
from services.matching.texts.meaning import model_problem
from tests.evaluation import rankers, scores
from tests.evaluation.figures import RELEVANT, Grades, interval, kappa, ndcg, recall, reciprocal_rank
from tests.evaluation.pairs import fitting, grades, lines, passes, samples
from tests.evaluation.report import Report, Say

CODES = "codes"
CODES_AND_MEANING = "codes + meaning"
"""Ranker that matching uses; the others are for comparison."""
SUMMED = (100, 200, 300)
"""Weights of meaning to try, in thousandths of the whole; the first weights have one of them."""
NOT_GRADED: tuple[Criterion, ...] = ("language", "window", "region", "legal_system", "funding")
"""Criteria that grades leave aside.

Grades are of what would help, not of what may be given, when, to whom and for what money.
"""

Rank = Callable[[str], Sequence[int]]
"""Function that returns the numbers of offerings for a line, best first."""
May = Callable[[str], frozenset[int]]
"""Function that returns the offerings that may be ranked for a line."""


def evaluate(data: Path, say: Say) -> Report:
    """Compare the rankers. `data` is not used, since the pairs are beside this file."""
    missing = model_problem()
    found = _rankings(with_model=missing is None)
    rows = []
    for where, may in (("all", _all), ("fitting", fitting)):
        say(f"{where} offerings, {len(found)} rankers")
        graded = _graded(may)
        base = _values(scores.by_codes, graded, may)["nDCG@5"]
        rows += [(f"{where}: {name}", *_printed(_values(rank, graded, may), base)) for name, rank in found.items()]
    return Report(
        title=f"Judged pairs: {len(lines())} lines × {len(samples())} offerings, mean [95 % bootstrap interval]",
        columns=("offerings: ranker", "nDCG@5", "recall@20", "MRR", "nDCG@5 less that by codes"),
        rows=tuple(rows),
        notes=(
            "all: each of the offerings may be ranked. fitting: those alone that the hard constraints leave to the line,",
            "for lines that they leave two or more.",
            f"nDCG is of the lines for which something has a grade (all: {_judged(_all)}, fitting: {_judged(fitting)}), recall and MRR of",
            f"those for which something has {RELEVANT:g} or more (all: {_judged(_all, RELEVANT)}, fitting: {_judged(fitting, RELEVANT)}).",
            "The last column is of the differences line by line: where its interval holds 0, the part is not seen to matter.",
            f"codes: what {algorithm_of(FIRST)} gives a line before its text is read; codes + meaning: the same once it is read.",
            "A part left out, its weight shared among the rest, ranks as the rest alone. Texts are in the language of the line.",
            f"Grades leave aside what {', '.join(NOT_GRADED)} are about, so the rows of these say only how they disturb.",
            f"No row, as no two of the offerings differ in it: {', '.join(_alike()) or 'none'}.",
            *_agreement(),
            *_by_each_pass(found),
            *([f"Left out: all that needs meaning: {missing.reason}"] if missing else []),
        ),
    )


def _rankings(*, with_model: bool) -> dict[str, Rank]:
    found: dict[str, Rank] = {CODES: scores.by_codes}
    if with_model:
        found[CODES_AND_MEANING] = lambda key: scores.by_codes_and_meaning(key, lines()[key].written_in)
    found |= {f"codes without {one}": _without(one) for one in scores.telling()}
    texts = {
        name: _as_written(way)
        for name, way in (rankers.of_text() | (rankers.of_meaning() if with_model else {})).items()
    }
    found |= texts
    found |= {f"codes + {name}, by rank": _fused(way) for name, way in texts.items() if "+" not in name}
    if with_model:
        for weight in SUMMED:
            if weight != FIRST.weight("meaning"):
                found[f"codes {1000 - weight}, meaning {weight}"] = _summed(weight, rankers.closeness)
            found[f"codes {1000 - weight}, meaning and names {weight}"] = _summed(weight, rankers.closeness_with_names)
    return found


def _without(criterion: Criterion) -> Rank:
    return lambda key: scores.by_codes_without(criterion, key)


def _as_written(ranker: rankers.Ranker) -> Rank:
    return lambda key: ranker(key, lines()[key].written_in)


def _fused(ranking: Rank) -> Rank:
    return lambda key: fused([scores.by_codes(key), ranking(key)])


def _summed(weight: int, closeness: Callable[[str, Language], NDArray[np.float32]]) -> Rank:
    return lambda key: scores.by_codes_and(weight, closeness(key, lines()[key].written_in), key)


def _alike() -> list[Criterion]:
    """Return the criteria by codes that have a weight and do not distinguish any offerings."""
    return [one for one in CRITERIA if FIRST.weight(one) and one != "meaning" and one not in scores.telling()]


def _all(key: str) -> frozenset[int]:
    return frozenset(range(len(samples())))


def _graded(may: May, given: Mapping[str, Grades] | None = None) -> dict[str, Grades]:
    """Return the grades of the offerings that may be ranked, of lines with a choice.

    They are the means of all passes, or those `given`.
    """
    return {
        key: {one: grade for one, grade in of.items() if one in may(key)}
        for key, of in (grades() if given is None else given).items()
        if len(may(key)) > 1
    }


def _judged(may: May, least: float = 0.1) -> int:
    return sum(any(grade >= least for grade in of.values()) for of in _graded(may).values())


def _values(rank: Rank, graded: Mapping[str, Grades], may: May) -> dict[str, list[float]]:
    """Return the values of each measure, for each line for which it is defined."""
    rankings = {key: [number for number in rank(key) if number in may(key)] for key in graded}
    return {
        name: [value for key in graded if (value := measure(rankings[key], graded[key])) is not None]
        for name, measure in (("nDCG@5", ndcg), ("recall@20", recall), ("MRR", reciprocal_rank))
    }


def _printed(values: Mapping[str, list[float]], base: Sequence[float]) -> list[str]:
    return [*(str(interval(of)) for of in values.values()), str(interval(np.subtract(values["nDCG@5"], base)))]


def _agreement() -> list[str]:
    """Describe the agreement of the first two passes, pair by pair."""
    if len(passes()) < 2:
        return ["There is one pass of grades so far: how far two graders agree cannot be said."]
    first, second = list(passes().values())[:2]
    pairs = [
        (first.get(key, {}).get(number, 0), second.get(key, {}).get(number, 0))
        for key in lines()
        for number in range(len(samples()))
    ]
    graded = [pair for pair in pairs if any(pair)]
    return [
        f"Two passes of grades: weighted kappa {kappa(*zip(*pairs, strict=True)):.3f} over {len(pairs)} pairs, the same grade in {_share(pairs, 0):.1%};",
        f"of the {len(graded)} pairs that either graded above 0, the same in {_share(graded, 0):.1%}, at most one apart in {_share(graded, 1):.1%}.",
        f"The figures go by the mean of both. Of these pairs the first gives {_mean(graded, 0):.2f} on average, the second {_mean(graded, 1):.2f}.",
    ]


def _by_each_pass(found: Mapping[str, Rank]) -> list[str]:
    """Describe the results of matching by the grades of each pass alone.

    A result that only one grader sees does not count.
    """
    reported = []
    for name, given in passes().items():
        graded = _graded(_all, given)
        base = _values(found[CODES], graded, _all)["nDCG@5"]
        reported.append(f"By pass {name} alone, nDCG@5 of all: codes {interval(base)}")
        if CODES_AND_MEANING in found:
            with_meaning = _values(found[CODES_AND_MEANING], graded, _all)["nDCG@5"]
            reported[-1] += f", codes + meaning less codes {interval(np.subtract(with_meaning, base))}"
    return reported


def _share(pairs: Sequence[tuple[int, int]], apart: int) -> float:
    return sum(abs(one - other) <= apart for one, other in pairs) / len(pairs)


def _mean(pairs: Sequence[tuple[int, int]], place: int) -> float:
    return sum(pair[place] for pair in pairs) / len(pairs)
