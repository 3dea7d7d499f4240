"""A private bus, the fake org.bluez on it and the probe of the backend, as three processes."""

import json
import os
import pathlib
import queue
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("BUILD", HERE.parent.parent / "build"))

HCI0, HCI1 = "/org/bluez/hci0", "/org/bluez/hci1"
ADAPTER, DEVICE, BATTERY = "org.bluez.Adapter1", "org.bluez.Device1", "org.bluez.Battery1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
# The path as BlueZ makes it: bleak 0.22 takes the first 37 characters of a characteristic's for the device's.
BAND = "/org/bluez/hci0/dev_C0_11_22_33_44_51"
ADDRESS, NAME = "C0:11:22:33:44:51", "LXB-TEST0001"

# Coarse: only a hang is meant to run into it.
LIMIT = 90

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
<allow send_destination="org.freedesktop.DBus"/>{more}</policy></busconfig>
"""


class Bus:
    def __init__(self, folder):
        self.socket = folder / "bus"
        self.config = folder / "bus.conf"
        self.address = f"unix:path={self.socket}"
        self.process = None
        self.start()

    def start(self, more=""):
        self.socket.unlink(missing_ok=True)
        self.config.write_text(CONFIG.format(socket=self.socket, more=more))
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.config}", "--nofork", "--nopidfile", "--print-address"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.process.stdout.readline()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


class Fake:
    """fake.connect(…) runs Fake.do_connect(…) of fake_bluez.py."""

    def __init__(self, address):
        self.process = subprocess.Popen(["/usr/bin/python3", HERE / "fake_bluez.py", address], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __getattr__(self, command):
        def do(**parameters):
            self.process.stdin.write(json.dumps({"do": command, **parameters}) + "\n")
            self.process.stdin.flush()
            answer = json.loads(self.process.stdout.readline())
            assert "error" not in answer, answer
            return answer["result"]
        return do

    def called(self, member):
        return sum(call[0] == member for call in self.calls())

    def has_band(self, adapter=HCI0, gatt=True, **more):
        self.device(path=BAND, adapter=adapter, address=ADDRESS, name=NAME, **more)
        if gatt:
            self.gatt(device=BAND)

    def hears_band(self, rssi=-60):
        self.change(path=BAND, interface=DEVICE, changed={"RSSI": {"n": rssi}})

    def loses_band(self):
        self.change(path=BAND, interface=DEVICE, changed={"ServicesResolved": False, "Connected": False})

    def has_power(self, on, adapter=HCI0):
        self.change(path=adapter, interface=ADAPTER, changed={"Powered": on, "Discovering": False})

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Probe:
    def __init__(self, address, *options, fake=None):
        self.fake = fake
        self.process = subprocess.Popen([BUILD / "bluez_probe", "--bus", address, *options], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = queue.Queue()
        self.said = []
        self.log = []
        self.let_go = False
        self.readers = [threading.Thread(target=self.read_lines, daemon=True),
                        threading.Thread(target=self.read_log, daemon=True)]
        for reader in self.readers:
            reader.start()

    def read_lines(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def read_log(self):
        self.log.extend(self.process.stderr)

    def tell(self, command):
        """What the bus has told comes first: it and this come by two ways."""
        if self.fake and self.fake.process.poll() is None:
            self.fake.settle()
        self.let_go = command == "destroy"
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait(self, start, limit=LIMIT):
        """The next line that begins so; those before it are passed over, and kept in `said`."""
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            try:
                line = self.lines.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                raise AssertionError(f"the probe ended, waiting for {start!r}; log: {self.log[-20:]}")
            self.said.append(line)
            if line.startswith(start):
                return line
        raise AssertionError(f"no {start!r} in {limit} s; last {self.said[-8:]}, log {self.log[-20:]}")

    def is_quiet(self, start, seconds):
        """Nothing that begins so comes in this time."""
        try:
            self.wait(start, seconds)
        except AssertionError:
            return True
        return False

    def ready(self):
        return self.wait("bluetooth 1 1")

    def connect(self, address=ADDRESS, name=NAME):
        self.tell(f"connect {address} {name}")
        return self.wait("connected")

    def notify(self, sensor, on=True):
        self.tell(f"notify {sensor} {'on' if on else 'off'}")
        return self.wait(f"notified {sensor}")

    def resources(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return rss, len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_ticks(self):
        """In user and kernel, 100 a second."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def is_sanitized(self):
        return b"__asan_init" in (BUILD / "bluez_probe").read_bytes()

    def stop(self):
        """Lets go and ends by itself; what it leaks, a sanitizer's build says by its exit status."""
        if not self.let_go and self.process.poll() is None:
            self.tell("destroy")
        try:
            status = self.process.wait(LIMIT)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for reader in self.readers:
                reader.join(LIMIT)
            for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
                stream.close()
        assert status == 0, self.log[-40:]


def wait_until(fact, limit=LIMIT):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if fact():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to be")
