"""docs/refusals.md: every refusal with its sentence in English."""

from importlib.resources import files

import msgspec

from contracts.values import Language

HEAD = """# Refusals

Written by `./dev entraide schemas` from `contracts/reference/refusals`.

Every error of the API is a problem document (RFC 9457) with one of these slugs, which never change, and its sentence in
one of six languages, here English. Limits of single fields are in [openapi.json](../contracts/schemas/openapi.json);
these sentences state the rules between fields, orders and quantities. A refused command changes nothing. `sign_in` is
for `entraide sign-in`.
"""


def page() -> str:
    parts = sorted(files("contracts.reference").joinpath("refusals").iterdir(), key=lambda entry: entry.name)
    return "\n".join([HEAD, *(_section(part.name, part.read_bytes()) for part in parts if part.name.endswith(".json"))])


def _section(name: str, text: bytes) -> str:
    words = msgspec.json.decode(text, type=dict[str, dict[str, str]])
    sentences = [f"- `{slug}`: {said[Language.EN]}" for slug, said in sorted(words.items())]
    return "\n".join([f"## {name.removesuffix('.json')}", "", *sentences, ""])
