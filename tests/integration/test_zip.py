"""A recording as one zip over plain HTTP: what is in it, how it is sent, and who gets none of it."""

import fcntl
import http.client
import io
import os
import pathlib
import socket
import time
import zipfile

import pytest

from peers import run

NAME = "20261124T001009Z_zipped"
GIB = 2**30


@pytest.fixture
def data(daemon):
    return pathlib.Path(daemon.data.name) / "linkbandd"


@pytest.fixture
def session(data):
    """A recording's folder, held as by who records it, so that nothing is repaired; its files are of any bytes."""
    folder = data / "made"
    folder.mkdir(parents=True)
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    for name, size in [("eeg.csv", 300_000), ("packets.lbcap", 65536), ("markers.csv", 0), ("session.bdf", 32768), ("session.json", 7)]:
        (folder / name).write_bytes(os.urandom(size))
    yield folder.rename(data / NAME)
    os.close(held)


def ask(daemon, path=f"/recordings/{NAME}.zip", method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
    connection.request(method, path, headers={"Host": f"localhost:{daemon.port}", **headers})
    return connection.getresponse()


def opened(daemon):
    with ask(daemon) as answer:
        assert answer.status == 200
        return zipfile.ZipFile(io.BytesIO(answer.read()))


def equals(archive, folder, names):
    assert sorted(archive.namelist()) == sorted(f"{folder.name}/{name}" for name in names)
    assert archive.testzip() is None
    for name in names:
        assert archive.read(f"{folder.name}/{name}") == (folder / name).read_bytes(), name


def test_it_holds_a_folder_of_the_sessions_files_as_they_are(daemon, session):
    with ask(daemon) as answer:
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/zip"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{NAME}.zip"'
        assert answer.headers["Transfer-Encoding"] == "chunked" and answer.headers["Content-Length"] is None
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    equals(archive, session, ["eeg.csv", "packets.lbcap", "markers.csv", "session.bdf", "session.json"])
    for info in archive.infolist():
        assert info.compress_type == zipfile.ZIP_STORED and info.external_attr >> 16 & 0o777 == 0o640
    with ask(daemon, method="HEAD") as answer:
        assert answer.status == 200 and answer.headers["Content-Type"] == "application/zip" and answer.read() == b""


@pytest.fixture
def complete(daemon, clients):
    """A session of the daemon's own, of which all has been made."""

    async def story():
        async with clients() as client:
            await client.command("connect_device", address="AA:BB:CC:DD:EE:FF")
            path = pathlib.Path((await client.command("start_recording", session_name="Ruhe – Ärger"))["data"]["path"])
            await client.event("recording_started")
            with ask(daemon, f"/recordings/{path.name}.zip") as answer:
                assert answer.headers["Content-Length"] is None, "it is being recorded"
            await client.command("stop_recording")
            await client.event("recording_file", file="session.bdf")
            return path

    return run(story())


def told_and_whole(daemon, folder):
    """Its length, told beforehand and the real one, is the same, whoever asks."""
    path = f"/recordings/{folder.name}.zip"
    with ask(daemon, path) as answer, ask(daemon, path, method="HEAD") as head:
        told, body = answer.headers["Content-Length"], answer.fp.read()
        assert answer.headers["Transfer-Encoding"] is None
    assert told == head.headers["Content-Length"] == str(len(body))
    equals(zipfile.ZipFile(io.BytesIO(body)), folder, [str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()])


def test_of_a_session_that_is_complete_the_length_is_told_beforehand(daemon, complete):
    told_and_whole(daemon, complete)
    for size in (0, 1, 32767, 32768, 32769, 5_000_000):
        (complete / "eeg.csv").write_bytes(os.urandom(size))
        told_and_whole(daemon, complete)
    for band, files in [("b", ["packets.lbcap"]), ("AA-BB-CC-DD-EE-01", ["packets.lbcap", "eeg.csv", "session.bdf"])]:
        (complete / band).mkdir()
        for file in files:
            (complete / band / file).write_bytes(os.urandom(1000))
        told_and_whole(daemon, complete)


@pytest.mark.parametrize("size", [7, 200_000])
def test_a_length_that_was_told_is_kept_or_the_zip_breaks_off(daemon, complete, size):
    """A file that is another one by the time of its turn."""
    os.truncate(complete / "packets.lbcap", 100_000_000)
    with begun(daemon, complete.name) as peer:
        (complete / "session.json").write_bytes(bytes(size))
        end = b""
        while piece := peer.recv(1_000_000):
            end = (end + piece)[-100_000:]
    assert b"PK\x05\x06" not in end  # the end of a zip's directory
    wait_until_let_go(daemon, complete)


def test_beyond_4_gib_no_length_is_told(daemon, complete):
    with ask(daemon, f"/recordings/{complete.name}.zip", method="HEAD") as answer:
        around = int(answer.headers["Content-Length"]) - (complete / "packets.lbcap").stat().st_size
    for size, told in [(2**32 - 2 - around, str(2**32 - 2)), (2**32 - 1 - around, None), (5 * GIB, None)]:
        os.truncate(complete / "packets.lbcap", size)
        with ask(daemon, f"/recordings/{complete.name}.zip", method="HEAD") as answer:
            assert answer.headers["Content-Length"] == told


def test_the_folders_of_several_bands_are_in_it(daemon, session):
    names = [file.name for file in session.iterdir()]
    for band in ("AA-BB-CC-DD-EE-01", "AA-BB-CC-DD-EE-02"):
        (session / band).mkdir()
        for file in ("eeg.csv", "packets.lbcap"):
            (session / band / file).write_text(f"of {band}\n")
            names.append(f"{band}/{file}")
    equals(opened(daemon), session, names)


def test_nothing_that_is_no_recordings_is_in_it(daemon, session, data):
    names = [file.name for file in session.iterdir()]
    (data / "secret").mkdir()
    (data / "secret" / "ppg.csv").write_text("secret")
    (session / "notes.txt").write_text("secret")
    (session / "bat.csv").symlink_to(data / "secret" / "ppg.csv")
    os.mkfifo(session / "acc.csv")
    (session / "linked").symlink_to(data / "secret")
    (session / ".hidden").mkdir()
    (session / ".hidden" / "packets.lbcap").write_text("secret")
    (session / "band" / "deeper").mkdir(parents=True)
    (session / "band" / "deeper" / "packets.lbcap").write_text("secret")
    (session / "band" / "eeg.csv").write_text("secret")  # beside no packets
    (data / "secret" / "packets.lbcap").write_text("secret")
    for i in range(40):
        (session / f"empty{i}").mkdir()
    equals(opened(daemon), session, names)


def test_what_is_no_recording_is_404(daemon, session, data):
    # Under its name once something is in it: an empty one is a recording that has hardly begun, and may be repaired.
    foreign = data / "foreign"
    foreign.mkdir()
    (foreign / "notes.txt").write_text("secret")
    foreign.rename(data / "20261124T001009Z_foreign")
    (data / "20261124T001009Z_linked").symlink_to(session)
    for path in ["20261124T001009Z_none.zip", "20261124T001009Z_foreign.zip", "20261124T001009Z_linked.zip", ".zip", "..zip", "../.zip",
                 f"{NAME}.zip/", f"{NAME}.zip/eeg.csv", f"{NAME}.ZIP", f"{NAME}.zip.zip", f"{NAME}%2ezip", f"./{NAME}.zip",
                 f"{NAME}/.zip", f"{NAME}/{NAME}.zip", "x" * 300 + ".zip"]:
        with ask(daemon, f"/recordings/{path}") as answer:
            assert answer.status == 404, path


def test_a_foreign_page_gets_none(daemon, session):
    for headers, status in [({"Origin": "null"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Origin": "https://example.org"}, 403),
                            ({"Origin": "http://localhost:3000"}, 200)]:
        with ask(daemon, **headers) as answer:
            assert answer.status == status
            assert (b"PK" in answer.read()) == (status == 200)


def test_the_oldest_http_has_it_too(daemon, session):
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as peer:
        peer.sendall(f"GET /recordings/{NAME}.zip HTTP/1.0\r\nHost: localhost:{daemon.port}\r\n\r\n".encode())
        answer = b""
        while piece := peer.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    equals(zipfile.ZipFile(io.BytesIO(body)), session, [file.name for file in session.iterdir()])


def held_open(daemon, folder):
    """What the daemon has open in that folder, itself among it."""
    targets = []
    for entry in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        try:
            targets.append(os.readlink(entry))
        except FileNotFoundError:
            pass
    return [target for target in targets if target.startswith(str(folder))]


def wait_until_let_go(daemon, folder):
    deadline = time.monotonic() + 60
    while held_open(daemon, folder) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert held_open(daemon, folder) == []


def begun(daemon, name=NAME):
    """A download of which the first bytes have come, and more only as they are read."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.settimeout(60)
    peer.connect(("127.0.0.1", daemon.port))
    peer.sendall(f"GET /recordings/{name}.zip HTTP/1.1\r\nHost: localhost:{daemon.port}\r\n\r\n".encode())
    answer = b""
    while len(answer) < 100_000:  # beyond the head, and so within a file
        answer += peer.recv(100_000)
    assert answer.startswith(b"HTTP/1.1 200")
    return peer


def test_who_leaves_ends_it_and_who_rests_holds_nobody_up(daemon, session):
    os.truncate(session / "packets.lbcap", 200_000_000)
    peers = [begun(daemon) for _ in range(6)]
    # More than the pool has threads: all rest with their sockets full, and still it serves.
    with ask(daemon, "/recordings") as answer:
        assert answer.status == 200 and NAME.encode() in answer.read()
    assert held_open(daemon, session)
    for peer in peers:
        peer.close()
    wait_until_let_go(daemon, session)


def test_it_is_never_whole_in_memory(daemon, session):
    os.truncate(session / "packets.lbcap", 400_000_000)
    opened_first = ask(daemon)
    assert opened_first.read(1_000_000)
    before = daemon.memory_kb()
    left = 0
    while piece := opened_first.read(1_000_000):
        left += len(piece)
    assert left > 399_000_000
    assert daemon.memory_kb() - before < 16_000


def test_a_file_that_gets_shorter_breaks_it_off(daemon, session):
    os.truncate(session / "packets.lbcap", 100_000_000)
    with begun(daemon) as peer:
        os.truncate(session / "packets.lbcap", 1000)
        end = b""
        while piece := peer.recv(1_000_000):
            end = (end + piece)[-5:]
    # The piece of no length, which would say that it is whole, has not come.
    assert end != b"0\r\n\r\n"
    wait_until_let_go(daemon, session)


def test_one_that_ends_meanwhile_is_let_go(daemon, session):
    """The daemon's end waits for no download."""
    os.truncate(session / "packets.lbcap", 100_000_000)
    with begun(daemon):
        status, log = daemon.stop()
    assert status == 0, log


@pytest.mark.skipif(os.environ.get("LINKBANDD_TEST_ALL") != "yes", reason="a minute long: scripts/test --all")
def test_beyond_4_gib_it_is_zip64(daemon, session, tmp_path):
    """A file beyond 4 GiB, and others behind it, on the disk of both sides but holes."""
    size = 4 * GIB + 12345
    with (session / "packets.lbcap").open("r+b") as file:
        file.truncate(size)
        file.seek(size - 5)
        file.write(b"its e")
    copy = tmp_path / "copy.zip"
    with ask(daemon) as answer, copy.open("wb") as file:
        while piece := answer.read(GIB // 64):
            if piece.strip(b"\0"):
                file.write(piece)
            else:
                file.seek(len(piece), os.SEEK_CUR)
    archive = zipfile.ZipFile(copy)
    info = archive.getinfo(f"{NAME}/packets.lbcap")
    assert info.file_size == info.compress_size == size
    assert archive.testzip() is None
    with archive.open(info) as file:
        file.seek(size - 5)
        assert file.read() == b"its e"
    for name in ("eeg.csv", "session.json", "session.bdf"):
        assert archive.read(f"{NAME}/{name}") == (session / name).read_bytes()
