"""A process builds its application before it connects to the broker, since nothing is answered meanwhile."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chassis import runtime
from chassis.db.database import Database
from chassis.embedded import free_port
from chassis.http import application as http
from chassis.settings import Settings
from services.composition import all_services


async def test_background_loops_start_after_the_application_is_built(
    settings: Settings, databases: Mapping[str, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    [service] = [one for one in all_services() if one.name == "sherloc"]
    stop = asyncio.Event()
    tasks: dict[str, list[str]] = {}

    def names() -> list[str]:
        return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("sherloc ")]

    def application(*args: Any, **more: Any) -> Any:
        tasks["built"] = names()
        return http.application(*args, **more)

    def on_ready(_: object) -> None:
        tasks["ready"] = names()
        stop.set()

    monkeypatch.setattr("chassis.runtime.application", application)
    own = replace(settings, port=free_port())
    await runtime.serve(own, [service], ports={"sherloc": own.port, "directory": 9}, on_ready=on_ready, stop=stop)

    assert [] == tasks["built"]
    assert {"sherloc broker", "sherloc relay"} <= {*tasks["ready"]}
