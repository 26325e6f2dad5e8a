"""`python -m tests.changed [REVISION]`: list the test files that a change concerns, nearest first, one per line.

The change is the difference from REVISION (by default HEAD, or the commit before it if nothing has changed), including
untracked files. A test file is near if few imports lie between it and a changed module. A file that is not Python (SQL,
texts, a schema) counts as a change of its package.
"""

import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import grimp
from grimp import ImportGraph

ROOT = Path(__file__).parents[1]
PACKAGES = ("contracts", "chassis", "services", "tests")
ALWAYS = ("tests/rules/test_tree.py", "tests/rules/test_imports.py")
"""Test files that every change concerns; they take few seconds."""

IMPORTS_MAX = 3
"""Maximum number of imports between a changed module and a test file."""


def main(arguments: Sequence[str]) -> int:
    files = changed_files(*arguments[:1])
    print("\n".join(nearest(files, import_graph())))
    return 0


def changed_files(revision: str | None = None) -> list[str]:
    """List the paths, below the root, that differ from a revision. Raises CalledProcessError if it is not known."""
    if revision is None:
        return changed_files("HEAD") or changed_files("HEAD~1")
    return [*_git("diff", "--name-only", revision), *_git("ls-files", "--others", "--exclude-standard")]


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def import_graph() -> ImportGraph:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    # `entraide` imports its commands by name.
    for command in graph.find_children("services.cli"):
        graph.add_import(importer="services.__main__", imported=command)
    return graph


def nearest(files: Iterable[str], graph: ImportGraph) -> list[str]:
    """List the test files at most IMPORTS_MAX imports from a changed file, nearest first, and those in ALWAYS."""
    imports = dict.fromkeys((module for file in files for module in _modules(file, graph)), 0)
    waiting = deque(imports)
    while waiting:
        module = waiting.popleft()
        if imports[module] < IMPORTS_MAX:
            for importer in graph.find_modules_that_directly_import(module) - imports.keys():
                imports[importer] = imports[module] + 1
                waiting.append(importer)
    tests = {_path(module): count for module, count in imports.items() if _is_test(module)}
    first = sorted(tests, key=lambda path: (tests[path], path.startswith("tests/system/"), path))
    return [*first, *(path for path in ALWAYS if path not in tests)]


def _modules(file: str, graph: ImportGraph) -> list[str]:
    """Return the module of a Python file; for any other file, the modules of its nearest package."""
    path = PurePosixPath(file)
    if path.suffix == ".py":
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        return [module] if module in graph.modules else []
    packages = (".".join(parent.parts) for parent in path.parents)
    package = next((name for name in packages if name in graph.modules), None)
    return [package, *graph.find_descendants(package)] if package else []


def _is_test(module: str) -> bool:
    return module.startswith("tests.") and module.rpartition(".")[2].startswith("test_")


def _path(module: str) -> str:
    return module.replace(".", "/") + ".py"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
