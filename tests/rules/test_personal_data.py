"""docs/personal-data.md lists every column that can hold words, and states of each whether it names people."""

import asyncpg

from services.composition import NAMES
from tests.rules.steps import listed, personal_columns

KINDS = {"personal", "with it", "words", "codes"}
WORDLESS = (
    "uuid", "smallint", "integer", "bigint", "numeric", "boolean", "date", "timestamp with time zone", "xid8",
)  # fmt: skip
"""Types that hold no words; columns of every other type have to be listed."""


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
