"""A decoder of captures, written from the band's description alone, to hold the daemon's against.

It knows bytes, counts and ticks; it knows nothing of UTC. All integers, but for microvolts.
"""

import dataclasses
import struct

TICK_HZ = 32768
WRAP = 1 << 32
LATE_TICKS = 5 * TICK_HZ
SAMPLE_SIZE = {"eeg": 7, "ppg": 6, "acc": 6}
# Inside a packet, as measured on real bands. Any rate from 250 to 250.4 gives the same EEG gaps.
RATE = {"eeg": 250.2, "ppg": 49.88, "acc": 25.22}
MICROVOLTS_A_COUNT = 4.033 / 12 / (2**23 - 1) * 1e6


@dataclasses.dataclass
class Packet:
    sensor: str
    arrival: str  # seconds, as written
    tick: int
    samples: list  # of dicts of counts
    lost: int = 0


def signed24(raw):
    return int.from_bytes(raw, "big", signed=True)


def eeg_sample(raw):
    leadoff = raw[0]
    return {
        "ch1": signed24(raw[1:4]),
        "ch2": signed24(raw[4:7]),
        "leadoff_ch1": bool(leadoff & 0b0011),
        "leadoff_ch2": bool(leadoff & 0b1100),
    }


def ppg_sample(raw):
    return {"red": int.from_bytes(raw[0:3], "big"), "ir": int.from_bytes(raw[3:6], "big")}


def acc_sample(raw):
    return dict(zip("xyz", struct.unpack("<3h", raw)))


SAMPLE = {"eeg": eeg_sample, "ppg": ppg_sample, "acc": acc_sample}


def decode(sensor, payload):
    """The tick and the samples of a notification; None if it is not whole samples."""
    size = SAMPLE_SIZE[sensor]
    body = payload[4:]
    if len(body) < size or len(body) % size:
        return None
    tick = int.from_bytes(payload[:4], "little")
    return tick, [SAMPLE[sensor](body[i : i + size]) for i in range(0, len(body), size)]


def read(path):
    """The packets of a version 1 capture in the order they came, each with its `lost`."""
    last = {}
    packets = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#") or not line.strip():
                continue
            arrival, sensor, payload = line.split()
            if sensor not in SAMPLE or (decoded := decode(sensor, bytes.fromhex(payload))) is None:
                continue
            packet = Packet(sensor, arrival, *decoded)
            if before := last.get(sensor):
                step = packet.tick - before.tick
                if step < -WRAP // 2:
                    step += WRAP
                if -LATE_TICKS < step <= 0:
                    continue
                packet.lost = max(0, round(step / TICK_HZ * RATE[sensor] - len(before.samples)))
            last[sensor] = packet
            packets.append(packet)
    return packets


def microvolts(count):
    return count * MICROVOLTS_A_COUNT
