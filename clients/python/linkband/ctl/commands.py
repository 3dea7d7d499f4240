"""What linkbandctl's subcommands do, but for those of recordings."""

import contextlib
import json
import re
import sys
from typing import Any, Dict, List, Optional, Sequence

from .._generated import Sensor
from ..blocks import Block
from ..client import AsyncBand
from ..errors import CommandError, Error
from ..queues import Stream
from ..tool import Arguments

ALL: List[Sensor] = ["eeg", "ppg", "acc", "bat"]
# What is read on, while whoever reads the lines is slow.
BLOCKS_HELD = 4096


def put(line: str) -> None:
    print(line, flush=True)


def compact(data: object) -> str:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def words(text: str) -> None:
    """Only for who watches: a terminal."""
    if sys.stderr and sys.stderr.isatty():
        print(text, file=sys.stderr)


def shown(value: object) -> str:
    """What isn't known is a dash, so that columns stay."""
    return "-" if value is None else str(value)


async def status(band: AsyncBand, arguments: Arguments) -> None:
    info: Any = await band.check_device_connection()
    streaming: Any = await band.get_streaming_status()
    recording = await band.get_recording_status()
    if arguments.json:
        put(compact({"device_info": info, "streaming": streaming, "recording": recording}))
        return
    server = info["server"]
    put(f"daemon     {server['name']} {server['version']}, protocol {server['protocol']}")
    streams = {one["device_id"]: one for one in streaming["devices"]}
    for one in info["devices"] or [info]:
        put_band(one, streams.get(one["device_id"], streaming))
    put(f"recording  {recording['session_id'] if recording['is_recording'] else 'no'}")


def put_band(info: Any, streaming: Any) -> None:
    link = info["link"] if info["link"] not in ("idle", "disconnecting") else "not connected"
    put(f"band       {shown(info['device_id'])} {shown(info['address'])} {link}")
    put(f"battery    {shown(info['battery_level'])} %")
    put(f"signal     {shown(info['signal_strength'])} dBm")
    put(f"streaming  {streaming['state']} {','.join(streaming['sensors'])}".rstrip())


def put_devices(devices: List[Any], as_json: bool) -> None:
    for device in devices:
        put(compact(device) if as_json else
            "\t".join(shown(device[key]) for key in ("device_id", "address", "rssi", "name")))


async def scan(band: AsyncBand, arguments: Arguments) -> None:
    words(f"scanning for {arguments.duration:g} s")
    put_devices((await band.scan_devices(duration=arguments.duration))["devices"], arguments.json)


def reach(given: str) -> Dict[str, str]:
    """The parameter by which a band is meant."""
    is_address = re.fullmatch(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}", given)
    return {"address" if is_address else "device_id": given}


async def connect_bands(band: AsyncBand, arguments: Arguments) -> None:
    """One after the other; what is refused keeps none of the others back."""
    refused: Optional[CommandError] = None
    for given in arguments.ids or [await strongest(band)]:
        words(f"connecting {given}")
        try:
            data: Dict[str, Any] = {**await band.connect_device(**reach(given))}
            put("\t".join(shown(data[key]) for key in ("device_id", "address", "battery_level", "firmware_version")))
        except CommandError as error:
            refused = refused or error
    if refused:
        raise refused


async def strongest(band: AsyncBand) -> str:
    """Of the band that is connected already, else of the strongest in reach."""
    info = await band.check_device_connection()
    if info["connected"] and info["address"]:
        return info["address"]
    words("scanning for 5 s")
    devices = (await band.scan_devices(duration=5))["devices"]
    if not devices:
        raise CommandError("connect", "DEVICE_NOT_FOUND", "no band was seen: switch it on and bring it near", {})
    return devices[0]["address"]


async def disconnect_bands(band: AsyncBand, arguments: Arguments) -> None:
    for one in (await band.disconnect_device(device_id=arguments.ids or None))["devices"]:
        if not one["success"]:
            raise CommandError("disconnect", one["error_code"], f"{one['device_id']}: {one['message']}", {})


async def stream(band: AsyncBand, arguments: Arguments) -> None:
    """Of the bands that don't stream those that it has started it stops again."""
    running: List[Any] = [*(await band.get_streaming_status(device_id=arguments.device))["devices"]]
    idle: List[str] = [one["device_id"] for one in running if one["state"] == "idle"]
    if arguments.csv and len(running) > 1:
        names = ", ".join(one["device_id"] for one in running)
        raise CommandError("stream", "INVALID_PARAMETERS", f"--csv is of one band: --device names one of {names}", {})
    streamed = {sensor for one in running for sensor in one["sensors"]}
    sensors: List[Sensor] = arguments.sensors or (ALL if idle or not running else [s for s in ALL if s in streamed])
    for one in running:
        refuse_absent(one, sensors if arguments.sensors else one["sensors"])
    blocks = band.stream(*sensors, device_id=running[0]["device_id"] if arguments.device else None, limit=BLOCKS_HELD)
    try:
        if idle or not running:
            await band.start_streaming(sensors=sensors, device_id=idle or None)
        await put_blocks(blocks, arguments.csv, arguments.lines)
    finally:
        if blocks.lost or blocks.missed:
            words(f"{blocks.lost} samples were lost on the way from the band, {blocks.missed} messages after that")
        if idle:
            with contextlib.suppress(Error):
                await band.stop_streaming(device_id=idle)


def refuse_absent(running: Any, sensors: Sequence[str]) -> None:
    absent = [sensor for sensor in sensors if sensor not in running["sensors"]]
    if running["state"] != "idle" and absent:
        raise CommandError("stream", "STREAMING_ERROR", f"{','.join(absent)} is not in the stream that runs, which has "
                           f"{','.join(running['sensors'])}: stop that first, or leave it out", {})


async def put_blocks(blocks: Stream, csv: bool, limit: Optional[int]) -> None:
    left = limit
    headed = False
    async for block in blocks:
        lines = csv_lines(block) if csv else [compact(block.message)]
        if csv and not headed:
            put(",".join(block.values[0]))
            headed = True
        for line in lines[:left]:
            put(line)
        if left is not None:
            left -= len(lines)
            if left <= 0:
                return


def csv_lines(block: Block) -> List[str]:
    return [",".join(str(int(value) if isinstance(value, bool) else value) for value in sample.values())
            for sample in block.values]


async def mark(band: AsyncBand, arguments: Arguments) -> None:
    put(str((await band.insert_marker(arguments.label, device_id=arguments.device))["timestamp"]))


async def events(band: AsyncBand, arguments: Arguments) -> None:
    left = arguments.lines
    async for event in band.events():
        if event["event_type"] == "connection_lost":
            continue
        put(compact(event))
        if left is not None:
            left -= 1
            if left == 0:
                return


async def wait(band: AsyncBand, arguments: Arguments) -> None:
    changes = band.events()
    while not any(reached(one, arguments.state) for one in meant(band, arguments.device)):
        await changes.__anext__()


def meant(band: AsyncBand, given: Optional[str]) -> List[Any]:
    return [one for one in band.devices.values() if given in (None, one["device_id"], one["address"])]


def reached(info: Dict[str, Any], state: str) -> bool:
    return bool(info["connected"] if state == "connected" else info["is_streaming"])
