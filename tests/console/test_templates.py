"""Every name in a template is given by Python code; an unknown one would fail only when its page is opened."""

import ast
from collections.abc import Iterator
from pathlib import Path

from jinja2 import meta, nodes

from services.console import rendering
from services.console.rendering import environment

CONSOLE = Path(rendering.__file__).parent
TEMPLATES = CONSOLE / "templates"
OF_AN_ANSWER = {("public/open_data.html", "datasets"), ("public/open_data.html", "licence")}
"""Names that are fields of an answer of the API, which the template is given as a whole."""


def names_given() -> set[str]:
    """Return the globals of templates, and every keyword and string key in the console's code."""
    found = set(environment("en").globals)
    for path in CONSOLE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg:
                found.add(node.arg)
            elif isinstance(node, ast.Dict):
                found |= {
                    key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
                }
    return found


def undeclared(source: str) -> set[str]:
    """Return the names that a template neither sets nor imports. What is imported above a block counts inside it, too."""
    parsed = environment("en").parse(source)
    own = {node.target for node in parsed.find_all(nodes.Import)} | {node.name for node in parsed.find_all(nodes.Macro)}
    own |= {node.name for node in parsed.find_all(nodes.Name) if node.ctx == "store"}
    for node in parsed.find_all(nodes.FromImport):
        own |= {name if isinstance(name, str) else name[1] for name in node.names}
    return meta.find_undeclared_variables(parsed) - own


def names_of_templates() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES.rglob("*.html"):
        for name in undeclared(path.read_text(encoding="utf-8")):
            yield str(path.relative_to(TEMPLATES)), name


def test_every_name_in_a_template_is_given_by_code() -> None:
    given = names_given()
    used = list(names_of_templates())

    assert len(used) > 500
    assert OF_AN_ANSWER == {(template, name) for template, name in used if name not in given}


def test_name_that_no_code_gives_is_found() -> None:
    assert "words_in_all" in undeclared("{{ words_in_all(f.options) }}") - names_given()
