"""A TCP proxy that adds the latency of a network to a service on this machine.

    python tests/bench/delaying_proxy.py TARGET_PORT MILLISECONDS

Prints the port that it listens on. MILLISECONDS is a round trip: half of it is added in each
direction, and a whole one before the first bytes of a connection, for its handshake. What is sent
meanwhile is under way at the same time, as on a real line.
"""

from __future__ import annotations

import asyncio
import sys

BLOCK = 1 << 16


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float, first: float
) -> None:
    """Passes on what comes, each piece ``delay`` seconds later, and the first even later."""
    loop = asyncio.get_running_loop()
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    opened = loop.time() + first

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                break
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    delivering = asyncio.create_task(deliver())
    data = b"-"
    while data:
        data = await reader.read(BLOCK)
        under_way.put_nowait((max(loop.time(), opened) + delay, data))
    await delivering


async def _connect(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, seconds: float
) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(
            _carry(reader, back, seconds / 2, seconds), _carry(there, writer, seconds / 2, 0.0)
        )
    except ConnectionError:
        pass
    finally:
        writer.close()
        back.close()


async def serve(port: int, seconds: float) -> None:
    """Listens on a free port and prints it; runs until it is ended."""
    server = await asyncio.start_server(
        lambda reader, writer: _connect(reader, writer, port, seconds), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) / 1000))
