"""The examples of facts that are kept for ever, one file each, below `contracts/examples/`.

They are added and never changed: a fact that no longer fits its example needs a new version beside the old one. (A
fact that nobody has published yet may still change: delete its example, and it is made anew.)
"""

import json
from pathlib import Path
from typing import Any

import msgspec

import contracts
from contracts.facts import facts
from services.documents.examples import example_event, has_optional

CONTRACTS = Path(contracts.__file__).parent
LEAST = ".least"
"""Ends the name, before `.json`, of an example that leaves away what is optional."""


def kept_examples(folder: Path = CONTRACTS) -> dict[str, list[Any]]:
    """The examples kept, by type of fact."""
    kept: dict[str, list[Any]] = {}
    for path in sorted((folder / "examples").glob("*.json")):
        kept.setdefault(type_of(path), []).append(json.loads(path.read_text(encoding="utf-8")))
    return kept


def missing_examples(folder: Path = CONTRACTS) -> dict[Path, Any]:
    """An example of each fact that has none yet, and a second one without what is optional."""
    found: dict[Path, Any] = {}
    for name, kind in facts().items():
        full = folder / "examples" / f"{name}.json"
        # Where that is kept the fact has been published; what has become optional since needs no second example.
        if not full.exists():
            found[full] = msgspec.json.decode(msgspec.json.encode(example_event(kind)))
            if has_optional(kind):
                least = example_event(kind, least=True)
                found[full.with_name(f"{name}{LEAST}.json")] = msgspec.json.decode(msgspec.json.encode(least))
    return found


def type_of(path: Path) -> str:
    """The type of fact that a file holds an example of."""
    return path.name.removesuffix(".json").removesuffix(LEAST)
