"""A process with the mail server, run by tests, that is killed at a point of its work."""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.requests.mail import actions
from services.requests.mail.receiver import MailReceiver
from tests.databases import connected
from tests.personas import appoint_persona
from tests.requests.mail_steps import intake_of


def killed_after(work: Callable[..., Any]) -> Callable[..., Any]:
    async def done(*args: Any, **more: Any) -> Any:
        await work(*args, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    return done


async def main() -> None:
    settings, folder, person_id, point = pickle.load(sys.stdin.buffer)
    if point == "before the commit":
        actions.receive = killed_after(actions.receive)
    else:
        MailReceiver._keep = killed_after(MailReceiver._keep)
    async with (
        connected(settings.database_url, "requests", role="entraide_requests_own") as requests,
        connected(settings.database_url, "directory", role="entraide_directory_own") as directory,
        intake_of(settings, {"requests": requests, "directory": directory}, Path(folder)) as intake,
    ):
        appoint_persona("KEN:focal_point", person_id=person_id)
        sys.stdout.write(f"{intake.receiver.port}\n")
        sys.stdout.flush()
        await asyncio.sleep(100)


if __name__ == "__main__":
    asyncio.run(main())
