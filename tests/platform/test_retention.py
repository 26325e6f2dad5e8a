"""`entraide retention`: what it says, deletes and holds, in the schemas of all services."""

import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import httpx

from tests.builders import headers
from tests.commands import entraide
from tests.databases import connected


async def test_the_command_says_what_it_would_delete_and_deletes_it(
    client_of: Callable[..., Awaitable[httpx.AsyncClient]], database_url: str, tmp_path: Path
) -> None:
    api = await client_of("requests")
    answer = await api.post("/v1/requests", json={"language": "en"}, headers=headers("KEN:focal_point"))
    draft = answer.json()["request_id"]
    env = {"DATABASE_URL": database_url, "ENTRAIDE_STATE": str(tmp_path), "ENTRAIDE_RETENTION_DAYS": "mails=off"}

    async def kinds(*words: str) -> dict[tuple[str, str], object]:
        done = await entraide("retention", "run", "--json", *words, env=env)
        assert done.exit_code == 0, done.stderr
        return {(one["service"], one["kind"]): one["deleted"] for one in json.loads(done.stdout)["kinds"]}

    assert {} == (await kinds())["requests", "origins"]
    async with connected(database_url, "requests", owner=True) as owner, owner.transaction() as tx:
        await tx.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
        await tx.execute("UPDATE audit SET recorded_at = recorded_at - interval '366 days'")
    assert ({"audit_origin": 1}, {"audit_origin": 1}) == (
        (await kinds("--dry-run"))["requests", "origins"],
        (await kinds())["requests", "origins"],
    )
    assert {} == (await kinds())["requests", "origins"]

    held = await entraide("retention", "hold", draft, "--reason", "audit", env=env)
    assert held.exit_code == 0, held.stderr
    assert [draft] == [one["record_id"] for one in json.loads(await _holds(env))]
    assert 0 == (await entraide("retention", "release", draft, env=env)).exit_code
    again = await entraide("retention", "release", draft, env=env)
    assert (2, f"entraide: {draft} is not on hold") == (again.exit_code, again.stderr.strip())
    printed = (await entraide("retention", "run", "--dry-run", env=env)).stdout
    assert "without end" in printed
    assert "nothing was deleted: a dry run" in printed
    assert max(map(len, printed.splitlines())) <= 80


async def _holds(env: Mapping[str, str]) -> str:
    return (await entraide("retention", "holds", "--json", env=env)).stdout
