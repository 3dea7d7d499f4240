"""A daemon that does what the test tells it: one coroutine a connection, in order, the last for all later ones."""

import asyncio
import json

import websockets

AT = "2026-01-31T12:00:00.000Z"


def device_info(instance="one", **more):
    data = {"connected": True, "device_id": "LXB-1", "is_streaming": False,
            "server": {"name": "linkbandd", "version": "1", "protocol": "1", "instance": instance}, **more}
    return event("device_info", **data)


def event(name, **data):
    return json.dumps({"type": "event", "event_type": name, "data": data, "timestamp": AT})


def stopped(*sensors, device_id="LXB-1", will_resume=False):
    return event("stream_stopped", device_id=device_id, sensors=list(sensors), reason="user_request",
                 will_resume=will_resume)


def block(seq, sensor="ppg", lost=0, device_id="LXB-1"):
    return json.dumps({
        "type": "raw_data", "sensor_type": sensor, "device_id": device_id, "timestamp": AT, "sample_rate": 50,
        "sample_rate_measured": None, "seq": seq, "lost": lost,
        "data": [{"timestamp": 1000.0 * seq, "red": seq, "ir": 2 * seq}]})


def reply(request, **data):
    return json.dumps({"type": "command_response", "command": request["command"], "success": True, "message": "",
                       "data": data, "timestamp": AT, "id": request["id"]})


class Peer:
    """The daemon's end of one connection."""

    def __init__(self, ws, got):
        self.ws = ws
        self.got = got

    async def send(self, *texts):
        for text in texts:
            await self.ws.send(text)

    async def take(self):
        """The next command."""
        request = json.loads(await self.ws.recv())
        self.got.append(request)
        return request

    async def end(self, code, reason=""):
        await self.ws.close(code, reason)

    async def stay(self):
        """Until the client goes; what it sends is kept."""
        try:
            while True:
                await self.take()
        except websockets.ConnectionClosed:
            pass


class Fake:
    def __init__(self, *scripts):
        self.scripts = scripts
        self.connections = 0
        self.got = []

    async def __aenter__(self):
        self.server = await websockets.serve(self.serve, "127.0.0.1", 0)
        self.url = "ws://127.0.0.1:%d/ws" % next(iter(self.server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, ws, _path=None):
        script = self.scripts[min(self.connections, len(self.scripts) - 1)]
        self.connections += 1
        got = []
        self.got.append(got)
        await script(Peer(ws, got))


class Refusing:
    """Answers each handshake with a status; `tries` counts them."""

    def __init__(self, status):
        self.status = status
        self.tries = 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = "ws://127.0.0.1:%d/ws" % self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, reader, writer):
        self.tries += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % self.status)
        await writer.drain()
        writer.close()
