"""docs/personal-data.md lists every column that can hold words, and says of each whether it names people."""

import re
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from services.composition import NAMES

ROOT = Path(__file__).parents[2]
EVERY = "Every service"
KINDS = {"personal", "with it", "words", "codes"}
ROW = re.compile(r"\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| ([a-z ]+) \| (.*)\|")
WORDLESS = (
    "uuid", "smallint", "integer", "bigint", "numeric", "boolean", "date", "timestamp with time zone", "xid8",
)  # fmt: skip
"""Types that hold no words; of every other one a column has to be listed."""

Listed = Mapping[tuple[str, str, str], str]
"""`(service, table, column)` → its kind."""


def listed(text: str) -> Listed:
    found: dict[tuple[str, str, str], str] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        for table, columns, kind, _ in ROW.findall(section):
            for service in NAMES if title == EVERY else (title,):
                for column in re.findall(r"\w+", columns):
                    assert (service, table, column) not in found, "listed twice"
                    found[service, table, column] = kind
    return found


def personal_columns() -> Listed:
    text = (ROOT / "docs/personal-data.md").read_text(encoding="utf-8")
    return listed(text)


async def test_every_column_that_can_hold_words_is_in_the_list(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            """
            SELECT table_schema, table_name, column_name FROM information_schema.columns
            WHERE table_schema = ANY ($1::text[]) AND data_type <> ALL ($2::text[])
            """,
            list(NAMES),
            list(WORDLESS),
        )
    finally:
        await connection.close()
    found = personal_columns()

    assert {tuple(row) for row in rows} == set(found)
    assert KINDS == set(found.values())


def test_a_row_of_the_list_is_read_as_it_is_meant() -> None:
    text = "# P\n\n## Every service\n| table |\n|---|\n| `a` | `b`, `c` | codes | why |\n## directory\n| `d` | `e` | with it | |\n"

    assert {(name, "a", column): "codes" for name in NAMES for column in "bc"} | {
        ("directory", "d", "e"): "with it"
    } == listed(text)
