"""Each import rule of pyproject.toml works: a graph of the tree with one planted violation breaks it."""

from copy import deepcopy
from pathlib import Path

import grimp
import importlinter.contracts.acyclic_siblings
import importlinter.contracts.forbidden
import importlinter.contracts.independence
import importlinter.contracts.layers
import importlinter.contracts.protected
import pytest
from grimp import ImportGraph
from importlinter import Contract, configuration
from importlinter.application.use_cases import read_user_options

from tests.rules.named_layers import NamedLayers

configuration.configure()
OPTIONS = read_user_options(str(Path(__file__).parents[2] / "pyproject.toml"))
TYPES: dict[str, type[Contract]] = {
    "acyclic_siblings": importlinter.contracts.acyclic_siblings.AcyclicSiblingsContract,
    "forbidden": importlinter.contracts.forbidden.ForbiddenContract,
    "independence": importlinter.contracts.independence.IndependenceContract,
    "layers": importlinter.contracts.layers.LayersContract,
    "named_layers": NamedLayers,
    "protected": importlinter.contracts.protected.ProtectedContract,
}

PLANTED = {
    "layers": [
        ("chassis.journal.outbox", "services.requests.request.model"),
        ("contracts.facts", "chassis.ids"),
        ("contracts.values", "services.pledges.money.model"),
    ],
    "independent-services": [
        ("services.requests.request.actions", "services.matching.scoring.model"),
        ("services.matching.lines.model", "services.requests.request.model"),
        ("services.pledges.pledge.model", "services.matching.matches.model"),
        ("services.notifications.notices.audience", "services.pledges.money.model"),
    ],
    "inside-a-service": [
        ("services.requests.request.store", "services.requests.request.actions"),
        ("services.requests.request.model", "services.requests.policy"),
        ("services.matching.matches.store", "services.matching.matches.suggestions"),
        ("services.pledges.ledger.store", "services.pledges.funds.api"),
        ("services.notifications.notices.actions", "services.notifications.notices.sender"),
        # Routes do not import each other.
        ("services.pledges.funds.api", "services.pledges.funds.budget_api"),
        # A file whose name is in no layer is a model.
        ("services.requests.request.reports", "services.requests.request.store"),
        # Models import each other in one order.
        ("services.matching.offerings.model", "services.matching.matches.model"),
        ("services.pledges.money.model", "services.pledges.ledger.postings"),
        # Rules do no I/O.
        ("services.requests.request.model", "asyncpg"),
        ("services.matching.matches.model", "asyncpg"),
        ("services.notifications.notices.model", "asyncpg"),
        ("services.requests.policy", "litestar"),
        ("services.pledges.ledger.postings", "socket"),
        ("services.notifications.webhooks.destinations", "socket"),
        ("services.matching.scoring.model", "chassis.ids"),
        ("services.matching.texts.topics", "socket"),
    ],
    "pure-contracts": [
        # An indirect import counts, too.
        ("contracts.reference", "httpx"),
        ("contracts.stemming.words", "socket"),
    ],
    "acyclic-contracts": [
        ("contracts.facts", "contracts.registry"),
        ("contracts.requests", "contracts.pledges"),
    ],
    "one-bus": [
        ("chassis.journal.inbox", "nats"),
        ("services.requests.request.actions", "nats"),
    ],
    "one-composition-root": [
        ("services.all_in_one", "services.pledges.wiring"),
        ("services.cli.run", "services.requests.wiring"),
        ("services.requests.request.api", "services.requests.wiring"),
    ],
}
"""Maps a contract to violations of it, each tried alone: a module, and what it then imports."""


@pytest.fixture(scope="module")
def graph() -> ImportGraph:
    """The imports of the whole tree, read once."""
    packages = OPTIONS.session_options["root_packages"]
    return grimp.build_graph(*packages, include_external_packages=True, cache_dir=None)


def is_kept(contract: str, graph: ImportGraph) -> bool:
    """Check whether a graph keeps a contract of pyproject.toml."""
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
