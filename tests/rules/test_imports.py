"""Each import rule of pyproject.toml bites: a graph of the tree with one violation planted breaks it."""

from copy import deepcopy
from pathlib import Path

import grimp
import importlinter.contracts.forbidden
import importlinter.contracts.independence
import importlinter.contracts.layers
import importlinter.contracts.protected
import pytest
from grimp import ImportGraph
from importlinter import Contract, configuration
from importlinter.application.use_cases import read_user_options

configuration.configure()
OPTIONS = read_user_options(str(Path(__file__).parents[2] / "pyproject.toml"))
TYPES: dict[str, type[Contract]] = {
    "forbidden": importlinter.contracts.forbidden.ForbiddenContract,
    "independence": importlinter.contracts.independence.IndependenceContract,
    "layers": importlinter.contracts.layers.LayersContract,
    "protected": importlinter.contracts.protected.ProtectedContract,
}

PLANTED = {
    "layers": [
        ("chassis.journal", "services.requests.domain"),
        ("contracts.facts", "chassis.ids"),
        ("contracts.values", "services.pledges.money"),
    ],
    "independent-services": [
        ("services.requests.actions", "services.matching.scoring"),
        ("services.matching.line", "services.requests.domain"),
        ("services.pledges.domain", "services.matching.match"),
        ("services.notifications.audience", "services.pledges.money"),
    ],
    "inside-a-service": [
        ("services.requests.store", "services.requests.actions"),
        ("services.requests.domain", "services.requests.policy"),
        ("services.matching.match_store", "services.matching.suggesting"),
        ("services.pledges.ledger", "services.pledges.fund_routes"),
        ("services.notifications.actions", "services.notifications.sender"),
        # A file that stands in no layer yet.
        ("services.requests.reports", "services.requests.store"),
    ],
    "pure": [
        ("services.requests.domain", "asyncpg"),
        ("services.matching.match", "asyncpg"),
        ("services.matching.offering", "asyncpg"),
        ("services.pledges.domain", "asyncpg"),
        ("services.notifications.domain", "asyncpg"),
        ("services.requests.policy", "litestar"),
        ("services.pledges.postings", "socket"),
        ("services.notifications.destinations", "socket"),
        ("services.matching.scoring", "chassis.ids"),
        ("services.matching.text.words", "socket"),
        # By way of another module it is an import all the same.
        ("contracts.reference", "httpx"),
    ],
    "one-bus": [
        ("chassis.inbox", "nats"),
        ("services.requests.actions", "nats"),
    ],
    "one-composition-root": [
        ("services.together", "services.pledges.wiring"),
        ("services.requests.api", "services.requests.wiring"),
    ],
}
"""Contract → violations of it, each tried alone: a module, and what it then imports."""


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    """The imports of the whole tree, read once."""
    packages = OPTIONS.session_options["root_packages"]
    return grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)


def is_kept(contract: str, graph: ImportGraph) -> bool:
    """Whether a graph keeps a contract of pyproject.toml."""
    options = next(one for one in OPTIONS.contracts_options if one["id"] == contract)
    rule = TYPES[options["type"]](options["name"], OPTIONS.session_options, options)
    return rule.check(deepcopy(graph), verbose=False).kept


def test_every_rule_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in OPTIONS.contracts_options} == set(PLANTED)


@pytest.mark.parametrize("contract", PLANTED)
def test_the_tree_as_it_is_keeps_every_rule(graph: ImportGraph, contract: str) -> None:
    assert is_kept(contract, graph)


@pytest.mark.parametrize(
    ("contract", "importer", "imported"),
    [(contract, *one) for contract, planted in PLANTED.items() for one in planted],
)
def test_a_planted_violation_is_reported(graph: ImportGraph, contract: str, importer: str, imported: str) -> None:
    planted = deepcopy(graph)
    planted.add_import(importer=importer, imported=imported)

    assert not is_kept(contract, planted)
