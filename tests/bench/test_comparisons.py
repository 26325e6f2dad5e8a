"""Each comparison still runs: a bench is run rarely, and would otherwise break unseen. Its results are not judged."""

import math

import pytest

from tests.bench import __main__ as bench
from tests.bench import console, desk, digests, reading

QUICK = {"candidates"}
"""Parts that are quick; the others take from half a minute to two minutes."""


@pytest.mark.parametrize(
    "part", [pytest.param(part, marks=[] if part in QUICK else pytest.mark.soak) for part in bench.PARTS]
)
def test_a_comparison_runs_to_its_end(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "FILED_BY_EACH", 20)
    monkeypatch.setattr(desk, "SIZES", (200, 400))
    monkeypatch.setattr(desk, "CALLS_MIN", 4)
    monkeypatch.setattr(console, "REQUESTS", 200)
    monkeypatch.setattr(console, "TURNS", 4)
    monkeypatch.setattr(console, "FOLLOWING", 20)
    monkeypatch.setattr(digests, "SUBSCRIPTIONS", 200)

    comparison = bench.measure(part, rounds=1, seconds=0.5)

    assert comparison.aims
    assert all(math.isfinite(aim.ratio) and aim.ratio for aim in comparison.aims), comparison.aims
    assert bench.table(comparison)
