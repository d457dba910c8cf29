"""A NAT between the bot and the model server: it forgets connections and tells neither side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RELAYED_BYTES = 1 << 16


class Nat:
    """A loopback address that passes TCP on. What is sent over a forgotten connection is lost: no FIN, no RST."""

    def __init__(self, host: str, port: int, idle_limit: float | None) -> None:
        self.port = 0
        self.idle_limit = idle_limit
        "seconds after which it forgets an idle connection; None: only when told"
        self.lost_bytes = 0
        self._server = host, port
        self._connections: set[_Mapping] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, host: str, port: int, idle_limit: float | None = None) -> AsyncIterator["Nat"]:
        """Listen on a free port of 127.0.0.1 and pass on to `host` and `port`."""
        nat = cls(host, port, idle_limit)
        listener = await asyncio.start_server(nat._accept, "127.0.0.1", 0)
        nat.port = listener.sockets[0].getsockname()[1]
        try:
            yield nat
        finally:
            listener.close()
            for connection in list(nat._connections):
                connection.close()

    @property
    def connections(self) -> int:
        """Open connections, forgotten ones included."""
        return len(self._connections)

    def forget(self) -> None:
        """Forget every connection there is; new ones work."""
        for connection in self._connections:
            connection.forgotten = True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._server)
        connection = _Mapping(self, writer, server_writer)
        self._connections.add(connection)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(connection.pass_on(reader, server_writer))
                group.create_task(connection.pass_on(server_reader, writer))
        except* OSError:
            pass
        finally:
            self._connections.discard(connection)
            connection.close()


class _Mapping:
    """One connection through it."""

    def __init__(self, nat: Nat, *writers: asyncio.StreamWriter) -> None:
        self.forgotten = False
        self._nat = nat
        self._writers = writers
        self._used_at = asyncio.get_running_loop().time()

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one side sends to the other."""
        loop = asyncio.get_running_loop()
        while data := await reader.read(RELAYED_BYTES):
            limit = self._nat.idle_limit
            self.forgotten |= limit is not None and loop.time() - self._used_at > limit
            if self.forgotten:
                self._nat.lost_bytes += len(data)
                continue
            self._used_at = loop.time()
            writer.write(data)
            await writer.drain()
        if not self.forgotten:
            writer.close()

    def close(self) -> None:
        for writer in self._writers:
            writer.close()
