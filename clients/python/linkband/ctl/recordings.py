"""linkbandctl's subcommands of recordings."""

import asyncio
import http.client
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, AsyncIterator, Dict, List, Optional

from .._generated import Session
from ..client import AsyncBand
from ..connection import REASONS
from ..errors import CommandError, ConnectionLost, NotReachable, Rejected
from ..tool import Arguments, say
from .commands import compact, put, shown, words

# Of which something is still being made.
UNFINISHED = ("recording", "recorded")
# Between two looks whether it is, s.
FIRST_LOOK, LAST_LOOK = 0.05, 1.0
CHUNK = 1 << 16
# Without a byte of a download for so long, s, it is given up.
PATIENCE = 60


async def start(band: AsyncBand, arguments: Arguments) -> None:
    data = await band.start_recording(session_name=arguments.name, sensors=arguments.sensors,
                                      formats=arguments.formats, duration=arguments.duration,
                                      participant=arguments.participant, task=arguments.task, notes=arguments.notes,
                                      device_id=arguments.device)
    put(data["session_id"])


async def stop(band: AsyncBand, arguments: Arguments) -> None:
    if not (await band.get_recording_status())["is_recording"]:
        say("nothing is recorded")
        return
    await put_whole(band, (await band.stop_recording())["session_id"])


async def keep(band: AsyncBand, arguments: Arguments) -> None:
    data = await band.keep_recent(minutes=arguments.minutes, device_id=arguments.device, session_name=arguments.name,
                                  sensors=arguments.sensors, formats=arguments.formats,
                                  participant=arguments.participant, task=arguments.task, notes=arguments.notes)
    await put_whole(band, data["session_id"])


async def put_whole(band: AsyncBand, session_id: Optional[str]) -> None:
    """Prints it once all that is made of it afterwards is there, or isn't: then it is told why."""
    assert session_id
    words("waiting for its files")
    pause = FIRST_LOOK
    while (session := await found(band, session_id))["state"] in UNFINISHED:
        await asyncio.sleep(pause)
        pause = min(2 * pause, LAST_LOOK)
    put(session_id)
    if session["problem"]:
        raise CommandError("record stop", "RECORDING_ERROR", session["problem"], {})


async def status(band: AsyncBand, arguments: Arguments) -> None:
    data = await band.get_recording_status()
    if arguments.json:
        put(compact(data))
        return
    put(f"recording  {'yes' if data['is_recording'] else 'no'}")
    put(f"session    {shown(data['session_id'])}")
    put(f"path       {shown(data['path'])}")
    put(f"duration   {data['duration']:g} s")
    put(f"bytes      {data['bytes']}")


async def sessions(band: AsyncBand) -> AsyncIterator[Session]:
    before = None
    while True:
        page = await band.list_recordings(limit=50, before=before)
        for session in page["sessions"]:
            yield session
            before = session["session_id"]
        if not page["more"]:
            return


async def ls(band: AsyncBand, arguments: Arguments) -> None:
    async for one in sessions(band):
        put(compact(one) if arguments.json else
            f"{one['session_id']}\t{one['state']}\t{one['duration']:g} s\t{one['bytes']}\t{','.join(one['sensors'])}")


async def rm(band: AsyncBand, arguments: Arguments) -> None:
    for session in arguments.sessions:
        await band.delete_recording(session)


async def get(band: AsyncBand, arguments: Arguments) -> None:
    session = await found(band, arguments.session)
    files = files_of(session)
    for name in arguments.files:
        if name not in files:
            raise CommandError("recordings get", "INVALID_PARAMETERS", f"{session['session_id']} has no file {name}, "
                               f"only {', '.join(files)}", {})
    # No client is needed any more: its place is free while the files come.
    await band.close()
    folder = arguments.directory / session["session_id"]
    for name in arguments.files or files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        download(arguments, session["session_id"], name, folder)
    if session["state"] in UNFINISHED:
        say(f"not all of it was there yet: it is {session['state']}")
    put(str(folder))


def files_of(session: Session) -> List[str]:
    """Those of several bands with their folder before them."""
    own = [f"{one['folder']}/{file}" for one in session.get("bands", []) for file in one["files"]]
    return [*session["files"], *own]


async def found(band: AsyncBand, session_id: str) -> Session:
    async for session in sessions(band):
        if session["session_id"] == session_id:
            return session
    raise CommandError("recordings get", "INVALID_PARAMETERS",
                       f"there is no recording {session_id}: see linkbandctl recordings ls", {})


def http_address(url: str, path: str) -> str:
    """Of a path beside the WebSocket, the token in the query kept."""
    parts = urllib.parse.urlsplit(url)
    base = parts.path[:-len("/ws")] if parts.path.endswith("/ws") else parts.path.rstrip("/")
    scheme = "https" if parts.scheme == "wss" else "http"
    return urllib.parse.urlunsplit((scheme, parts.netloc, base + path, parts.query, ""))


def download(arguments: Arguments, session_id: str, name: str, folder: pathlib.Path) -> None:
    """Into a name of its own until it is whole."""
    address = http_address(arguments.url, f"/recordings/{urllib.parse.quote(session_id)}/{urllib.parse.quote(name)}")
    headers: Dict[str, str] = {"Authorization": f"Bearer {arguments.token}"} if arguments.token else {}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    part = folder / (name + ".part")
    try:
        with opener.open(urllib.request.Request(address, headers=headers), timeout=PATIENCE) as answer:
            save(answer, part, name)
    except urllib.error.HTTPError as error:
        raise refusal(error, name) from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise NotReachable(1006, f"{name} did not come: {error}") from None
    part.replace(folder / name)


def refusal(error: urllib.error.HTTPError, name: str) -> Exception:
    if error.code in (401, 403):
        return Rejected(error.code, f"{error.code}: {REASONS[error.code]}")
    if error.code == 503:
        return NotReachable(1013, f"503: {name} can't be had now")
    return CommandError("recordings get", "RECORDING_ERROR", f"{name}: {error.code} {error.reason}", {})


def save(answer: Any, part: pathlib.Path, name: str) -> None:
    size = int(answer.headers["Content-Length"])
    come = 0
    with open(part, "wb") as file:
        while chunk := answer.read(CHUNK):
            file.write(chunk)
            come += len(chunk)
            progress(name, come, size)
    if come != size:
        raise ConnectionLost(1006, f"{name} broke off after {come} of {size} bytes")


def progress(name: str, come: int, size: int) -> None:
    if sys.stderr and sys.stderr.isatty():
        print(f"\r{name} {100 * come // size} %", end="\n" if come == size else "", file=sys.stderr)
