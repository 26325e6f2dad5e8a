"""The demo in one process, and what the program prints for a wrong address."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from chassis.embedded import free_port
from services.mailbox import Mailbox
from services.matching.texts import meaning
from tests import readme
from tests.commands import entraide
from tests.sample_world import STILL_RUNNING, Demo
from tests.system import readme_session, routine_work
from tests.system.outcome import (
    check_files,
    check_mails,
    check_state,
    check_summaries,
    check_what_users_find,
    rerun_demo,
)
from tests.system.platform import Platform


@pytest.mark.skipif(meaning.model_problem() is None, reason="with the model the scores are others")
def test_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    shown = readme.between(readme.README.read_text(encoding="utf-8"), "demo")

    printed = readme.fenced(readme.excerpt(demo.printed))
    assert readme.comparable(printed) == readme.comparable(shown), "run ./dev readme"


async def test_the_demo_leaves_one_process_in_order(demo: Demo, xsd: tuple[str, ...]) -> None:
    complained = demo.said.partition(STILL_RUNNING)[0]
    assert not re.search(r"not seen|not funded|not offered|did not wait for", complained), complained
    await check_what_users_find(demo.platform, demo.state, demo.said)
    await rerun_demo(demo.platform, demo.state)
    await asyncio.to_thread(check_files, demo.platform, demo.state / "donor", xsd)
    await check_summaries(demo.platform)
    await asyncio.to_thread(readme_session.run, demo.platform, demo.state)
    await routine_work.run(demo.platform, demo.state)
    await check_state(demo.platform, demo.database_url, demo.broker)
    check_mails(Mailbox(demo.state / "mailbox", "127.0.0.1", free_port()))


async def test_wrong_address_is_one_line_and_exit_2(state: Path) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    base = {"ENTRAIDE_STATE": str(state), "HOME": str(state)}
    cases = [
        ({"DATABASE_URL": nowhere}, ["up"]),
        ({"DATABASE_URL": nowhere, "NATS_URL": "nats://127.0.0.1:1"}, ["run", "requests"]),
        ({"DATABASE_URL": nowhere}, ["migrate"]),
        ({"DATABASE_URL": "mysql://x"}, ["up"]),
        ({"NATS_URL": "nats://127.0.0.1:1"}, ["streams", "ensure"]),
        ({}, ["streams", "ensure"]),
        ({}, ["migrate"]),
        ({"ENTRAIDE_PORT": "abc"}, ["up"]),
        ({"SMTP_URL": "http://x"}, ["up"]),
        ({"DATABASE_URL": nowhere}, ["parked", "list"]),
        ({"DATABASE_URL": nowhere}, ["journal", "verify"]),
        ({}, ["parked", "list"]),
        ({}, ["journal", "verify"]),
        ({}, ["token", "--as", "KEN:king"]),
    ]
    for more, words in cases:
        if words[0] in {"up", "run"}:
            # These start servers and handle signals, so they need a process of their own.
            process = await asyncio.to_thread(Platform({**base, **more}, {}).entraide, *words)
            code, said = process.returncode, process.stderr
        else:
            done = await entraide(*words, env=base | more)
            code, said = done.exit_code, done.stderr
        assert code == 2, (more, words, said)
        lines = [line for line in said.splitlines() if line.startswith("entraide:")]
        assert len(lines) == 1, said
        assert "Traceback" not in said


async def test_doctor_reports_faults(state: Path) -> None:
    nowhere = free_port()
    environment = {
        "PATH": "/usr/bin:/bin",
        "ENTRAIDE_STATE": str(state),
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{nowhere}/none",
        "NATS_URL": f"nats://127.0.0.1:{nowhere}",
        "SMTP_URL": f"smtp://127.0.0.1:{nowhere}",
        "ENTRAIDE_ISSUER": "https://issuer.example",
        "ENTRAIDE_JWKS": str(state / "none.json"),
    }
    done = await asyncio.to_thread(Platform(environment, {}).entraide, "doctor", "--json")

    assert done.returncode == 1
    wrong = [finding["part"] for finding in json.loads(done.stdout) if not finding["ok"]]
    assert ["PostgreSQL (migrator)", "broker", "mail", "identity"] == wrong
