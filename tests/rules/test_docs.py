"""Documents name only things that exist: tests, files, settings, terms, commands."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.rules.steps import NAMED_TEST, ROOT, dev, missing_tests, text_of

DECISION = re.compile(r"\d{4}-[a-z-]+\.md")
NAMED_FILE = re.compile(r"`((?:contracts|chassis|services|tests|deploy|docs)/[\w./-]+\.\w+)[`:]")
SUPERSEDED = re.compile(r"^Superseded by \[(\d{4})\]\((\d{4}-[a-z-]+\.md)\)\.$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TERM = re.compile(r"^- `([^`]+)`:", re.MULTILINE)
SETTING = re.compile(r"\"((?:ENTRAIDE_|DATABASE_URL|NATS_URL|SMTP_URL)[A-Z_]*(?:\{\}[A-Z_]*)?)\"")
COMMAND = re.compile(r"\./dev ([a-z]+)(?: ([a-z]+(?:-[a-z]+)*))?")
SOURCES = (".py", ".sql", ".json", ".md", ".toml")


def written() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


# -- the rules: each returns names of things that do not exist --------------------------------------------------------


def missing_files(text: str) -> list[str]:
    return [file for file in NAMED_FILE.findall(text) if not (ROOT / file).is_file()]


def dead_links(path: Path, text: str) -> list[str]:
    links = (link.partition("#") for link in LINK.findall(text) if "://" not in link)
    return [target for target, _, _ in links if target and not (path.parent / target).exists()]


def dead_anchors(path: Path, text: str) -> list[str]:
    """List links to headings that do not exist, by the names that GitHub gives to headings."""
    links = (link.partition("#") for link in LINK.findall(text) if "://" not in link)
    pages = ((target, anchor, path.parent / target if target else path) for target, _, anchor in links if anchor)
    return [f"{target}#{anchor}" for target, anchor, page in pages if anchor not in headings(text_of(page))]


def headings(text: str) -> set[str]:
    return {re.sub(r"[^\w\- ]", "", found.lower()).replace(" ", "-") for found in HEADING.findall(text)}


def undocumented_settings(code: str, guide: str) -> list[str]:
    return [name for name in SETTING.findall(code) if f"`{name.replace('{}', '<SERVICE>')}`" not in guide]


def unknown_terms(glossary: str, words: Iterable[str]) -> list[str]:
    known = set(words)
    return [term for term in TERM.findall(glossary) if not set(re.findall(r"\w+", term)) <= known]


def unknown_commands(text: str, targets: Mapping[str, object], commands: Iterable[str]) -> list[str]:
    return [
        f"{target} {command}".strip()
        for target, command in COMMAND.findall(text)
        if target not in targets or (target == "entraide" and command not in {"", *commands})
    ]


def words_of_the_code() -> set[str]:
    files = (path for tree in ("contracts", "chassis", "services") for path in (ROOT / tree).rglob("*"))
    texts = (text_of(path) for path in files if path.suffix in {".py", ".sql"})
    return {word for text in texts for word in re.findall(r"\w+", text)} | {"UNODC"}


def entraide_commands() -> set[str]:
    from services.__main__ import main

    return set(main.commands)


# -- the documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", written(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_test_file_and_command_that_is_named_exists(path: Path) -> None:
    text = text_of(path)

    assert not missing_tests(text)
    assert not missing_files(text)
    assert not dead_links(path, text)
    assert not dead_anchors(path, text)
    assert not unknown_commands(text, dev().TARGETS, entraide_commands())


def test_every_guarantee_and_every_decision_names_a_test() -> None:
    guarantees = text_of(ROOT / "docs" / "guarantees.md")
    promised = guarantees.partition("## Not yet")[0]
    for part in re.split(r"^### ", promised, flags=re.MULTILINE)[1:]:
        assert NAMED_TEST.search(part), part.splitlines()[0]
    decisions = sorted((ROOT / "docs" / "decisions").iterdir())
    assert list(range(1, len(decisions) + 1)) == [int(path.name[:4]) for path in decisions]
    for path in decisions:
        assert DECISION.fullmatch(path.name)
        assert text_of(path).startswith(f"# {path.name[:4]} · ")
        assert path.name in text_of(ROOT / "docs" / "architecture.md"), "the architecture lists every decision"
        if superseded := SUPERSEDED.search(text_of(path)):
            assert superseded[2].startswith(superseded[1])
            assert path.name[:4] < superseded[1]
            continue
        for part in ("**Context.**", "**Decision.**", "**Consequences.**", "**Kept by**"):
            assert part in text_of(path), path.name
        assert NAMED_TEST.search(text_of(path)), path.name


def test_steps_of_a_restore_name_what_is_outside_the_database_and_how_to_verify() -> None:
    restore = text_of(ROOT / "docs" / "operations.md").partition("### Restore\n")[2].partition("\n## ")[0]
    named = ("erasures.jsonl", "<service>.jsonl", "public.jwk", "(#attached-files)")
    verified = ("entraide audit verify", "entraide ledger verify", "entraide journal verify", "erase --after-restore")

    assert [one for one in (*named, *verified) if one not in restore] == []


def test_every_setting_is_documented() -> None:
    code = text_of(ROOT / "chassis" / "settings.py")

    assert len(SETTING.findall(code)) > 15
    assert not undocumented_settings(code, text_of(ROOT / "docs" / "operations.md"))


def test_every_term_of_the_glossary_is_spelt_as_in_the_code() -> None:
    glossary = text_of(ROOT / "docs" / "glossary.md")

    assert len(TERM.findall(glossary)) > 80
    assert not unknown_terms(glossary, words_of_the_code())


def test_every_code_list_is_in_the_list_of_tables() -> None:
    listed = set(re.findall(r"`(\w+)`", text_of(ROOT / "docs" / "topics.md").partition("A term has:")[0]))

    assert {path.stem for path in (ROOT / "contracts" / "reference").glob("*.json")} <= listed


def test_the_first_file_to_read_names_the_two_commands() -> None:
    named = {target for target, _ in COMMAND.findall(text_of(ROOT / "README.md"))}

    assert {"demo", "test"} <= named


def test_what_is_named_and_is_not_there_is_found() -> None:
    here = "tests/rules/test_docs.py"
    targets = {"demo": None, "entraide": None}

    assert [f"{here}::test_nothing"] == missing_tests(
        f"`{here}::test_nothing`, `{here}::test_what_is_named_and_is_not_there_is_found`"
    )
    assert ["tests/none.py::test_a"] == missing_tests("`tests/none.py::test_a`")
    assert ["tests/none.py", "docs/none.md"] == missing_files(
        f"`tests/none.py`, `docs/none.md::a`, `{here}`, `none.py`"
    )
    assert ["none.md"] == dead_links(ROOT / "README.md", "[a](none.md#b) [c](CHANGELOG.md) [d](https://example.org)")
    assert ["#none"] == dead_anchors(ROOT / "README.md", "[a](#none) [b](CHANGELOG.md#changes) [c](CHANGELOG.md)")
    assert ["ENTRAIDE_{}_URL"] == undocumented_settings('"ENTRAIDE_{}_URL", "SMTP_URL"', "| `SMTP_URL` |")
    assert ["thing", "UNODC thing"] == unknown_terms("- `thing`: a\n- `UNODC`: b\n- `UNODC thing`: c", ["UNODC"])
    assert ["dance", "entraide dance"] == unknown_commands(
        "./dev demo --exit, ./dev dance, ./dev entraide dance, ./dev entraide token", targets, ["token"]
    )
