"""`python -m tests.size [REVISION] [--json]`: the size of the project now, beside a revision of it."""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PRODUCT = ("services/", "chassis/", "contracts/")
DOCS = ("docs/", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")

EXISTS = ("git", "rev-parse", "--quiet", "--verify", "--end-of-options")
ANY = re.compile(r"\bAny\b")
IMPORT = re.compile(r"\s*(from|import)\s")
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore")


def _lines(text: str) -> int:
    return text.count("\n")


def _with_any(text: str) -> int:
    return sum(bool(ANY.search(line)) and not IMPORT.match(line) for line in text.splitlines())


COUNTS: Mapping[str, tuple[tuple[str, ...], str, Callable[[str], int]]] = {
    "product Python, lines": (PRODUCT, ".py", _lines),
    "product Python, files": (PRODUCT, ".py", lambda _: 1),
    "tests, lines": (("tests/",), ".py", _lines),
    "templates, lines": (("services/",), ".html", _lines),
    "docs, words": (DOCS, ".md", lambda text: len(text.split())),
    "lines with Any": (PRODUCT, ".py", _with_any),
    "type: ignore": (PRODUCT, ".py", lambda text: len(TYPE_IGNORE.findall(text))),
}
"""Maps each figure to the paths and the suffix of its files, and what each file adds to it."""


def main() -> int:
    options = _arguments()
    columns = {"now": sized(_working_tree())}
    if options.revision:
        columns = {options.revision[:12]: sized(_of_revision(options.revision)), **columns}
    sys.stdout.write(f"{json.dumps(columns, indent=1)}\n" if options.json else table(columns))
    return 0


def table(columns: Mapping[str, Mapping[str, int]]) -> str:
    """Return the figures as lines of text, a column for each revision."""
    lines = [f"{'':24}" + "".join(f"{name:>14}" for name in columns)]
    lines += [f"{name:24}" + "".join(f"{found[name]:14,}" for found in columns.values()) for name in COUNTS]
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.size", description="Print the size of the project.")
    parser.add_argument("revision", nargs="?", help="a revision of git to compare with")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if (
        options.revision
        and subprocess.run([*EXISTS, f"{options.revision}^{{commit}}"], cwd=ROOT, stdout=subprocess.DEVNULL).returncode
    ):
        parser.error(f"git has no revision {options.revision}; a shallow clone gets it by git fetch --unshallow")
    return options


def sized(files: Mapping[str, str]) -> dict[str, int]:
    """Return each figure of `COUNTS` for these files, a text by its path."""
    return {
        name: sum(count(text) for path, text in files.items() if path.startswith(paths) and path.endswith(suffix))
        for name, (paths, suffix, count) in COUNTS.items()
    }


def _counted(path: str) -> bool:
    return any(path.startswith(paths) and path.endswith(suffix) for paths, suffix, _ in COUNTS.values())


def _working_tree() -> dict[str, str]:
    """Return the files that git tracks or would track, as they are now."""
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard").decode().splitlines()
    return {path: (ROOT / path).read_text("utf-8") for path in listed if _counted(path) and (ROOT / path).is_file()}


def _of_revision(revision: str) -> dict[str, str]:
    """Return the files of a revision. One process of git reads them all."""
    listed = [one for one in _git("ls-tree", "-r", "--name-only", revision).decode().splitlines() if _counted(one)]
    answered = _git("cat-file", "--batch", given="".join(f"{revision}:{path}\n" for path in listed).encode())
    files, at = {}, 0
    for path in listed:
        header = answered.index(b"\n", at)
        size = int(answered[at:header].split()[-1])
        files[path] = answered[header + 1 : header + 1 + size].decode()
        at = header + 2 + size
    return files


def _git(*arguments: str, given: bytes | None = None) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, input=given, stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    raise SystemExit(main())
