"""The stored examples of facts, one file each, below `contracts/examples/`.

They are added and never changed: a fact that no longer fits its example needs a new version beside the old one. (An
unpublished fact may still change: delete its example, and it is generated again.)
"""

import json
from pathlib import Path
from typing import Any

import msgspec

import contracts
from contracts.registry import FACTS
from services.documents.examples import example_event, has_optional

CONTRACTS = Path(contracts.__file__).parent
LEAST = ".least"
"""Suffix of the name, before `.json`, of an example without optional fields."""


def kept_examples(folder: Path = CONTRACTS) -> dict[str, list[Any]]:
    """Return the stored examples, by type of fact."""
    kept: dict[str, list[Any]] = {}
    for path in sorted((folder / "examples").glob("*.json")):
        kept.setdefault(type_of(path), []).append(json.loads(path.read_text(encoding="utf-8")))
    return kept


def missing_examples(folder: Path = CONTRACTS) -> dict[Path, Any]:
    """Return an example of each fact without one, and a second example without optional fields."""
    found: dict[Path, Any] = {}
    for name, kind in FACTS.items():
        full = folder / "examples" / f"{name}.json"
        # A fact with an example is published; fields that became optional since need no second example.
        if not full.exists():
            found[full] = msgspec.json.decode(msgspec.json.encode(example_event(kind)))
            if has_optional(kind):
                least = example_event(kind, least=True)
                found[full.with_name(f"{name}{LEAST}.json")] = msgspec.json.decode(msgspec.json.encode(least))
    return found


def type_of(path: Path) -> str:
    """Return the type of fact of an example's file."""
    return path.name.removesuffix(".json").removesuffix(LEAST)
