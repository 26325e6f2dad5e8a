"""`./dev test --changed` begins with the tests that are nearest to the change."""

import pytest
from grimp import ImportGraph

from tests.changed import ALWAYS, import_graph, nearest


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    return import_graph()


@pytest.mark.parametrize(
    ("changed", "test"),
    [
        ("services/pledges/money/model.py", "tests/pledges/money/test_model.py"),
        ("services/requests/request/model.py", "tests/requests/test_model.py"),
        ("chassis/db/pool.py", "tests/chassis/test_pool.py"),
        ("services/cli/token.py", "tests/rules/test_commands.py"),
        ("tests/matching/rounds/test_rounds.py", "tests/matching/rounds/test_rounds.py"),
    ],
)
def test_tests_that_import_a_changed_module_come_first(graph: ImportGraph, changed: str, test: str) -> None:
    assert test in nearest([changed], graph)[:12]


def test_sql_counts_as_a_change_of_its_service(graph: ImportGraph) -> None:
    found = nearest(["services/pledges/migrations/0001_pledges.sql"], graph)

    assert "tests/pledges/money/test_model.py" in found
    assert "tests/directory/clients/test_model.py" not in found[:20]


def test_a_change_of_no_package_leaves_the_rules_of_the_tree(graph: ImportGraph) -> None:
    assert list(ALWAYS) == nearest(["README.md", ".gitignore"], graph)
