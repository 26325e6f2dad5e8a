"""Clients made by common generators have every operation, conform to their types, and file a request."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from chassis.db.database import Database
from chassis.db.migrate import role_of
from chassis.embedded import free_port
from services.documents.stored_examples import CONTRACTS
from tests.builders import token
from tests.conftest import Servers
from tests.node import installed
from tests.personas import appoint_in_directory
from tests.system.platform import broker, running

DOCUMENT = CONTRACTS / "schemas" / "openapi.json"
FOLDER = Path(__file__).parent
FOCAL_POINT = "KEN:focal_point"
TITLE = "[Fictitious sample] Training on mutual legal assistance"
SECONDS = 600
EXPECTED = {"status": "submitted", "title": TITLE, "refused": "not-found"}


@pytest.fixture
async def environment(servers: Servers, database_url: str) -> AsyncIterator[Mapping[str, str]]:
    """Environment variables with which a program calls a running platform as a State's focal point."""
    state = servers.folder / f"state-{free_port()}"
    state.mkdir()
    (state / "issuer.jwk").hardlink_to(servers.folder / "issuer.jwk")
    db = await Database.connect(database_url, "directory", role=role_of("directory"), pool_max=1)
    await appoint_in_directory(db, [FOCAL_POINT])
    await db.close()
    smtp_url = f"smtp://127.0.0.1:{free_port()}"
    with (
        broker(servers.folder / f"nats-{free_port()}") as nats,
        running("together", database_url=database_url, nats=nats, smtp_url=smtp_url, state=state) as platform,
    ):
        yield {
            **os.environ,
            "ENTRAIDE": platform.addresses["requests"],
            "TOKEN": token(FOCAL_POINT),
            "TITLE": TITLE,
            "KEY": str(uuid4()),
            "NOWHERE": str(uuid4()),
        }


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the generated package."""
    folder = tmp_path_factory.mktemp("python")
    made = folder / "entraide_client"
    config = FOLDER / "openapi-python-client.yaml"
    generate = [sys.executable, "-m", "openapi_python_client", "generate", "--fail-on-warning", "--meta=none"]
    run([*generate, f"--path={DOCUMENT}", f"--config={config}", f"--output-path={made}"])
    shutil.copy(FOLDER / "file_request.py", folder)
    return folder


@pytest.fixture(scope="module")
def node_clients() -> Path:
    """The folder of both compiled clients."""
    folder = installed(FOLDER / "node")
    # By default it treats a field that has a default as always present, even in requests.
    types = ["openapi-typescript", str(DOCUMENT), "--default-non-nullable=false", "-o", "openapi-fetch/schema.ts"]
    hey_api = ["openapi-ts", "-i", str(DOCUMENT), "-o", "hey-api", "-c", "@hey-api/client-fetch"]
    for command in (types, hey_api, ["tsc"]):
        run(["npx", "--no-install", *command], folder)
    return folder


@pytest.mark.soak
async def test_openapi_python_client_files_a_request(python_client: Path, environment: Mapping[str, str]) -> None:
    assert EXPECTED == await answered([sys.executable, "file_request.py"], python_client, environment)


@pytest.mark.soak
def test_openapi_python_client_leaves_no_operation_out(python_client: Path) -> None:
    made = {path.stem for path in python_client.glob("entraide_client/api/*/*.py")} - {"__init__"}

    assert operation_ids() == made


@pytest.mark.soak
def test_openapi_python_client_holds_to_its_types(python_client: Path) -> None:
    run([sys.executable, "-m", "mypy", "-p", "entraide_client", "-m", "file_request"], python_client)


@pytest.mark.soak
@pytest.mark.parametrize("program", ["hey_api", "openapi_fetch"])
async def test_client_in_typescript_files_a_request(
    node_clients: Path, environment: Mapping[str, str], program: str
) -> None:
    assert EXPECTED == await answered(["node", f"out/{program}.js"], node_clients, environment)


@pytest.mark.soak
def test_hey_api_leaves_no_operation_out(node_clients: Path) -> None:
    made = re.findall(r"^export const (\w+) = <", (node_clients / "hey-api" / "sdk.gen.ts").read_text(), re.MULTILINE)

    assert {camel_case(name) for name in operation_ids()} == set(made)


@pytest.mark.soak
def test_openapi_typescript_leaves_no_operation_out(node_clients: Path) -> None:
    schema = (node_clients / "openapi-fetch" / "schema.ts").read_text()
    operations = schema.partition("export interface operations {")[2]

    assert operation_ids() | operation_ids("webhooks") == set(re.findall(r"^    (\w+): \{$", operations, re.MULTILINE))


# -- running programs -------------------------------------------------------------------------------------------------


def run(command: Sequence[str], folder: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a program and return its standard output. Fail if it fails or takes too long."""
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert 0 == done.returncode, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


async def answered(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Any:
    return json.loads(await asyncio.to_thread(run, command, folder, environment))


def operation_ids(part: str = "paths") -> set[str]:
    document = msgspec.json.decode(DOCUMENT.read_bytes())
    return {one["operationId"] for methods in document[part].values() for one in methods.values()}


def camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)
