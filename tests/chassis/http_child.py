"""The HTTP server alone in a process: `python -m tests.chassis.http_child <limits as JSON>`.

It prints its port. It has the routes of every process, one with a streamed response and one with a late response.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator

from litestar import get
from litestar.response import Stream

from chassis.auth.tokens import NoDirectory
from chassis.event_loop import run
from chassis.http import edge
from chassis.http.application import PUBLIC, application
from chassis.http.connections import ConnectionLimits
from chassis.runtime import http_server, listener
from chassis.telemetry import configure_logs

HOST = "127.0.0.1"


@get("/stream", opt=PUBLIC)
async def stream(seconds: float) -> Stream:
    async def lines() -> AsyncIterator[bytes]:
        for number in range(int(seconds / 0.1)):
            await asyncio.sleep(0.1)
            yield b"%d\n" % number

    return Stream(lines())


@get("/late", opt=PUBLIC)
async def late() -> str:
    await asyncio.sleep(0.5)
    return "late\n"


async def main() -> None:
    given = json.loads(sys.argv[1])
    edge.BODY_SECONDS_MAX = given.pop("body_seconds_max", edge.BODY_SECONDS_MAX)
    bound = listener(HOST, 0)
    bound.listen(256)
    app = application([], NoDirectory(), routes=[stream, late])
    server = http_server(app, HOST, 0, limits=ConnectionLimits(**given))
    sys.stdout.write(f"{bound.getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve(sockets=[bound])


if __name__ == "__main__":
    configure_logs(level="warning")
    run(main())
