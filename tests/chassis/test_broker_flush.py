"""After `flush`, the broker knows the subscriptions of a client."""

import asyncio

import nats

from chassis.embedded.ports import LOOPBACK
from chassis.journal.streams import flush

INFO = b'INFO {"server_id": "x", "version": "2.0.0", "headers": true, "max_payload": 1048576}\r\n'


async def test_flush_ends_with_a_ping_after_the_subscription() -> None:
    """Compare the order of commands, since a real server seldom answers between the two."""
    commands: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(INFO)
        while line := await reader.readline():
            commands.append(line.split()[0])
            if commands[-1] == b"PING":
                writer.write(b"PONG\r\n")
        writer.close()

    async with await asyncio.start_server(answer, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = await nats.connect(f"nats://{LOOPBACK}:{port}", allow_reconnect=False)
        try:
            await client.subscribe("ta.>")
            await flush(client)
            assert commands.index(b"SUB") < len(commands) - 1 - commands[::-1].index(b"PING"), commands
        finally:
            await client.close()
