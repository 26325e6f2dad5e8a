"""docs/asvs.csv has each requirement of OWASP ASVS 5.0, levels 1 and 2, once, with an existing proof or a reason."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.rules.steps import missing_tests, text_of

ROOT = Path(__file__).parents[2]
LEVELS = {
    "1.1": "22", "1.2": "1111122223", "1.3": "112222222223", "1.4": "222", "1.5": "123",
    "2.1": "122", "2.2": "112", "2.3": "12223", "2.4": "23",
    "3.1": "3", "3.2": "113", "3.3": "12223", "3.4": "11222233", "3.5": "11122333", "3.6": "3", "3.7": "22333",
    "4.1": "12233", "4.2": "23333", "4.3": "22", "4.4": "1222",
    "5.1": "2", "5.2": "112333", "5.3": "113", "5.4": "222",
    "6.1": "122", "6.2": "111111112222", "6.3": "11223333", "6.4": "112233", "6.5": "22222333", "6.6": "2223",
    "6.7": "33", "6.8": "2222",
    "7.1": "222", "7.2": "1111", "7.3": "22", "7.4": "11222", "7.5": "223", "7.6": "22",
    "8.1": "1233", "8.2": "1123", "8.3": "133", "8.4": "23",
    "9.1": "111", "9.2": "1222",
    "10.1": "22", "10.2": "223", "10.3": "22223", "10.4": "1111122222233333", "10.5": "22222", "10.6": "22",
    "10.7": "222",
    "11.1": "2233", "11.2": "22233", "11.3": "11233", "11.4": "1222", "11.5": "23", "11.6": "23", "11.7": "33",
    "12.1": "12233", "12.2": "11", "12.3": "22223",
    "13.1": "2333", "13.2": "222223", "13.3": "2233", "13.4": "1222233",
    "14.1": "22", "14.2": "12223333", "14.3": "122",
    "15.1": "12233", "15.2": "12233", "15.3": "1222222", "15.4": "3333",
    "16.1": "2", "16.2": "22222", "16.3": "2222", "16.4": "222", "16.5": "2223",
    "17.1": "23", "17.2": "22223333", "17.3": "22",
}  # fmt: skip
"""Maps each section of version 5.0.0 to the levels of its requirements, in their order."""

VERDICTS = ("proved", "not applicable", "gap")


class Row(msgspec.Struct, frozen=True, kw_only=True, rename={"in_short": "in short"}):
    requirement: str
    level: str
    in_short: str
    verdict: str
    proof: str
    why: str


def rows() -> list[Row]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return msgspec.convert(list(csv.DictReader(file)), list[Row])


def wanted() -> list[tuple[str, str]]:
    return [
        (f"V{section}.{n}", level)
        for section, levels in LEVELS.items()
        for n, level in enumerate(levels, start=1)
        if level in "12"
    ]


def unproved(said: Sequence[Row]) -> list[str]:
    """List rows called proved without an existing proof, and rows called otherwise without a reason."""
    found = [f"{row.requirement}: {row.verdict}" for row in said if row.verdict not in VERDICTS]
    for row in said:
        proofs = row.proof.split()
        if not row.in_short or (row.verdict == "proved" and not proofs) or (row.verdict != "proved" and not row.why):
            found.append(row.requirement)
        found += [f"{row.requirement}: {test}" for test in missing_tests(row.proof)]
        found += [f"{row.requirement}: {file}" for file in proofs if not (ROOT / file.partition("::")[0]).is_file()]
    return found


def gap(row: Row) -> str:
    return f"| {row.requirement} | {row.level} | {row.in_short} | {row.why} |"


def counts(said: Sequence[Row]) -> list[str]:
    counted = Counter((row.verdict, row.level) for row in said)
    return [f"| {what} | {counted[what, '1']} | {counted[what, '2']} |" for what in VERDICTS]


def test_every_requirement_of_levels_1_and_2_stands_there_once() -> None:
    assert {"1": 70, "2": 183, "3": 92} == Counter("".join(LEVELS.values())), "the counts of the standard"
    assert wanted() == [(row.requirement, row.level) for row in rows()]


def test_what_is_called_proved_is_proved_by_what_exists() -> None:
    assert [] == unproved(rows())


def test_gaps_are_listed_by_number_and_counted() -> None:
    text = text_of(ROOT / "docs" / "security.md")
    reported = text.partition("### Gaps")[2]

    assert [gap(row) for row in rows() if row.verdict == "gap"] == [
        line for line in reported.splitlines() if line.startswith("| V")
    ]
    assert counts(rows()) == [
        line for line in text.splitlines() if line.startswith(tuple(f"| {v} |" for v in VERDICTS))
    ]


def test_a_row_without_a_proof_or_a_reason_is_found() -> None:
    good = Row(requirement="V1.1.1", level="2", in_short="a", verdict="proved", proof="README.md", why="")
    planted = [
        msgspec.structs.replace(good, proof=""),
        msgspec.structs.replace(good, proof="nothing.md"),
        msgspec.structs.replace(good, proof="tests/rules/test_asvs.py::test_nothing"),
        msgspec.structs.replace(good, verdict="gap"),
        msgspec.structs.replace(good, verdict="not applicable"),
        msgspec.structs.replace(good, verdict="nearly"),
        msgspec.structs.replace(good, in_short=""),
    ]

    assert [] == unproved([good])
    assert all(unproved([row]) for row in planted)
