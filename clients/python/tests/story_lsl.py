"""What test_lsl.py runs in a network of its own: daemon, linkband-lsl and, by the real liblsl, who listens.

usage: story_lsl.py SECONDS
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import conftest
import linkband
from linkband.lsl.library import Channel, Outlet, load
from peers import Daemon

SECONDS = float(sys.argv[1])
ADDRESS, OTHER = "AA:BB:CC:DD:EE:FF", "AA:BB:CC:DD:EE:01"
WIDTHS = {"EEG": 4, "PPG": 2, "Accelerometer": 3}
SENSORS = {"EEG": "eeg", "PPG": "ppg", "Accelerometer": "acc"}
lsl = load()
lsl.lsl_resolve_byprop.restype = ctypes.c_int
lsl.lsl_resolve_byprop.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_uint, ctypes.c_char_p, ctypes.c_char_p,
                                   ctypes.c_int, ctypes.c_double]
lsl.lsl_pull_chunk_f.restype = ctypes.c_ulong
lsl.lsl_pull_chunk_f.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong,
                                 ctypes.c_double, ctypes.POINTER(ctypes.c_int)]
lsl.lsl_get_fullinfo.restype = ctypes.c_void_p
lsl.lsl_get_fullinfo.argtypes = [ctypes.c_void_p, ctypes.c_double, ctypes.POINTER(ctypes.c_int)]
lsl.lsl_get_xml.restype = ctypes.c_char_p
lsl.lsl_get_xml.argtypes = [ctypes.c_void_p]


def resolve(kind, timeout=60):
    found = (ctypes.c_void_p * 8)()
    count = lsl.lsl_resolve_byprop(found, 8, b"type", kind.encode(), 1, timeout)
    assert count >= 1, f"no stream of type {kind}"
    return found[0]


class Listener:
    """All samples of a stream, with their stamps."""

    def __init__(self, kind):
        info = resolve(kind)
        self.source_id = lsl.lsl_get_source_id(info).decode()
        self.name = lsl.lsl_get_name(info).decode()
        error = ctypes.c_int(0)
        self.width = WIDTHS[kind]
        self.inlet = lsl.lsl_create_inlet(info, 360, 0, 1)
        self.xml = lsl.lsl_get_xml(lsl.lsl_get_fullinfo(self.inlet, 30, ctypes.byref(error))).decode()
        lsl.lsl_open_stream(self.inlet, 30, ctypes.byref(error))
        assert error.value == 0
        self.stamps, self.rows = [], []

    def pull(self):
        room = 1024
        data, stamps, error = (ctypes.c_float * (room * self.width))(), (ctypes.c_double * room)(), ctypes.c_int(0)
        while True:
            n = lsl.lsl_pull_chunk_f(self.inlet, data, stamps, room * self.width, room, 0.0, ctypes.byref(error))
            count = n // self.width
            self.stamps += stamps[:count]
            self.rows += [tuple(data[i * self.width:(i + 1) * self.width]) for i in range(count)]
            if count < room:
                return


def until(what, told, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def hold(listener, blocks, kind, offset):
    """Each sample that the listener got is one of the client's, in order, none twice, none left out between the first
    and the last, its stamp within a millisecond."""
    sensor = SENSORS[kind]
    sent = [(sample["timestamp"] / 1e3 + offset, sample) for block in blocks if block.sensor == sensor
            for sample in block.values]
    assert listener.stamps, kind
    first = min(range(len(sent)), key=lambda i: abs(sent[i][0] - listener.stamps[0]))
    part = sent[first:first + len(listener.stamps)]
    assert len(part) == len(listener.stamps), (kind, len(part), len(listener.stamps))
    worst = max(abs(stamp - there) for stamp, (there, _) in zip(listener.stamps, part))
    assert worst < 1e-3, (kind, worst)
    scale = 16384 if sensor == "acc" else 1
    for row, (_, sample) in zip(listener.rows, part):
        values = [float(value) for key, value in sample.items() if key != "timestamp"]
        assert all(abs(a * scale - b) < 1e-3 + abs(b) * 1e-6 for a, b in zip(row, values)), (row, sample)
    return len(part), worst


def collect(band, blocks, ended):
    for block in band.stream("eeg", "ppg", "acc", limit=100000, lasting=True):
        blocks.append(block)
        if ended.is_set():
            return


def main(daemon, bridge_of, words):
    markers = Outlet(lsl, "Paradigm", "Markers", "paradigm-1", [Channel("label", "", "Marker")], 0.0, {})
    bridge = bridge_of()
    threading.Thread(target=lambda: words.extend(bridge.stderr), daemon=True).start()
    blocks, ended = [], threading.Event()
    with linkband.Band(daemon.url) as band:
        until(lambda: band.check_device_connection()["clients_connected"] == 2, "linkband-lsl does not connect")
        threading.Thread(target=collect, args=(band, blocks, ended), daemon=True).start()
        events = band.events()
        band.connect_device(address=ADDRESS)
        listeners = {kind: Listener(kind) for kind in WIDTHS}
        for kind, listener in listeners.items():
            device = band.device_info["device_id"]
            assert listener.name == f"LinkBand {device}"
            assert listener.source_id == f"linkband_{device}_{SENSORS[kind]}"
            assert "<label>" in listener.xml and "<unit>" in listener.xml and "clock_error_s" in listener.xml
        # Markers out.
        error, text = ctypes.c_int(0), (ctypes.c_char_p * 1)()
        heard = lsl.lsl_create_inlet(next(one for one in [resolve_by("name", "LinkBand Markers")]), 360, 0, 1)
        lsl.lsl_open_stream(heard, 30, ctypes.byref(error))
        # An inlet whose connection broke, as on a busy machine, has not heard what was said meanwhile.
        for _ in range(5):
            set_ms = band.insert_marker("from the daemon")["timestamp"]
            stamp = lsl.lsl_pull_sample_str(heard, text, 1, 10.0, ctypes.byref(error))
            if text[0]:
                break
        assert text[0].decode() == "from the daemon"
        # Markers in: told once, and not back.
        until(lambda: any("Paradigm" in line for line in words), "its markers are not taken")
        at = lsl.lsl_local_clock()
        until(lambda: markers_reach(markers, at), "nobody listens")
        event = next(one for one in events if one["event_type"] == "marker" and one["data"]["label"] == "from LSL")
        offset = lsl.lsl_local_clock() - time.time() + (band.get_streaming_status()["utc_error_ms"] or 0) / 1e3
        assert abs(stamp - (set_ms / 1e3 + offset)) < 1e-3
        assert abs(event["data"]["timestamp"] / 1e3 + offset - at) < 1e-3
        assert lsl.lsl_pull_sample_str(heard, text, 1, 0.5, ctypes.byref(error)) == 0, "the marker came back"
        # The band is lost and comes back, by itself.
        events = band.events()
        next(one for one in events if one["event_type"] == "stream_started" and one["data"]["resumed"])
        begun = time.monotonic()
        while time.monotonic() - begun < SECONDS:
            for listener in listeners.values():
                listener.pull()
            time.sleep(0.05)
        ended.set()
        seen = list(blocks)
        last = {kind: max(b.values[-1]["timestamp"] for b in seen if b.sensor == SENSORS[kind]) / 1e3 + offset
                for kind in WIDTHS}
        until(lambda: pulled(listeners, last), "the last samples do not come")
        for kind, listener in listeners.items():
            while listener.stamps[-1] > last[kind] + 1e-3:
                listener.stamps.pop(), listener.rows.pop()
            count, worst = hold(listener, seen, kind, offset)
            holes = sum(1 for block in seen if block.sensor == SENSORS[kind] and block.lost)
            print(f"{kind}: {count} samples, each once, stamps off by at most {worst * 1e6:.0f} us; {holes} holes")
        other = band.connect_device(address=OTHER)["device_id"]
        for sensor in SENSORS.values():
            resolve_by("source_id", f"linkband_{other}_{sensor}")
    bridge.send_signal(signal.SIGTERM)
    assert bridge.wait(30) == 143, words
    assert any("on LSL's clock to" in line for line in words), words
    markers.close()


def resolve_by(what, name):
    found = (ctypes.c_void_p * 8)()
    assert lsl.lsl_resolve_byprop(found, 8, what.encode(), name.encode(), 1, 60.0) == 1, name
    return found[0]


def markers_reach(outlet, at):
    """Pushed once somebody listens."""
    lsl.lsl_have_consumers.restype = ctypes.c_int
    lsl.lsl_have_consumers.argtypes = [ctypes.c_void_p]
    if not lsl.lsl_have_consumers(outlet._outlet):
        return False
    outlet.push_text("from LSL", at)
    return True


def pulled(listeners, last):
    for kind, listener in listeners.items():
        listener.pull()
    return all(listener.stamps and listener.stamps[-1] >= last[kind] - 1e-3 for kind, listener in listeners.items())


def run():
    drops = "+".join(f"{at}:1" for at in range(10, 90, 10))
    daemon = Daemon("--backend", "sim", "--max-bands", "2", "--sim",
                    f"seed=1,radio=fast,loss=0.02,bands=2,drop-at={drops}")
    started = []

    def bridge():
        started.append(subprocess.Popen(
            [sys.executable, "-m", "linkband.lsl", "--start", "--markers-from", "Paradigm"], stderr=subprocess.PIPE,
            text=True, env={**os.environ, "LINKBAND_URL": daemon.url, "PYTHONPATH": str(conftest.PACKAGE)}))
        return started[0]

    words = []
    try:
        main(daemon, bridge, words)
    except BaseException:
        print("".join(words), file=sys.stderr)
        raise
    finally:
        for process in [*started, daemon.process]:
            process.kill()


run()
