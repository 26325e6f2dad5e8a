"""Templates: faults that would be seen only when a page is opened, or only with certain records."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import meta, nodes

from services.console import rendering
from services.console.rendering import environment

CONSOLE = Path(rendering.__file__).parent
TEMPLATES = CONSOLE / "templates"
LANDMARK = re.compile(r"""<(?:section|nav|form|aside|\w+[^>]* role="region")[^>]* (aria-label(?:ledby)?="[^"]*")""")
"""Matches a landmark with the label that its template gives it."""

ALTERNATIVES = {"drafting/parts_of_forms.html": "stale-title", "reports/parts.html": "{{ caption }}"}
"""Labels that a template has twice: in two branches, and in two macros with captions of their own."""

ENGLISH_MARK = re.compile(r"""(?:[}%]}|>)([:;,] )|(?<!\b_\()(["'][:;,] ["'])(?=\)? [~}]|\))""")
"""Matches a colon, semicolon or comma after a value or a block, and one as a string that `_()` does not translate."""

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


def same_labels(source: str) -> list[str]:
    """Return labels that two landmarks share: a screen reader's list of them would name two alike."""
    return [label for label, count in Counter(LANDMARK.findall(source)).items() if count > 1]


def test_landmarks_of_a_template_have_different_labels() -> None:
    sources = {str(path.relative_to(TEMPLATES)): path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")}
    same = {name: labels for name, source in sources.items() if (labels := same_labels(source))}

    assert sum(len(LANDMARK.findall(source)) for source in sources.values()) > 100
    assert ALTERNATIVES.keys() == same.keys(), same
    assert all(ALTERNATIVES[name] in label and not rest for name, (label, *rest) in same.items())


def test_two_landmarks_with_one_label_are_found() -> None:
    section, table = '<section aria-labelledby="a">', '<div class="scroll" role="region" aria-labelledby="a">'
    assert [] == same_labels(section)
    assert ['aria-labelledby="a"'] == same_labels(section + table)


def english_marks(source: str) -> list[str]:
    """Return the marks between two values that are English in every language; sentences are in the catalogue."""
    return ENGLISH_MARK.findall(re.sub(r"{% trans.*?{% endtrans %}", "{{ text }}", source, flags=re.S))


def test_marks_between_values_are_those_of_the_language() -> None:
    """French has a space before them, Arabic and Chinese have their own: `_(": ")`, `_("; ")`, `_(", ")`."""
    sources = {str(path.relative_to(TEMPLATES)): path.read_text(encoding="utf-8") for path in TEMPLATES.rglob("*.html")}

    assert len(sources) > 200
    assert {} == {name: marks for name, source in sources.items() if (marks := english_marks(source))}


@pytest.mark.parametrize("source", ["{{ a }}, {{ b }}", "{{ a }}{% if b %}: {{ b }}{% endif %}", "{{ a|join('; ') }}"])
def test_english_mark_is_found(source: str) -> None:
    assert english_marks(source)


def test_name_that_no_code_gives_is_found() -> None:
    assert "words_in_all" in undeclared("{{ words_in_all(f.options) }}") - names_given()


def test_constant_is_formatted_in_each_language() -> None:
    """Templates are compiled once for all languages: what Jinja knows at that time must not be formatted then."""
    written = {}
    for language in ("en", "fr", "es", "ru"):
        macros: Any = environment(language).get_template("matches/parts.html").module
        written[language] = re.sub("<[^>]+>", "", macros.score({"score": 755})).strip()

    assert {"en": "755/1,000", "fr": "755/1\u202f000", "es": "755/1.000", "ru": "755/1\u00a0000"} == written
