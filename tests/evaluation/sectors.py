"""Search of sectors of development aid in French and English: a name is the query, descriptions are documents.

The list is that of IATI (Sector, which replicates the purpose codes of the OECD's Development Assistance Committee), in
the two languages in which it is published. It is read and never stored.
"""

import csv
from pathlib import Path
from typing import Literal

from msgspec import Struct

from contracts.stemming.words import stems
from services.matching.texts.bm25 import Index
from services.matching.texts.fusion import fused
from services.matching.texts.meaning import model_problem
from tests.evaluation.figures import interval, ndcg, recall, reciprocal_rank
from tests.evaluation.rankers import embedded
from tests.evaluation.report import Report, Say

FILE = Path("iati") / "codelists" / "Sector.csv"
Side = Literal["en", "fr"]
DIRECTIONS: tuple[tuple[Side, Side], ...] = (("fr", "en"), ("en", "fr"), ("fr", "fr"), ("en", "en"))
GRADE = 3.0


class Sector(Struct, frozen=True, kw_only=True):
    """The names and descriptions of one sector in the two languages."""

    name: dict[Side, str]
    description: dict[Side, str]


def evaluate(data: Path, say: Say) -> Report:
    title = "IATI sectors: a name in one language, the descriptions in another, mean [95 % bootstrap interval]"
    if not (data / FILE).is_file():
        return Report(title=title, skipped=f"{data / FILE} is not there")
    sectors = read(data / FILE)
    missing = model_problem()
    rows = []
    for asked, sought in DIRECTIONS:
        say(f"{asked} → {sought}")
        ranked = {"words (BM25)": _by_words(sectors, asked, sought)}
        if missing is None:
            ranked["meaning"] = _by_meaning(sectors, asked, sought)
            ranked["both, fused by rank"] = [fused(two) for two in zip(*ranked.values(), strict=True)]
        rows += [(f"{asked} → {sought}, {way}", *_measured(rankings)) for way, rankings in ranked.items()]
    return Report(
        title=f"{title}; {len(sectors)} sectors",
        columns=("asked → sought, way", "nDCG@5", "recall@20", "MRR"),
        rows=tuple(rows),
        notes=(
            "One description is right for each name; sectors without a name and a description in both are left out.",
            *([f"Left out: meaning, both: {missing.reason}"] if missing else []),
        ),
    )


def read(file: Path) -> list[Sector]:
    """Return the active sectors with name and description in both languages; the two descriptions differ."""
    with file.open(encoding="utf-8-sig", newline="") as rows:
        every = [row for row in csv.DictReader(rows) if row["status"] == "active"]
    sides: tuple[Side, ...] = ("en", "fr")
    return [
        Sector(
            name={side: row[f"name_{side}"] for side in sides},
            description={side: row[f"description_{side}"] for side in sides},
        )
        for row in every
        if all(row[f"{part}_{side}"] for part in ("name", "description") for side in sides)
        and row["description_en"] != row["description_fr"]
    ]


def _by_words(sectors: list[Sector], asked: Side, sought: Side) -> list[list[int]]:
    index = Index()
    for number, sector in enumerate(sectors):
        index.put(str(number), stems(sector.description[sought], sought))
    found = (index.search(stems(sector.name[asked], asked), limit=len(sectors)) for sector in sectors)
    return [[int(one.document_id) for one in of] for of in found]


def _by_meaning(sectors: list[Sector], asked: Side, sought: Side) -> list[list[int]]:
    names = embedded([sector.name[asked] for sector in sectors])
    descriptions = embedded([sector.description[sought] for sector in sectors])
    return [(-row).argsort(kind="stable").tolist() for row in names @ descriptions.T]


def _measured(rankings: list[list[int]]) -> list[str]:
    right = [{number: GRADE} for number in range(len(rankings))]
    return [
        str(interval([measure(ranking, one) or 0.0 for ranking, one in zip(rankings, right, strict=True)]))
        for measure in (ndcg, recall, reciprocal_rank)
    ]
