"""Every refusal in the code has words in six languages, and there are no words for refusals that are gone."""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

from chassis.http.edge import malformed_slug
from chassis.http.exception_handlers import HTTP_SLUGS
from contracts.reference.refusal_words import refusal_words
from contracts.refusals import FieldError, Refusal

ROOT = Path(__file__).parents[2]
SLUG = re.compile(r"[a-z]+(-[a-z]+)*")
LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
SCRIPTS = {"ar": r"[\u0600-\u06ff]", "ru": r"[\u0400-\u04ff]", "zh": r"[\u4e00-\u9fff]"}
KINDS = (Refusal, FieldError, *Refusal.__subclasses__())
SAYING = {*(kind.__name__ for kind in KINDS), "problem", "_refuse", "_unanswered", "denied", "Opening"}

PASSED_ON = {
    ("chassis/concurrency.py", "self._slug"),
    ("chassis/sheets/cells.py", "answer.slug"),
    ("chassis/http/bodies.py", "first.problem"),
    ("chassis/http/connections.py", "slug"),
    ("chassis/http/edge.py", "slug"),
    ("chassis/http/exception_handlers.py", "slug"),
    ("chassis/http/problems.py", "refusal.slug"),
    ("chassis/sheets/records.py", "errors[0].problem"),
    ("chassis/sheets/records.py", "problem"),
    ("chassis/sheets/records.py", "refusal.slug"),
    ("contracts/decisions.py", "self.slug"),
    ("chassis/nouns/actions.py", "made.taken_slug"),
    ("contracts/nouns.py", "self.status_slug"),
    ("services/documents/examples.py", "slug"),
    ("services/matching/joint_deliveries/actions.py", "refusal.slug"),
    ("services/matching/matches/presentation_actions.py", "refusal.slug"),
    ("services/sherloc/contributions/model.py", "problem"),
}
"""Places where a slug is a parameter.

It comes from a refusal, a FieldError, an Opening, a `status_slug`, a `taken_slug`, `malformed_slug`, HTTP_SLUGS or
PROBLEMS, which are all read here.
"""

Words = Mapping[str, list[tuple[str, dict[str, str]]]]
"""Maps a part to its slugs with their sentences, in the order of the file, including repeated ones."""


@cache
def sources() -> Mapping[str, str]:
    files = (path for tree in ("contracts", "chassis", "services") for path in sorted((ROOT / tree).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def written() -> Words:
    folder = ROOT / "contracts/reference/refusals"
    return {path.name: parsed(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def parsed(text: str) -> list[tuple[str, dict[str, str]]]:
    # A plain load would silently keep the last of two equal keys.
    pairs = json.loads(text, object_pairs_hook=list)
    return [(slug, dict(sentences)) for slug, sentences in pairs]


def first_arguments(tree: ast.AST) -> Iterator[ast.expr | None]:
    """Yield the argument for the slug of each call that refuses; None if there is none."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            name = getattr(call.func, "attr", getattr(call.func, "id", None))
            named = [k.value for k in call.keywords if k.arg in {"slug", "problem", "status_slug", "taken_slug"}]
            if name in SAYING:
                yield call.args[0] if call.args else next(iter(named), None)
            elif any(k.arg in {"status_slug", "taken_slug"} for k in call.keywords):
                yield named[0]


def returned(tree: ast.AST, function: str) -> set[str]:
    """Return the texts that a function returns."""
    return {
        node.value.value
        for definition in ast.walk(tree)
        if isinstance(definition, ast.FunctionDef) and definition.name == function
        for node in ast.walk(definition)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def said(files: Mapping[str, str]) -> tuple[dict[str, str], set[tuple[str, str]]]:
    """Return the slugs in the code, each with a file that has it, and the arguments passed on without naming a slug."""
    slugs: dict[str, str] = dict.fromkeys(HTTP_SLUGS.values(), "chassis/http/exception_handlers.py")
    unnamed: set[tuple[str, str]] = set()
    for file, text in files.items():
        of_file, passed_on = said_in(text)
        slugs |= dict.fromkeys(of_file, file)
        unnamed |= {(file, argument) for argument in passed_on}
    return slugs, unnamed


@cache
def said_in(text: str) -> tuple[Sequence[str], Sequence[str]]:
    """Return the slugs of a file, and the arguments that are none.

    The result is cached, because several rules ask and parsing takes long.
    """
    tree = ast.parse(text)
    slugs, unnamed = [*returned(tree, malformed_slug.__name__)], []
    for argument in first_arguments(tree):
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            slugs.append(argument.value)
        else:
            unnamed.append(ast.unparse(argument) if argument else "")
    return slugs, unnamed


def renamed(files: Mapping[str, str]) -> list[str]:
    """List refusals imported under another name, which `said` would not see."""
    return [
        f"{file}: {name.name} as {name.asname}"
        for file, text in files.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for name in node.names
        if name.name in SAYING and name.asname
    ]


# -- the rules: each returns the violations ---------------------------------------------------------------------------


def without_words(files: Mapping[str, str], words: Words) -> list[str]:
    known = {slug for part in words.values() for slug, _ in part}
    return sorted(f"{file}: {slug}" for slug, file in said(files)[0].items() if slug not in known)


def never_said(files: Mapping[str, str], words: Words) -> list[str]:
    used = said(files)[0]
    return sorted(f"{part}: {slug}" for part, entries in words.items() for slug, _ in entries if slug not in used)


def misspelt(files: Mapping[str, str], words: Words) -> list[str]:
    slugs = set(said(files)[0]) | {slug for part in words.values() for slug, _ in part}
    return sorted(slug for slug in slugs if not SLUG.fullmatch(slug))


def written_twice(words: Words) -> list[str]:
    counted = Counter(slug for part in words.values() for slug, _ in part)
    return sorted(slug for slug, times in counted.items() if times > 1)


def ill_worded(words: Words) -> list[str]:
    return [f"{part}: {slug}: {why}" for part, entries in words.items() for slug, s in entries for why in faults_of(s)]


def faults_of(sentences: Mapping[str, str]) -> list[str]:
    faults = [f"no {language}" for language in LANGUAGES if not sentences.get(language, "").strip()]
    faults += [f"{language} is none of the six" for language in sentences if language not in LANGUAGES]
    if len(set(sentences.values())) < len(sentences):
        faults.append("the same in two languages")
    faults += [
        f"{language} has a placeholder" for language, text in sentences.items() if re.search(r"[{}]|%[sd]", text)
    ]
    faults += [
        f"{language} is in another script"
        for language, text in sentences.items()
        if language in SCRIPTS and text.strip() and not re.search(SCRIPTS[language], text)
    ]
    return faults


# -- the tree ---------------------------------------------------------------------------------------------------------


def test_every_refusal_has_words() -> None:
    assert without_words(sources(), written()) == []


def test_no_words_are_left_of_what_is_no_longer_said() -> None:
    assert never_said(sources(), written()) == []


def test_every_slug_is_spelt_alike() -> None:
    assert misspelt(sources(), written()) == []


def test_every_slug_is_in_one_file_once() -> None:
    assert written_twice(written()) == []


def test_every_sentence_is_in_six_languages() -> None:
    assert ill_worded(written()) == []


def test_every_slug_is_a_literal_where_it_is_said() -> None:
    assert said(sources())[1] == PASSED_ON
    assert renamed(sources()) == []


def test_the_loader_reads_what_is_written() -> None:
    assert refusal_words() == {slug: sentences for part in written().values() for slug, sentences in part}


# -- planted violations -----------------------------------------------------------------------------------------------

GOOD = {"ar": "لا", "en": "No.", "es": "No, gracias.", "fr": "Non.", "ru": "Нет.", "zh": "不。"}


@pytest.mark.parametrize(
    "planted",
    [
        "raise Conflict('never-worded')",
        "raise refusals.Conflict('never-worded', status=1)",
        "problem('never-worded', 500, language)",
        "problem(slug='never-worded', status=500)",
        "async def answer(self): await self._refuse('never-worded', 400)",
        "def malformed_slug(body): return 'never-worded'",
    ],
)
def test_a_refusal_without_words_is_found(planted: str) -> None:
    assert without_words({"planted.py": planted}, written()) == ["planted.py: never-worded"]


def test_an_http_status_without_words_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HTTP_SLUGS, 418, "never-worded")

    assert without_words({}, written()) == ["chassis/http/exception_handlers.py: never-worded"]


def test_words_without_a_refusal_are_found() -> None:
    assert never_said({}, {"planted.json": [("never-said", GOOD), ("not-found", GOOD)]}) == ["planted.json: never-said"]


@pytest.mark.parametrize("slug", ["Upper", "two_words", "-x", "x-", "a--b", "digit-1", "", "line\n"])
def test_a_misspelt_slug_is_found(slug: str) -> None:
    assert misspelt({"planted.py": f"raise Invalid({slug!r})"}, {}) == [slug]
    assert misspelt({}, {"planted.json": [(slug, GOOD)]}) == [slug]


def test_a_slug_in_two_files_or_twice_in_one_is_found() -> None:
    assert written_twice({"a.json": [("once", GOOD)], "b.json": [("once", GOOD)]}) == ["once"]
    assert written_twice({"a.json": parsed('{"twice": {}, "other": {}, "twice": {}}')}) == ["twice"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        *(({language: ""}, f"no {language}") for language in LANGUAGES),
        ({"fr": "  "}, "no fr"),
        ({"de": "Nein."}, "de is none of the six"),
        ({"es": "No."}, "the same in two languages"),
        ({"en": "No {field}."}, "en has a placeholder"),
        ({"ru": "Net."}, "ru is in another script"),
        ({"ar": "La."}, "ar is in another script"),
        ({"zh": "Bu."}, "zh is in another script"),
    ],
)
def test_a_sentence_that_is_not_whole_is_found(changed: dict[str, str], why: str) -> None:
    assert faults_of(GOOD) == []
    assert why in faults_of(GOOD | changed)


@pytest.mark.parametrize(
    "argument", ["slug", "'a' + 'b'", "f'{kind}-status'", "'a-b' if worn else 'c-d'", "*slugs", ""]
)
def test_a_slug_that_is_not_a_literal_is_found(argument: str) -> None:
    assert said({"planted.py": f"raise Conflict({argument})"})[1] == {("planted.py", argument)}


def test_a_refusal_under_another_name_is_found() -> None:
    planted = "from contracts.refusals import Conflict as No"

    assert renamed({"planted.py": planted}) == ["planted.py: Conflict as No"]
