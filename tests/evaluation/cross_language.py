"""Comparison of the first three offerings for the same need written in six languages, without the codes of its line."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from contracts.stemming.words import LANGUAGES
from services.matching.texts.meaning import model_problem
from tests.evaluation import rankers
from tests.evaluation.figures import RELEVANT, Interval, interval, ndcg
from tests.evaluation.pairs import fitting, grades, lines, samples
from tests.evaluation.report import Aim, Report, Say
from tests.evaluation.scores import by_codes_and_meaning

FIRST = 3
SAME_WANTED = 0.8

May = Callable[[str], frozenset[int]]
"""Function that returns the offerings that may be ranked for a line."""


def evaluate(data: Path, say: Say) -> Report:
    """Compare the rankings by language. `data` is not used, since the texts are beside this file."""
    title = f"The same text in six languages, codes withheld: the first {FIRST} of {len(samples())} offerings"
    missing = model_problem()
    found = rankers.of_text() | ({} if missing else rankers.of_meaning())
    choice = {key for key in lines() if len(fitting(key)) > FIRST}
    rows, best = [], 0.0
    for name, way in found.items():
        say(name)
        rankings = {key: [way(key, language) for language in LANGUAGES] for key in lines()}
        left = {key: [[one for one in of if one in fitting(key)] for of in rankings[key]] for key in sorted(choice)}
        best = max(best, interval([_same(of) for of in rankings.values()]).value)
        rows += [(f"all: {name}", *_printed(rankings, _all)), (f"fitting: {name}", *_printed(left, fitting))]
    if not missing:
        say("codes + meaning")
        scored = {key: [by_codes_and_meaning(key, language) for language in LANGUAGES] for key in lines()}
        rows.append(("all: codes + meaning, codes not withheld", *_printed(scored, _all)))
    return Report(
        title=title,
        columns=("offerings: ranker", "same set", "same first", "mean overlap", "served in all six", "nDCG@5"),
        rows=tuple(rows),
        aims=(Aim(what="share of lines with the same three, by the best way", figure=best, at_least=SAME_WANTED),),
        notes=(
            f"all: the codes are withheld altogether, {len(lines())} lines. fitting: they are withheld from the ranking, but the hard",
            f"constraints hold; of the {len(choice)} lines to which they leave more than {FIRST}.",
            "codes + meaning: what matching does with the codes that every line has; the same in six languages, the text alone is not.",
            "same set: all six texts bring the same three, in whatever order; a text that brings fewer does not.",
            "same first: all six texts bring the same one first.",
            "mean overlap: how many of the three two languages share, over all pairs of languages.",
            "served in all six: each of the six texts brings among its three one that serves the line well.",
            "nDCG@5: mean over the six texts, against the same grades: what is the same everywhere may be wrong everywhere.",
            _serving(),
            *([f"Left out: all that needs meaning: {missing.reason}"] if missing else []),
        ),
    )


def _all(key: str) -> frozenset[int]:
    return frozenset(range(len(samples())))


def _same(rankings: Sequence[rankers.Ranking], first: int = FIRST) -> float:
    sets = {frozenset(ranking[:first]) for ranking in rankings}
    return float(len(sets) == 1 and all(len(one) == first for one in sets))


def _same_first(rankings: Sequence[rankers.Ranking]) -> float:
    return _same(rankings, 1)


def _overlap(rankings: Sequence[rankers.Ranking]) -> float:
    shared = [len(set(one[:FIRST]) & set(other[:FIRST])) / FIRST for one, other in combinations(rankings, 2)]
    return sum(shared) / len(shared)


def _printed(rankings: Mapping[str, Sequence[rankers.Ranking]], may: May) -> list[str]:
    shares = [str(interval([share(of) for of in rankings.values()])) for share in (_same, _same_first, _overlap)]
    return [*shares, str(_served(rankings, may)), str(_quality(rankings, may))]


def _served(rankings: Mapping[str, Sequence[rankers.Ranking]], may: May) -> Interval:
    """Return the share of lines for which each text has an offering that serves well among its first three.

    Only lines with such an offering count.
    """
    served = []
    for key, of_languages in rankings.items():
        well = {one for one, grade in grades()[key].items() if grade >= RELEVANT and one in may(key)}
        if well:
            served.append(float(all(well & set(ranking[:FIRST]) for ranking in of_languages)))
    return interval(served)


def _serving() -> str:
    """Describe how many offerings serve a line well; below three, some of its first three are there by chance."""
    counts = [sum(grade >= RELEVANT for grade in of.values()) for of in grades().values()]
    fewer = ", ".join(f"{number} for {counts.count(number)}" for number in range(FIRST))
    return (
        f"Offerings that serve a line well: {fewer}, {FIRST} or more for {sum(one >= FIRST for one in counts)} lines."
    )


def _quality(rankings: Mapping[str, Sequence[rankers.Ranking]], may: May) -> Interval:
    values = []
    for key, of_languages in rankings.items():
        graded = {one: grade for one, grade in grades()[key].items() if one in may(key)}
        of_line = [value for ranking in of_languages if (value := ndcg(ranking, graded)) is not None]
        if of_line:
            # Lines are resampled, each with all its languages, since those of one line are not independent of each
            # other.
            values.append(sum(of_line) / len(of_line))
    return interval(values)
