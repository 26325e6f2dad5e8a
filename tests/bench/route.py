"""A route with only the statements of a real call and its publishing: the most that HTTP leaves of them.

The uvicorn is the application's. There is no token, decoding of the body, policy or record: the route runs the recorded
statements with new ids, sends a constant answer as long as the real one, and publishes the fact with nats-py until it
is acknowledged.
"""

import asyncio
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import nats
import uvicorn
import uvloop

from chassis.ids import new_id
from contracts.facts import subject_of
from tests.bench.bare import connections, event_of, same_statements
from tests.bench.servers import READY

UNDER_WAY_MAX = 256
ANSWER_BYTES = 2100


async def run(task: dict[str, Any]) -> None:
    statements = pickle.loads(Path(task["statements"]).read_bytes())
    idle, work = await connections(task["database_url"]), same_statements(statements)
    fact = event_of(statements).encode()
    subject = subject_of(json.loads(fact)["type"])
    client = await nats.connect(task["nats_url"], inbox_prefix="_INBOX_requests")
    stream = client.jetstream()
    committed: asyncio.Queue[str] = asyncio.Queue(UNDER_WAY_MAX)

    async def relay() -> None:
        while True:
            facts = [await committed.get()]
            while not committed.empty():
                facts.append(committed.get_nowait())
            async with asyncio.TaskGroup() as publishing:
                for fact_id in facts:
                    publishing.create_task(stream.publish(subject, fact, headers={"Nats-Msg-Id": fact_id}))

    head = {
        "type": "http.response.start",
        "status": 201,
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(ANSWER_BYTES).encode())],
    }
    body = {"type": "http.response.body", "body": b'"' + b"x" * (ANSWER_BYTES - 2) + b'"'}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        connection = await idle.get()
        try:
            await work(connection)
        finally:
            idle.put_nowait(connection)
        await committed.put(str(new_id()))
        await send(head)
        await send(body)

    server = uvicorn.Server(
        uvicorn.Config(app, port=task["port"], http="httptools", lifespan="off", log_config=None, access_log=False)
    )
    serving, relaying = asyncio.create_task(server.serve()), asyncio.create_task(relay())
    while not server.started:
        await asyncio.sleep(0.01)
    print(READY, flush=True)
    await asyncio.wait({serving, relaying}, return_when=asyncio.FIRST_COMPLETED)
    assert not relaying.done(), "the relay does not end"


if __name__ == "__main__":
    uvloop.run(run(json.load(sys.stdin)))
