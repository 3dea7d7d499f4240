"""The way to a server, which can be cut and made slow: what goes over it stands still, and nobody is told."""

import asyncio
import contextlib
import threading

CHUNK = 2048


class Link:
    """On a port of its own, towards 127.0.0.1:`port`; its loop is a thread's."""

    def __init__(self, port):
        self.to, self.rate, self.carried = port, None, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self.loop).result()
        self.url = f"nats://127.0.0.1:{self.port}"

    async def _open(self):
        self.whole, self.turn = asyncio.Event(), asyncio.Lock()
        self.whole.set()
        self.server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def _carry(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self.whole.wait()
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.to)
            await asyncio.gather(self._pump(reader, other_writer, True), self._pump(other_reader, writer, False))

    async def _pump(self, reader, writer, is_up):
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self.whole.wait()
                if is_up:
                    self.carried += len(data)
                    await self._wait_for_turn(len(data))
                writer.write(data)
                await writer.drain()
        writer.close()

    async def _wait_for_turn(self, bytes):
        if self.rate:
            async with self.turn:
                await asyncio.sleep(bytes / self.rate)

    def cut(self):
        self.loop.call_soon_threadsafe(self.whole.clear)

    def mend(self):
        self.loop.call_soon_threadsafe(self.whole.set)

    def close(self):
        async def end():
            self.server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
