"""The tree has the same structure everywhere: services have the same files, and some things happen in one place."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import asyncpg
import pytest

from contracts.registry import FACTS
from services.composition import NAMES, all_services
from tests.rules.steps import CHASSIS_TABLES, WRITTEN_BY

ROOT = Path(__file__).parents[2]
LINES_MAX = {"contracts": 450, "chassis": 450, "services": 450, "tests": 500, "dev": 450}
"""Maximum number of lines of a file.

A file is split by topic at some 400 lines; beyond these limits it has two purposes. A table of cases may be longer.
"""

NOUNLESS = {"base", "common", "constants", "helper", "helpers", "misc", "shared", "tools", "util", "utils"}
"""Names that do not describe the content."""

TASKS = {
    ("chassis/http/event_streams.py", "_stream"),  # waits until the caller disconnects, cancelled when the answer ends
    ("chassis/journal/bus.py", "_beat"),  # the heartbeat of one delivery, cancelled when it ends
    ("chassis/runtime.py", "serve"),  # the listener itself, awaited at the end
    ("chassis/supervise.py", "supervised"),  # the one place that starts loops
    ("chassis/supervise.py", "finish_despite_cancel"),
    ("services/matching/rounds/planner.py", "_plan"),  # renews the lease while a plan is made, in a group
    ("services/all_in_one.py", "_serve"),  # starts own servers again, cancelled after `serve`, which its failure ends
    ("services/all_in_one.py", "on_ready"),  # the demo beside the services, cancelled by `serve`
    ("services/console/live/following.py", "_relay"),  # the streams behind one open page, cancelled when it is closed
    ("services/console/client.py", "stream"),  # the call whose answer is streamed, cancelled when it is closed
    ("services/demo/show.py", "_run_story"),
    ("services/demo/steps.py", "one"),
    ("services/demo/steps.py", "each"),
}
"""Places where a task may be started without supervision, since it ends with what started it."""

TAKES_KEYS = {
    "services/pledges/open_data/imports/api.py",  # a dry run writes nothing and has no outcome
    "services/delivery/files/api.py",
    "services/requests/attachment/api.py",  # the body is a file, which is deleted if it is not kept
}
"""Files in which a command is carried out directly, and not by a route of chassis/http/commands.py."""

OPENS_TRANSACTIONS = re.compile(
    r"services/(cli/database|console/sessions/store|(\w+/)+(\w*_)?(api|as_of|locks|wiring|sender|receiver|planner|reader))\.py"
)
"""Files of services that open transactions, in which actions work. Loops of the chassis, such as the inbox, do too."""

OPENING = {"transaction", "run_in_transaction"}

CHASSIS_WALLED = {"bookmark_key"}
"""Tables of the chassis that are not for callers."""

HEARD = {
    "console": set[str](),
    "requests": set[str](),
    "matching": {
        "wanted_request",
        "wanted_line",
        "heard_consent",
        "consent_reading",
        "offering_change",
        "ranking_shown",
        "round_lease",
        "to_read",
        "excluded_provider",
    },
    "pledges": {"closed", "closing", "agreed_pledge", "measured_result"},
    "delivery": {"known_request"},
    "sherloc": {"earmark", "requested_line", "waiting_delivery", "completed_delivery"},
    "notifications": {
        "known_reference",
        "known_circulation",
        "known_request",
        "known_line",
        "known_consent",
        "known_requirement",
        "known_offering",
        "fitting_provider",
        "lease",
        "turn",
    },
    "directory": set[str](),
    "reports": {"arrived", "folding", "freshness", "record", "figure_issue", "open_file"},
}
"""Tables of what other services stated, or of the present moment, which no journal of their own service rebuilds."""

Sources = Mapping[str, str]


@cache
def sources(*trees: str) -> Sources:
    files = (path for tree in trees for path in sorted((ROOT / tree).rglob("*.py")))
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in files}


# -- the rules: each returns the violations ---------------------------------------------------------------------------


def too_long(files: Sources) -> list[str]:
    return [path for path, text in files.items() if text.count("\n") > LINES_MAX[path.partition("/")[0]]]


def nounless(files: Sources) -> list[str]:
    return [path for path in files if NOUNLESS & {*Path(path).with_suffix("").parts}]


def imports_of_test_modules(files: Sources) -> list[tuple[str, str]]:
    return [
        (path, name)
        for path, text in files.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        if re.search(r"^tests\..*\btest_|^test_\w+$", name)
    ]


def unsupervised(files: Sources) -> list[tuple[str, str]]:
    """List tasks that are started in places not named in TASKS."""
    found = []
    for path, text in files.items():
        for function, call in _calls_in(text):
            if call in {"create_task", "ensure_future", "run_coroutine_threadsafe"} and (path, function) not in TASKS:
                found.append((path, function))
    return found


def losing_cancellations(files: Sources) -> list[str]:
    """List files that call `asyncio.wait_for`.

    Before Python 3.12 it loses a cancellation that comes with the result, so a stop waits; `asyncio.timeout` does not.
    """
    return [path for path, text in files.items() if any(call == "wait_for" for _, call in _calls_in(text))]


def transactions_elsewhere(files: Sources) -> list[str]:
    return [
        path
        for path, text in files.items()
        if any(call in OPENING for _, call in _calls_in(text)) and not OPENS_TRANSACTIONS.fullmatch(path)
    ]


def for_nobody(files: Sources) -> list[tuple[str, int]]:
    """List routes that open a transaction without a caller, and so would see every row."""
    return [
        (path, node.lineno)
        for path, text in files.items()
        if re.search(r"(api|routes)\.py$", path) and OPENING & {call for _, call in _calls_in(text)}
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in OPENING
        and "by" not in {keyword.arg for keyword in node.keywords}
    ]


def by_hand(files: Sources) -> list[str]:
    return [
        path
        for path, text in files.items()
        if any(call == "once" for _, call in _calls_in(text)) and path not in TAKES_KEYS
    ]


def written_elsewhere(files: Sources) -> list[tuple[str, str]]:
    """List writes to a table of the chassis by a file that is not its writer."""
    statement = re.compile(rf"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+({'|'.join(WRITTEN_BY)})\b")
    return [
        (path, table)
        for path, text in files.items()
        for table in statement.findall(text)
        if path not in WRITTEN_BY[table]
    ]


def clocks(files: Sources) -> list[str]:
    """List files that ask the machine for the time, which tests could not set."""
    asked = re.compile(r"\b(datetime\.(now|today|utcnow)|date\.today)\b")
    return [path for path, text in files.items() if asked.search(text) and path != "chassis/clock.py"]


def undocumented(name: str, text: str, listens_to: tuple[str, ...]) -> list[str]:
    """List what a service's three lines lack or state wrongly."""
    lines = (ast.get_docstring(ast.parse(text)) or "").splitlines()
    if [line.partition(":")[0] for line in lines] != ["Owns", "Publishes", "Listens to"]:
        return ["the three lines are Owns, Publishes, Listens to"]
    wrong = []
    aggregates = {kind.split(".")[1] for kind in FACTS if kind.startswith(f"{name}.")}
    said = set(re.findall(r"\w+", lines[1].partition(f" ta.{name}.")[2]))
    if said != aggregates:
        wrong.append(f"Publishes says {sorted(said)}, the contracts {sorted(aggregates)}")
    if {other for other in NAMES if re.search(rf"\b{other}\b", lines[2].partition(", for ")[0])} != set(listens_to):
        wrong.append("Listens to is not what wiring.py says")
    return wrong


@cache
def _calls_in(text: str) -> frozenset[tuple[str, str]]:
    """Return each call with the function that contains it.

    The result is cached, because several rules ask and parsing takes long.
    """
    return frozenset(_calls(ast.parse(text)))


def _calls(tree: ast.AST, function: str = "") -> Iterator[tuple[str, str]]:
    """Yield each call with the function that contains it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Call):
            yield function, getattr(node.func, "attr", getattr(node.func, "id", ""))
        inner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else function
        yield from _calls(node, inner)


# -- the tree ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", all_services(), ids=NAMES)
def test_every_service_has_the_same_files(service) -> None:  # type: ignore[no-untyped-def]
    names = {path.relative_to(service.folder).as_posix() for path in service.folder.rglob("*") if path.is_file()}

    assert {"__init__.py", "wiring.py", "migrations/0001_schema.sql"} <= names
    assert bool(service.listens_to) == ("consumers.py" in names)
    # A service that only has pages has no rules of its own.
    assert bool(service.routes) == ("policy.py" in names)
    for part in ("api", "actions", "store") if service.routes else ("pages",):
        assert any(re.fullmatch(rf"\w+/{part}\.py", name) for name in names), part
    assert service.folder == ROOT / "services" / service.name
    text = (service.folder / "__init__.py").read_text(encoding="utf-8")
    assert not undocumented(service.name, text, tuple(service.listens_to))


def test_no_file_is_too_long() -> None:
    assert not too_long(sources("contracts", "chassis", "services", "tests"))
    assert not too_long({"dev": (ROOT / "dev").read_text(encoding="utf-8")})


def test_every_module_is_named_for_what_is_in_it() -> None:
    assert not nounless(sources("contracts", "chassis", "services", "tests"))


def test_no_module_imports_a_test_module() -> None:
    """Shared code of tests is in steps.py, builders.py and one conftest.py for each service."""
    assert not imports_of_test_modules(sources("tests"))


def test_every_loop_is_supervised() -> None:
    assert not unsupervised(sources("chassis", "services"))


def test_no_cancellation_is_lost() -> None:
    assert not losing_cancellations(sources("chassis", "services"))


def test_the_edge_opens_every_transaction() -> None:
    assert not transactions_elsewhere(sources("services"))


def test_every_route_says_for_whom_it_asks() -> None:
    assert not for_nobody(sources("services"))


def test_every_command_is_carried_out_in_one_place() -> None:
    assert not by_hand(sources("services"))


def test_a_table_of_the_chassis_has_its_writers_alone() -> None:
    assert not written_elsewhere(sources("chassis", "services"))


def test_the_time_is_asked_for_in_one_place() -> None:
    assert not clocks(sources("contracts", "chassis", "services"))
    assert not clocks(
        sources("tests/requests", "tests/matching", "tests/pledges", "tests/notifications", "tests/directory")
    )


def test_every_rule_of_this_file_bites() -> None:
    start = "async def f(db):\n    {}\n"

    assert ["chassis/a.py"] == too_long({"chassis/a.py": "\n" * 451, "chassis/b.py": "\n" * 450})
    assert ["services/utils.py", "chassis/common/a.py"] == nounless(
        dict.fromkeys(["services/utils.py", "chassis/common/a.py", "services/money.py"], "")
    )
    for planted in ("from tests.a.test_b import c", "from tests.a import test_b", "import tests.a.test_b as b"):
        assert 1 == len(imports_of_test_modules({"tests/a.py": planted, "tests/b.py": "from tests.a.steps import c"}))
    assert [("services/a.py", "f")] == unsupervised({"services/a.py": start.format("asyncio.create_task(g())")})
    assert ["services/a.py"] == losing_cancellations({"services/a.py": start.format("await asyncio.wait_for(g(), 1)")})
    for opened in ("async with db.transaction(): pass", "await db.run_in_transaction(g)"):
        assert ["services/requests/request/actions.py"] == transactions_elsewhere(
            {"services/requests/request/actions.py": start.format(opened)}
        )
        assert [("services/requests/request/api.py", 2)] == for_nobody(
            {"services/requests/request/api.py": start.format(opened)}
        )
    assert ["services/requests/request/api.py"] == by_hand(
        {"services/requests/request/api.py": start.format("await once(db, command)")}
    )
    assert [("services/a.py", "journal")] == written_elsewhere({"services/a.py": '"INSERT INTO journal (event_id)"'})
    assert ["services/a.py"] == clocks(
        {"services/a.py": "today = date.today()", "chassis/clock.py": "datetime.now(UTC)"}
    )
    assert [("services/a.py", "inbox")] == written_elsewhere({"services/a.py": '"DELETE FROM inbox"'})


@pytest.mark.parametrize(
    "text",
    [
        '"""Requests."""',
        '"""Owns: requests.\nPublishes: ta.requests.request.*\n"""',
        '"""Owns: requests.\nPublishes: ta.requests.line.*\nListens to: matching.\n"""',
        '"""Owns: requests.\nPublishes: ta.requests.request.*\nListens to: pledges.\n"""',
    ],
)
def test_three_lines_that_are_missing_or_wrong_are_found(text: str) -> None:
    assert undocumented("requests", text, ("matching",))


def test_importing_any_module_opens_and_reads_nothing() -> None:
    watched = """
import importlib, os, pkgutil, sys
root = os.getcwd() + os.sep
def watch(event, args):
    if event in {"socket.connect", "socket.bind", "subprocess.Popen", "os.fork"}:
        raise AssertionError(event)
    if event == "open" and isinstance(args[0], str) and args[0].startswith(root):
        assert ".venv" in args[0] or args[0].rpartition(".")[2] in {"py", "pyc"} or "__pycache__" in args[0], args[0]
sys.addaudithook(watch)
for name in ("contracts", "chassis", "services"):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(package.__path__, f"{name}."):
        importlib.import_module(found.name)
"""
    done = subprocess.run([sys.executable, "-c", watched], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]


def test_what_is_locked_comes_from_no_named_host() -> None:
    for lock in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / lock).read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("\n") > text.count("--hash=sha256:") > 100


# -- the schemas ------------------------------------------------------------------------------------------------------


async def test_no_service_may_touch_a_table_of_another_one(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(
            """
            SELECT s.name, t.schemaname, t.tablename FROM unnest($1::text[]) AS s(name), pg_tables AS t
            WHERE t.schemaname = ANY ($1) AND t.schemaname <> s.name AND (
                has_schema_privilege('entraide_' || s.name, t.schemaname, 'USAGE, CREATE')
                OR has_table_privilege('entraide_' || s.name, format('%I.%I', t.schemaname, t.tablename),
                    'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER'))
            """,
            list(NAMES),
        )
    finally:
        await connection.close()

    assert not rows


async def test_what_is_append_only_can_be_read_and_added_to_and_nothing_else(database_url: str) -> None:
    append_only = dict.fromkeys(("journal", "audit", "seal"), NAMES)
    of_pledges = ("entry", "rate", "closing")
    append_only |= dict.fromkeys(of_pledges, ("pledges",)) | {"weights": ("matching",)}
    connection = await asyncpg.connect(database_url)
    try:
        for table, services in append_only.items():
            for name in services:
                for role in (f"entraide_{name}", f"entraide_{name}_own"):
                    given = [role, f"{name}.{table}"]
                    ask = "SELECT has_table_privilege($1, $2, $3)"
                    assert await connection.fetchval(ask, *given, "SELECT")
                    assert await connection.fetchval(ask, *given, "INSERT")
                    assert not await connection.fetchval(ask, *given, "UPDATE, DELETE, TRUNCATE")
    finally:
        await connection.close()


async def test_every_table_is_rebuilt_or_holds_words_or_what_others_said(database_url: str) -> None:
    """A new table has to be added to one of the three; otherwise `entraide journal verify` would not check it."""
    connection = await asyncpg.connect(database_url)
    try:
        for service in all_services():
            rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", service.name)
            placed = [*service.tables, *service.texts, *HEARD[service.name], *CHASSIS_TABLES, *CHASSIS_WALLED]
            assert {row["tablename"] for row in rows} == set(placed)
            assert len(placed) == len(set(placed))
    finally:
        await connection.close()


def test_every_service_is_put_together_by_the_composition_root() -> None:
    found = {path.parent.name for path in (ROOT / "services").glob("*/wiring.py")}

    assert set(NAMES) == found
    assert NAMES == tuple(service.name for service in all_services())
