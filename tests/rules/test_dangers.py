"""The code does nothing dangerous: bandit finds nothing, and neither do rules of this project that bandit lacks.

These rules read the syntax tree. Semgrep would bring 72 MB and fifty packages for a few lines of rules, and its pins
would hold back other packages.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SQL = re.compile(r"\s*(WITH|SELECT|INSERT INTO|UPDATE|DELETE FROM|TRUNCATE|CREATE|ALTER|DROP|GRANT|REVOKE|SET|COPY)\b")
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
STRUCTS = {"Struct", "msgspec.Struct", "Fact"}
UNBOUNDED = {"Decimal", "float"}
MEASURED = {
    f"Claims.{name}": "a NumericDate of RFC 7519, which may have a fraction; NaN is refused (tests/chassis/test_tokens.py)"
    for name in ("exp", "iat", "nbf")
}
"""Members that may be a float, and why that does no harm."""

TIMED_OUT = {
    "chassis/db/pool.py": "the pool that sets the limit",
    "chassis/db/keyed_locks.py": "a lock of asyncio's, within asyncio.timeout",
}
"""Files that acquire something without a `timeout` of its own, and what limits it."""

NAMES_OF_OUR_OWN = {
    ("chassis/doctor.py", "B608"): "the name of a service",
    ("chassis/db/migrate.py", "B608"): "the name of a service",
    ("chassis/rebuild.py", "B608"): "the tables that a service's wiring lists",
    ("chassis/nouns/statements.py", "B608"): "the table and fields that a noun declares",
    ("chassis/translations.py", "B608"): "the tables and fields that a service's translations declare",
    ("chassis/db/writes.py", "B608"): "the names that a Write gives its parts",
    ("services/console/rendering.py", "B704"): "our own messages and their translations",
    ("chassis/escaping.py", "B704"): "a constant, with values that are escaped first",
    ("chassis/embedded/postgres.py", "B103"): "the folder of the socket has to be entered by PostgreSQL's own user",
}
"""Intended findings of bandit: file and rule, and what is inserted there. None of it comes from a caller."""

OF_CONSTANTS = {("services/requests/work/store.py", "B608"), ("services/matching/matches/store.py", "B608")}
"""False findings of bandit, which does not see that only constants of the module are inserted; `built_sql` does."""

BUILT = {
    "chassis/db/database.py": "the service's role; the caller's organization, role and id, each looked at as a word first",
    **{file: words for (file, rule), words in NAMES_OF_OUR_OWN.items() if rule == "B608"},
}
"""Files that may build SQL, and the parts of which they build it."""

Sources = Mapping[str, str]


def sources() -> Sources:
    files = (path for tree in ("contracts", "chassis", "services") for path in sorted((ROOT / tree).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


def nodes(files: Sources) -> Iterator[tuple[str, ast.AST]]:
    for file, text in files.items():
        for node in nodes_of(text):
            yield file, node


@cache
def nodes_of(text: str) -> Sequence[ast.AST]:
    """Return the nodes of a file, which is parsed once for all rules."""
    return tuple(ast.walk(ast.parse(text)))


@pytest.fixture(autouse=True, scope="module")
def read_for_this_file_only() -> Iterator[None]:
    yield
    for kept in (nodes_of, called, keywords):
        kept.cache_clear()


@cache
def called(node: ast.AST) -> str:
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


@cache
def keywords(node: ast.AST) -> Mapping[str, str]:
    return {str(k.arg): ast.unparse(k.value) for k in node.keywords} if isinstance(node, ast.Call) else {}


# -- the rules: each returns the violations ---------------------------------------------------------------------------


def built_sql(files: Sources) -> list[str]:
    """List SQL into which something other than a constant of its module is inserted (ASVS 1.2.4)."""
    found = []
    for file, node in nodes(files):
        if isinstance(node, ast.JoinedStr):
            first = node.values[0] if node.values else None
            parts: list[ast.expr] = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
            first, parts = node.left, [node.right]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            first, parts = node.func.value, [*node.args, *(keyword.value for keyword in node.keywords)]
        else:
            continue
        begins = first.value if isinstance(first, ast.Constant) else ""
        if isinstance(begins, str) and SQL.match(begins) and not all(map(_constant, parts)) and file not in BUILT:
            found.append(f"{file}:{node.lineno}")
    return found


def _constant(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant) or (isinstance(part, ast.Name) and bool(CONSTANT.fullmatch(part.id)))


def let_past_a_guard(files: Sources) -> list[str]:
    """List `exclude` options of guards, regular expressions without an anchor: `/health` lets `/x/health` pass."""
    names = {"exclude", "exclude_from_auth_key", "exclude_opt_key"}
    return [f"{file}: {called(node)}" for file, node in nodes(files) if names & keywords(node).keys()]


def subjects_of_texts(files: Sources) -> list[str]:
    """List subjects on the broker that are built where they are published.

    `texts_hash` is not a subject: a record is published with it.
    """
    allowed = re.compile(
        r"event|texts_hash$|subject_of\(event\.type\)|f'\$JS\.API\.CONSUMER\.MSG\.NEXT\.\{consumer\.stream\}.*"
    )
    return [
        f"{file}: {ast.unparse(node.args[0])}"
        for file, node in nodes(files)
        if isinstance(node, ast.Call)
        and called(node).endswith(".publish")
        and not allowed.match(ast.unparse(node.args[0]))
    ]


def waits_for_ever(files: Sources) -> list[str]:
    """List acquisitions from a pool without a time limit (asyncpg waits for ever), outside the pool that sets one."""
    return [
        f"{file}: {called(node)}"
        for file, node in nodes(files)
        if called(node).endswith(".acquire")
        and not {"timeout", "within_seconds"} & set(keywords(node))
        and file not in TIMED_OUT
    ]


def unbounded_numbers(files: Sources) -> list[str]:
    """List Decimal and float members of decoded types: their values include NaN, infinity and a million digits."""
    return [
        f"{file}: {cls.name}.{ast.unparse(member.target)}"
        for file, cls in nodes(files)
        if isinstance(cls, ast.ClassDef) and STRUCTS & {ast.unparse(base) for base in cls.bases}
        for member in cls.body
        if isinstance(member, ast.AnnAssign)
        and UNBOUNDED & set(re.findall(r"\w+", ast.unparse(member.annotation)))
        and f"{cls.name}.{ast.unparse(member.target)}" not in MEASURED
    ]


def calls_outward(files: Sources) -> list[str]:
    """List HTTP clients without a timeout, or which follow redirects, or trust any certificate or an external proxy."""
    found = []
    for file, node in nodes(files):
        given = keywords(node)
        if called(node) in {"httpx.AsyncClient", "httpx.Client"}:
            safe = "timeout" in given and given.get("trust_env") == "False"
            if not safe or given.get("follow_redirects", "False") != "False" or given.get("verify") == "False":
                found.append(f"{file}: {ast.unparse(node)}")
        elif re.fullmatch(r"(httpx|requests|urllib\.request)\.(get|post|put|request|stream|urlopen)", called(node)):
            found.append(f"{file}: {ast.unparse(node)}")
    return found


def ends_too_early(files: Sources) -> list[str]:
    """List patterns whose `$` lets a line feed pass, which would continue into a mail's header (ASVS 1.3.11)."""
    return [
        f"{file}: {given['pattern']}"
        for file, node in nodes(files)
        if "$" in (given := keywords(node)).get("pattern", "") and "(?!" not in given["pattern"]
    ]


def markup_from_text(files: Sources) -> list[str]:
    """List HTML made of an f-string outside the files that escape what they insert (ASVS 1.2.1)."""
    escaping = {
        "services/mailbox.py",
        "services/documents/markup.py",
        "services/notifications/unsubscribe/page.py",
    }
    return [
        f"{file}:{node.lineno}"
        for file, node in nodes(files)
        if isinstance(node, ast.JoinedStr)
        and file not in escaping
        and re.match(r"f['\"]+\s*<[a-zA-Z!/]", ast.unparse(node))
    ]


def patterns_of_texts(files: Sources) -> list[str]:
    """List patterns that are not literal: a caller's text could be one that runs for ever (ASVS 1.2.9)."""
    takes = re.compile(r"re\.(compile|match|search|fullmatch|sub|subn|split|findall|finditer)")
    found = []
    for file, node in nodes(files):
        if isinstance(node, ast.Call) and takes.fullmatch(called(node)):
            first = node.args[0]
            parts = [part.value for part in ast.walk(first) if isinstance(part, ast.FormattedValue)]
            if not (_constant(first) or (isinstance(first, ast.JoinedStr) and all(map(_constant, parts)))):
                found.append(f"{file}: {ast.unparse(node)}")
    return found


def guessable(files: Sources) -> list[str]:
    """List imports of `random` other than to spread attempts in time (ASVS 11.5.1); other uses need `secrets`."""
    spreads = {"chassis/db/database.py", "chassis/http/event_streams.py", "services/notifications/wiring.py"}
    return [
        f"{file}: {ast.unparse(node)}"
        for file, node in nodes(files)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and re.search(r"\brandom\b", ast.unparse(node))
        and file not in spreads
    ]


RULES = {
    built_sql: [
        'await tx.fetch(f"SELECT * FROM request WHERE state = {state}")',
        'query = "SELECT * FROM request WHERE state = \'" + state + "\'"\nawait tx.fetch(query)',
        'await tx.execute("DELETE FROM request WHERE id = %s" % request_id)',
        'await tx.execute("UPDATE request SET title = {}".format(title))',
    ],
    let_past_a_guard: ['JWTAuth(exclude=["/health", "/schema"])', 'Guard(exclude_opt_key="public")'],
    subjects_of_texts: ['await nats.publish(f"ta.requests.{title}", body)', "await nats.publish(given, body)"],
    waits_for_ever: ["async with pool.acquire() as connection: pass"],
    unbounded_numbers: [
        "class Pledge(Struct):\n    amount: Decimal",
        "class Rated(Fact, frozen=True):\n    rate: float | None",
    ],
    calls_outward: [
        "httpx.AsyncClient(trust_env=False)",
        "httpx.AsyncClient(timeout=5)",
        "httpx.AsyncClient(timeout=5, trust_env=False, follow_redirects=True)",
        "httpx.AsyncClient(timeout=5, trust_env=False, verify=False)",
        "httpx.get(address)",
    ],
    ends_too_early: ['Meta(pattern=r"^[^@\\s]+@[^@\\s]+$")'],
    markup_from_text: ['page = f"<p>{title}</p>"'],
    patterns_of_texts: ["re.search(wanted, title)", 're.compile(rf"{wanted}$")', 're.sub("a" + wanted, "", title)'],
    guessable: ["import random", "from random import choice"],
}
"""Maps each rule to code that has to break it."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_nothing_breaks_the_rule(rule) -> None:  # type: ignore[no-untyped-def]
    assert [] == rule(sources())


@pytest.mark.parametrize(("rule", "planted"), [(rule, text) for rule, texts in RULES.items() for text in texts])
def test_what_is_planted_is_found(rule, planted: str) -> None:  # type: ignore[no-untyped-def]
    assert 1 <= len(
        rule(
            {
                "services/requests/request/store.py": f"async def planted():\n    {planted.replace(chr(10), chr(10) + '    ')}\n"
            }
        )
    )


def test_what_is_written_as_it_should_be_is_not() -> None:
    text = (
        'async def right(tx):\n    await tx.fetch(f"WITH t AS ({_TURN}) SELECT 1", state)\n'
        '    client = httpx.AsyncClient(timeout=5, trust_env=False)\n    message = f"{name} is not SELECT"\n'
    )
    assert not [found for rule in RULES for found in rule({"services/requests/request/store.py": text})]


def bandit(*places: str) -> list[tuple[str, str]]:
    """Return the file and the rule of each finding of more than low severity."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "-ll", "--format", "json", *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    said = json.loads(done.stdout)
    assert not said["errors"]
    return [(result["filename"].removeprefix("./"), result["test_id"]) for result in said["results"]]


@pytest.mark.soak
def test_bandit_finds_nothing_but_what_is_meant() -> None:
    found = set(bandit("contracts", "chassis", "services", "dev"))

    assert found == NAMES_OF_OUR_OWN.keys() | OF_CONSTANTS, (
        "a new finding, or one that is gone: mend it, or say what is put in there"
    )


def test_bandit_bites(tmp_path: Path) -> None:
    (tmp_path / "planted.py").write_text(
        "import hashlib, pickle, subprocess, yaml\n\n\ndef planted(given):\n"
        "    eval(given)\n    pickle.loads(given)\n    yaml.load(given)\n"
        "    subprocess.run(given, shell=True)\n    hashlib.md5(given)\n"
    )

    assert {"B307", "B301", "B506", "B602", "B324"} == {rule for _, rule in bandit(str(tmp_path))}


def test_no_finding_is_silenced_by_a_comment() -> None:
    """Exceptions are listed only in the table above."""
    assert [] == [file for file, text in sources().items() if re.search(r"#\s*nosec", text)]
