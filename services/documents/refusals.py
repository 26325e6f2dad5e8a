"""docs/refusals.md: every "no" with its sentence, and with it every rule between fields that is kept."""

from importlib.resources import files

import msgspec

from contracts.values import Language

HEAD = """# Refusals

Written by `./dev entraide schemas` from `contracts/reference/refusals`. Never edited here.

Every "no" of the API is a problem document (RFC 9457) with one of these slugs, which stay, and its sentence in the
language asked for: six there, English here. What each field may hold stands in
[openapi.json](../contracts/schemas/openapi.json); which values go together, in which order things happen and how much
there may be of them, these sentences say. What is against one of them is refused as a whole and leaves nothing.
Those of `sign_in` are told where somebody signs in, by `entraide sign-in`.
"""


def page() -> str:
    parts = sorted(files("contracts.reference").joinpath("refusals").iterdir(), key=lambda entry: entry.name)
    return "\n".join([HEAD, *(_table(part.name, part.read_bytes()) for part in parts if part.name.endswith(".json"))])


def _table(name: str, text: bytes) -> str:
    words = msgspec.json.decode(text, type=dict[str, dict[str, str]])
    rows = [f"| `{slug}` | {said[Language.EN]} |" for slug, said in sorted(words.items())]
    return "\n".join([f"## {name.removesuffix('.json')}", "", "| slug | sentence |", "|---|---|", *rows, ""])
