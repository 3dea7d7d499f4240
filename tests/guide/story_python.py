"""The guide's Python, as printed, against a daemon on port 8121."""

import ast
import asyncio
import builtins
import json
import time

import websockets
from guide import ADDRESS, blocks, start_daemon, stop_daemon

CODE = blocks("python")
HANDLERS = CODE["Python Message Handler"] + CODE["Python Error Handling"]


class Done(Exception):
    pass


def undefined_names(source):
    """Names that the code uses and neither defines nor imports."""
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    defined = {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    defined |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    defined |= {a.arg for n in nodes if isinstance(n, ast.arguments) for a in n.args}
    defined |= {n.name for n in nodes if isinstance(n, ast.ExceptHandler) and n.name}
    defined |= {(a.asname or a.name).split(".")[0] for n in nodes if isinstance(n, ast.Import) for a in n.names}
    used = {n.id for n in nodes if isinstance(n, ast.Name)}
    return used - defined - set(dir(builtins))


async def drive():
    """Another client of the daemon: connects anew and starts, so that the guide's client has something to see."""
    commands = [("disconnect_device", {}), ("connect_device", {"address": ADDRESS}), ("start_streaming", {})]
    async with websockets.connect("ws://localhost:8121") as ws:
        for command, parameters in commands:
            await ws.send(json.dumps({"type": "command", "command": command, "parameters": parameters}))
            while json.loads(await ws.recv()).get("command") != command:
                pass
        async for _ in ws:
            pass


def connection_and_handlers(path):
    source = CODE["Python Connection"]
    assert source.count('"ws://localhost:8121"') == 1
    source = HANDLERS + source.replace("ws://localhost:8121", "ws://localhost:8121" + path)
    wanted = {"on_device_connected", "on_stream_started", "handle_raw_eeg", "handle_raw_ppg",
              "handle_raw_acc", "handle_battery_data", "update_device_status"}
    seen = set()

    def stub(name):
        async def called(*_):
            if name == "update_device_status" and name not in seen:
                asyncio.ensure_future(drive())
            seen.add(name)
            if wanted <= seen:
                raise Done

        return called

    names = {name: stub(name) for name in undefined_names(source)}
    assert wanted <= set(names), wanted - set(names)
    try:
        exec(compile(source, "guide", "exec"), {**names, "__name__": "guide"})
    except Done:
        print(f"connection and handlers on ws://localhost:8121{path}: saw {sorted(seen)}")


def manager_class():
    names = {}
    exec(compile(CODE["Python Connection Management"], "guide", "exec"), names)
    return names["WebSocketManager"]


async def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not within the time"
        await asyncio.sleep(0.05)


async def manager_survives_a_restart(daemon):
    manager = manager_class()("ws://localhost:8121/ws")
    messages = []

    async def keep(data):
        messages.append(data)

    manager.handle_message = keep
    manager.is_running = True
    listening = asyncio.ensure_future(manager.listen())
    await until(lambda: messages)
    instance = messages[0]["data"]["server"]["instance"]
    await asyncio.get_running_loop().run_in_executor(None, stop_daemon, daemon)
    daemon = start_daemon()
    await until(lambda: any(
        m.get("event_type") == "device_info" and m["data"]["server"]["instance"] != instance for m in messages))
    print("the reconnect manager survived a restart of the daemon")
    manager.is_running = False
    await manager.close()
    listening.cancel()
    return daemon


async def manager_as_11th():
    places = [await websockets.connect("ws://localhost:8121/ws") for _ in range(10)]
    connections = []
    connect = websockets.connect

    def counted(*arguments, **keywords):
        connections.append(time.monotonic())
        return connect(*arguments, **keywords)

    websockets.connect = counted
    manager = manager_class()("ws://localhost:8121/ws")
    manager.is_running = True
    listening = asyncio.ensure_future(manager.listen())
    await asyncio.sleep(9)
    listening.cancel()
    websockets.connect = connect
    gaps = [b - a for a, b in zip(connections, connections[1:])]
    print(f"as 11th client the manager connected {len(connections)} times in 9 s, gaps {[round(g, 2) for g in gaps]}")
    assert len(connections) <= 5 and min(gaps) > 1.9
    for place in places:
        await place.close()


daemon = start_daemon()
try:
    connection_and_handlers("")
    connection_and_handlers("/ws")
    daemon = asyncio.run(manager_survives_a_restart(daemon))
    asyncio.run(manager_as_11th())
finally:
    if daemon.poll() is None:
        stop_daemon(daemon)
print("the guide's Python works as printed")
