"""The least work between two services: commit, publish with an acknowledgement, fetch, commit.

Bare asyncpg and nats-py use the same durable servers: one row of the size of a fact is committed, published, pulled by
a durable consumer that waits for it, and committed again.
"""

import asyncio
import json
import random
import sys
import time
from typing import Any

import asyncpg
import nats
import uvloop
from nats.js.api import ConsumerConfig, StreamConfig

from chassis.ids import new_id

STREAM, SUBJECT, DURABLE = "BENCH", "bench.fact", "floor"
FACT = json.dumps({"data": "x" * 2000}).encode()
CONNECTIONS = 4
TABLES = """
    CREATE TABLE IF NOT EXISTS sent (id uuid PRIMARY KEY, body json NOT NULL);
    CREATE TABLE IF NOT EXISTS heard (id uuid PRIMARY KEY, body json NOT NULL)
"""


async def run(task: dict[str, Any]) -> dict[str, list[float]]:
    pool = await asyncpg.create_pool(task["database_url"], min_size=CONNECTIONS, max_size=CONNECTIONS)
    await pool.execute(TABLES)
    client = await nats.connect(task["nats_url"])
    stream = client.jetstream()
    await stream.add_stream(StreamConfig(name=STREAM, subjects=["bench.>"]))
    subscription = await stream.pull_subscribe(SUBJECT, DURABLE, config=ConsumerConfig(max_ack_pending=1000))
    began: dict[str, float] = {}
    published: dict[str, float] = {}
    times: dict[str, list[float]] = {"commit": [], "publish": [], "fetch": [], "second commit": [], "whole": []}

    async def send() -> None:
        fact_id = str(new_id())
        began[fact_id] = start = time.monotonic()
        await pool.execute("INSERT INTO sent (id, body) VALUES ($1, $2::text::json)", fact_id, FACT.decode())
        committed = published[fact_id] = time.monotonic()
        await stream.publish(SUBJECT, FACT, headers={"Nats-Msg-Id": fact_id})
        times["commit"].append(committed - start)
        times["publish"].append(time.monotonic() - committed)

    async def hear() -> None:
        while True:
            try:
                messages = await subscription.fetch(1, timeout=5)
            except nats.errors.TimeoutError:
                continue
            for message in messages:
                fetched = time.monotonic()
                fact_id = (message.headers or {})["Nats-Msg-Id"]
                await pool.execute("INSERT INTO heard (id, body) VALUES ($1, $2::text::json)", fact_id, FACT.decode())
                end = time.monotonic()
                times["fetch"].append(fetched - published[fact_id])
                times["second commit"].append(end - fetched)
                times["whole"].append(end - began[fact_id])
                await message.ack()

    hearing = asyncio.create_task(hear())
    chance = random.Random(task["seed"])
    sending: list[asyncio.Task[None]] = []
    arrival = time.monotonic()
    end = arrival + task["seconds"]
    while arrival < end:
        arrival += chance.expovariate(task["rate"])
        await asyncio.sleep(max(0.0, arrival - time.monotonic()))
        sending.append(asyncio.create_task(send()))
    await asyncio.gather(*sending)
    async with asyncio.timeout(30):
        while len(times["whole"]) < len(sending):
            await asyncio.sleep(0.01)
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    await client.close()
    await pool.close()
    return times


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(json.load(sys.stdin)))))
