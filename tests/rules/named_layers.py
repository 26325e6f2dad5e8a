"""A contract of import-linter: a service's module belongs to a layer by its name, in whichever package it is.

`services.pledges.funds.store` and `services.matching.rounds.store` are in the layer of `store`, `offering_api` is in
that of `*_api`, and a module named in no layer is in the last one. A module imports its own layer and those below.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class NamedLayers(Contract):
    """A contract with these options:

    - containers: the packages to which the layers belong, such as `services.pledges`
    - layers: from the highest to the lowest, each as patterns of module names with ` | ` between those of modules that
      may not import each other, else with ` : `; the last is `*`
    - pure_layers: the number of layers, counted from the lowest, that import nothing of forbidden_modules
    - forbidden_modules: modules and packages of I/O
    - packages: for each container its packages with a model, from the highest to the lowest, with ` > ` between them;
      a module of the lowest layer imports its own package and those further down
    """

    type_name = "named_layers"

    containers = fields.ListField(subfield=fields.StringField())
    layers = fields.ListField(subfield=fields.StringField())
    pure_layers = fields.IntegerField()
    forbidden_modules = fields.ListField(subfield=fields.StringField())
    packages = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = [line for container in self.containers for line in self._broken(container, graph)]  # type: ignore[attr-defined]
        return ContractCheck(kept=not broken, metadata={"broken": sorted(broken)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line)

    def _broken(self, container: str, graph: ImportGraph) -> Iterator[str]:
        layers: list[str] = list(self.layers)
        pure_from = len(layers) - self.pure_layers
        order = next((names for names in map(_names, self.packages) if _is_order_of(names, container, graph)), [])
        for importer in sorted(graph.find_descendants(container)):
            layer, named = _layer(importer, container, layers)
            for imported in sorted(graph.find_modules_directly_imported_by(importer)):
                if imported.split(".")[0] in self.forbidden_modules and layer >= pure_from:
                    yield f"{importer} is pure and imports {imported}"
                if not imported.startswith(f"{container}."):
                    continue
                below, beside = _layer(imported, container, layers)
                if below < layer:
                    yield f"{importer} imports {imported}, of a layer above its own"
                if below == layer and " | " in layers[layer] and named != beside:
                    yield f"{importer} imports {imported}, which is beside it"
                if layer == len(layers) - 1 and not _goes_down(importer, imported, container, order):
                    yield f"{importer} imports {imported}, of a package above its own"


def _names(order: str) -> list[str]:
    return order.split(" > ")


def _is_order_of(order: list[str], container: str, graph: ImportGraph) -> bool:
    return all(f"{container}.{name}" in graph.modules for name in order)


def _layer(module: str, container: str, layers: list[str]) -> tuple[int, str]:
    """Return the index of the layer of the nearest name in a module's path, and the path to that name.

    If no name is in a layer, return the last layer and the module.
    """
    path = module
    while path != container:
        parent, _, name = path.rpartition(".")
        for index, patterns in enumerate(layers[:-1]):
            if any(fnmatchcase(name, pattern) for pattern in patterns.replace(" : ", " | ").split(" | ")):
                return index, path
        path = parent
    return len(layers) - 1, module


def _goes_down(importer: str, imported: str, container: str, order: list[str]) -> bool:
    above, below = (module.removeprefix(f"{container}.").split(".")[0] for module in (importer, imported))
    if above == below or above not in order:
        return True
    return below in order and order.index(above) < order.index(below)
