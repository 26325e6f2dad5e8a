"""SQL functions take columns: a whole row is put together for each call that PostgreSQL does not inline."""

import re
from collections.abc import Iterator

from tests.rules.steps import ROOT

TABLE = re.compile(r"CREATE (?:TABLE|VIEW) (\w+)")
FUNCTION = re.compile(r"CREATE FUNCTION (\w+)\(([^)]*)\)")


def taking_rows(sql: str) -> Iterator[str]:
    """Yield the functions of a schema that take a row of one of its tables."""
    tables = set(TABLE.findall(sql))
    for name, arguments in FUNCTION.findall(sql):
        if tables & {argument.split()[-1] for argument in arguments.split(",") if argument.strip()}:
            yield name


def test_function_that_takes_a_row_is_found() -> None:
    table = "CREATE TABLE law (state text);\n"
    assert ["sees"] == list(taking_rows(table + "CREATE FUNCTION sees(l law, role text) RETURNS boolean"))
    assert [] == list(taking_rows(table + "CREATE FUNCTION sees(state text, role text) RETURNS boolean"))


def test_no_function_takes_a_row() -> None:
    found = {
        str(path.relative_to(ROOT)): names
        for path in sorted(ROOT.glob("services/*/migrations/*.sql"))
        if (names := list(taking_rows(path.read_text(encoding="utf-8"))))
    }
    assert {} == found
