"""Lists of recordings: a full one with a long id, and many at once: nobody's keeps the others from theirs."""

import asyncio
import json
import pathlib
import shutil
import socket

import pytest

from peers import run

ADDRESS = "AA:BB:CC:DD:EE:FF"
FRAME = 16 * 1024
SESSIONS = 50


@pytest.fixture
def sessions(daemon, clients):
    """Fifty copies of one short recording, the newest first."""
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            reply = await client.command("start_recording", formats=["csv"])
            await client.command("stop_recording")
            while (await client.command("list_recordings"))["data"]["sessions"][0]["state"] != "complete":
                await asyncio.sleep(0.05)
            return reply["data"]["path"]

    first = pathlib.Path(run(story()))
    copies = []
    for n in range(SESSIONS):
        copy = first.with_name(f"20200101T0000{n:02}Z_n")
        shutil.copytree(first, copy)
        rename(copy, "n" * 80)
        copies.insert(0, copy)
    shutil.rmtree(first)
    return copies


def rename(session, name):
    told = json.loads((session / "session.json").read_text())
    told.update(session_id=session.name, session_name=name)
    (session / "session.json").write_text(json.dumps(told))


def test_a_full_list_with_a_long_id_is_answered(clients, sessions):
    async def story():
        async with clients() as client:
            async def listed(length):
                start = len(client.messages)
                await client.send({"command": "list_recordings", "parameters": {"limit": SESSIONS}, "id": "i" * length})
                reply = await client.wait(lambda m: m["type"] == "command_response" and m["id"] == "i" * length, start=start)
                assert reply["success"]
                return reply["data"], len(json.dumps(reply, separators=(",", ":")))

            data, size = await listed(1)
            fits = len(data["sessions"])
            assert data["more"] and 10 < fits < SESSIONS
            # Whatever the list's length, up to the last byte that one more session could have.
            for longer in range(0, 340, 20):
                rename(sessions[0], "n" * (80 + min(longer, 170)))
                rename(sessions[1], "n" * (80 + max(longer - 170, 0)))
                data, size = await listed(1000)
                assert size <= FRAME and data["more"] and len(data["sessions"]) >= fits - 5

    run(story())


def statuses(peers):
    answers = []
    for peer in peers:
        answer = b""
        while piece := peer.recv(65536):
            answer += piece
        answers.append(answer.split()[1])
        peer.close()
    return answers


def test_lists_over_http_keep_nobody_from_theirs(daemon, clients, sessions):
    async def story():
        async with clients() as client:
            request = f"GET /recordings?limit=50 HTTP/1.1\r\nHost: localhost:{daemon.port}\r\n\r\n".encode()
            for _ in range(5):
                peers = [socket.create_connection(("127.0.0.1", daemon.port), 10) for _ in range(48)]
                for n, peer in enumerate(peers):
                    peer.sendall(request)
                    if n % 3 == 2:
                        peer.close()
                assert (await client.command("list_recordings"))["success"]
                assert set(await asyncio.to_thread(statuses, [p for p in peers if p.fileno() >= 0])) == {b"200"}
            assert len(sessions) == SESSIONS

    run(story())


def test_one_clients_lists_keep_no_other_from_theirs(clients, sessions):
    async def story():
        async with clients() as greedy, clients() as modest:
            for n in range(200):
                await greedy.send({"command": "list_recordings", "parameters": {"limit": SESSIONS}, "id": n})
                if n % 20 == 19:
                    assert (await modest.command("list_recordings"))["success"]
            await greedy.wait(lambda m: m["type"] == "command_response" and m.get("id") == 199)
            codes = {m["data"].get("error_code") for m in greedy.messages if m["type"] == "command_response"}
            assert codes <= {None, "BUSY"} and None in codes
            assert len(sessions) == SESSIONS

    run(story())
