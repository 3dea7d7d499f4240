"""Recordings over plain HTTP: the list, the files, and who gets none of it."""

import asyncio
import hashlib
import json
import os
import pathlib
import socket

import pytest

from peers import Daemon, run

ADDRESS = "AA:BB:CC:DD:EE:FF"


def get(daemon, path, *headers, method="GET"):
    """Status, head and body of a request whose path is sent byte for byte as given."""
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as s:
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{daemon.port}", *headers]
        s.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        answer = b""
        while piece := s.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), body


async def record(client, seconds=1.5, **parameters):
    start = len(client.messages)
    reply = await client.command("start_recording", **parameters)
    assert reply["success"], reply
    await asyncio.sleep(seconds)
    await client.command("stop_recording")
    await client.event("recording_file", start, file="session.bdf")
    return pathlib.Path(reply["data"]["path"])


@pytest.fixture
def session(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            return await record(client, session_name="to be fetched")

    return run(story())


def test_a_session_is_listed_and_each_of_its_files_comes_whole(daemon, session):
    status, head, body = get(daemon, "/recordings")
    assert status == 200 and "Content-Type: application/json" in head
    listed = json.loads(body)
    assert listed["more"] is False
    [one] = listed["sessions"]
    assert one["session_id"] == session.name and one["state"] == "complete"
    assert sorted(one["files"]) == sorted(p.name for p in session.iterdir())
    for name in one["files"]:
        status, head, body = get(daemon, f"/recordings/{session.name}/{name}")
        assert status == 200 and body == (session / name).read_bytes(), name
        assert f'Content-Disposition: attachment; filename="{session.name}_{name}"' in head
        assert "X-Content-Type-Options: nosniff" in head and f"Content-Length: {len(body)}" in head
        status, head, body = get(daemon, f"/recordings/{session.name}/{name}", method="HEAD")
        assert status == 200 and body == b""
    info = json.loads((session / "session.json").read_text())
    for name, file in info["files"].items():
        body = get(daemon, f"/recordings/{session.name}/{name}")[2]
        assert hashlib.sha256(body).hexdigest() == file["sha256"]


def test_the_list_comes_in_pages(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            return [(await record(client, 0.3, session_name=f"n{i}")).name for i in range(3)]

    names = run(story())[::-1]
    page = json.loads(get(daemon, "/recordings?limit=2")[2])
    assert [s["session_id"] for s in page["sessions"]] == names[:2] and page["more"] is True
    page = json.loads(get(daemon, f"/recordings?limit=2&before={names[1]}")[2])
    assert [s["session_id"] for s in page["sessions"]] == names[2:] and page["more"] is False


@pytest.mark.parametrize("query", ["limit=0", "limit=51", "limit=", "limit=-1", "limit=1e1", "limit=" + "9" * 400, "limit=2.",
                                   "before=", "before=..", "before=" + "a" * 400, "before=%2e%2e", "before=a/b"])
def test_what_is_no_page_is_refused(daemon, query):
    status, _, body = get(daemon, f"/recordings?{query}")
    assert status == 400 and b"limit" in body


def test_nothing_but_a_sessions_files_can_be_reached(daemon, session):
    data = session.parent
    (data / "secret.csv").write_text("secret")
    (session / "notes.txt").write_text("secret")
    (session / "sub").mkdir()
    (session / "sub" / "eeg.csv").write_text("secret")
    (data / "other").mkdir()
    (data / "other" / "eeg.csv").write_text("secret")
    os.unlink(session / "ppg.csv")
    os.symlink("/etc/passwd", session / "ppg.csv")
    os.unlink(session / "acc.csv")
    os.mkfifo(session / "acc.csv")
    linked = session.name[:16] + "_linked"
    os.symlink(session, data / linked)
    name = session.name
    for path in [
        f"/{name}/../secret.csv", f"/{name}/../../../../../etc/passwd", "/../secret.csv", "/..", "/.", "/", "//", f"/{name}",
        f"/{name}/", f"/{name}/.", f"/{name}/..", f"/{name}/notes.txt", f"/{name}/sub/eeg.csv", f"/{name}//eeg.csv",
        f"//{name}/eeg.csv", f"/{name}/eeg.csv/", f"/{name}/eeg.csv/..", f"/{name}/%65eg.csv", f"/{name}/eeg%2ecsv",
        f"/{name}%2feeg.csv", f"/{name}/..%2f..%2fsecret.csv", f"/{name}/eeg.csv%00", f"/{name}/EEG.CSV", f"/{name}/eeg.cs",
        f"/{name}/eeg.csv.", f"/./{name}/eeg.csv", f"/{name}\\eeg.csv", "/other/eeg.csv", "/secret.csv/eeg.csv",
        f"/{name}/ppg.csv", f"/{name}/acc.csv", f"/{linked}/eeg.csv", f"/{name}x/eeg.csv", "/" + "a" * 2000 + "/eeg.csv",
        "/%2e%2e/secret.csv", f"/..%2f{data.name}/{name}/eeg.csv", "/~root/eeg.csv", "/" + "../" * 100 + "etc/passwd",
    ]:
        status, _, body = get(daemon, "/recordings" + path)
        assert status in (400, 404), (path, status)
        assert b"secret" not in body and b"root:" not in body, path
    assert get(daemon, f"/recordings/{name}/eeg.csv")[0] == 200


def test_a_foreign_page_gets_nothing(daemon, session):
    for path in ("/recordings", f"/recordings/{session.name}/eeg.csv"):
        status, _, body = get(daemon, path, "Origin: null")
        assert status == 403 and b"--allow-origin null" in body
        assert get(daemon, path, "Sec-Fetch-Site: cross-site")[0] == 403
        assert get(daemon, path, "Origin: https://example.org")[0] == 403
        status, head, _ = get(daemon, path, "Origin: http://localhost:3000")
        assert status == 200 and "Access-Control-Allow-Origin: http://localhost:3000" in head
        assert get(daemon, path, method="POST")[0] == 405


@pytest.mark.arguments("--backend", "sim", "--sim", "radio=fast", "--allow-origin", "null")
def test_an_option_opens_them_to_pages_from_a_file(daemon):
    status, head, _ = get(daemon, "/recordings", "Origin: null")
    assert status == 200 and "Access-Control-Allow-Origin: null" in head


def test_a_running_recording_can_be_looked_at_and_a_deleted_one_is_gone(daemon, clients):
    async def story():
        async with clients() as client:
            await client.command("connect_device", address=ADDRESS)
            reply = await client.command("start_recording", formats=["csv"])
            name = reply["data"]["session_id"]
            await asyncio.sleep(1.5)
            status, _, body = await asyncio.to_thread(get, daemon, f"/recordings/{name}/eeg.csv")
            assert status == 200 and body.startswith(b"timestamp,") and body.endswith(b"\n")
            await client.command("stop_recording")
            while not (reply := await client.command("delete_recording", session_id=name))["success"]:
                # Its checksums are being made.
                assert reply["data"]["error_code"] == "BUSY"
                await asyncio.sleep(0.1)
            status, _, _ = await asyncio.to_thread(get, daemon, f"/recordings/{name}/eeg.csv")
            assert status == 404

    run(story())


def test_without_a_place_to_record_there_is_an_answer(tmp_path):
    (tmp_path / "file").write_text("")
    daemon = Daemon("--backend", "sim", "--data-dir", str(tmp_path / "file" / "x"))
    try:
        assert get(daemon, "/recordings")[0] == 503
    finally:
        daemon.stop()


def test_many_at_once_and_those_who_leave_early(daemon, session):
    """More than the pool's threads and the recorder's limit: each gets a list or a 503, none hangs; then all is as before."""
    sockets = []
    for i in range(50):
        s = socket.create_connection(("127.0.0.1", daemon.port), 10)
        s.sendall(f"GET /recordings HTTP/1.1\r\nHost: localhost:{daemon.port}\r\n\r\n".encode())
        if i % 3 == 0:
            s.close()
        else:
            sockets.append(s)
    statuses = {s.recv(65536).split()[1] for s in sockets}
    assert statuses <= {b"200", b"503"} and b"200" in statuses
    for s in sockets:
        s.close()
    assert get(daemon, "/recordings")[0] == 200
