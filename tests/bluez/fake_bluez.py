#!/usr/bin/python3
"""A fake org.bluez on a private bus, to be told how to behave.

One JSON object a line on stdin is a command, each answered by one JSON line on stdout; see Fake's
methods named do_*. Objects stand where no path could be guessed. Every method call it gets is kept
in `calls`. What a method does can be replaced once or for good (`on`): an error, no reply, a late
reply. Uses dbus-python's low level only: types and orders are under full control.
"""

import collections
import contextlib
import json
import os
import socket
import sys
import time

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

ADAPTER, DEVICE, BATTERY = "org.bluez.Adapter1", "org.bluez.Device1", "org.bluez.Battery1"
SERVICE, CHARACTERISTIC = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
MANAGER, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"

# name: (service, characteristic, value read)
GATT = {
    "eeg": ("df7b5d95-3afe-00a1-084c-b50895ef4f95", "00ab4d15-66b4-0d8a-824f-8d6f8966c6e5", b""),
    "control": ("df7b5d95-3afe-00a1-084c-b50895ef4f95", "0065cacb-9e52-21bf-a849-99a80d83830e", b""),
    "ppg": ("1cc50ec0-6967-9d84-a243-c2267f924d1f", "6c739642-23ba-818b-2045-bfe8970263f6", b""),
    "acc": ("75c276c3-8f97-20bc-a143-b354244886d4", "d3d46a35-4394-e9aa-5a43-e7921120aaed", b""),
    "bat": ("0000180f-0000-1000-8000-00805f9b34fb", "00002a19-0000-1000-8000-00805f9b34fb", b"\x57"),
    "firmware": ("0000180a-0000-1000-8000-00805f9b34fb", "00002a26-0000-1000-8000-00805f9b34fb", b"1.2.3"),
}


def variant(value):
    """JSON to D-Bus: {"n": -60} is typed by hand, the rest by its kind."""
    if isinstance(value, dict):
        (kind, inner), = value.items()
        return {
            "n": dbus.Int16, "y": dbus.Byte, "o": dbus.ObjectPath, "q": dbus.UInt16, "u": dbus.UInt32,
            "ay": lambda text: dbus.Array(bytes.fromhex(text), signature="y"),
            "as": lambda items: dbus.Array(items, signature="s"),
        }[kind](inner)
    return dbus.Boolean(value) if isinstance(value, bool) else dbus.String(value) if isinstance(value, str) else value


class Fake:
    def __init__(self, address):
        self.bus = dbus.bus.BusConnection(address)
        self.objects = {}  # path: {interface: {property: D-Bus value}}
        self.rules = {}  # "Connect" or "Connect /path": list of behaviours, the last one stays if "always"
        self.calls = []
        self.fds = {}  # path of a characteristic: our end of its acquired socket
        self.late = []
        self.notifying = set()
        self.bus.add_message_filter(self.on_message)

    # ---- sending
    def signal(self, path, interface, member, signature, *args):
        message = dbus.lowlevel.SignalMessage(path, interface, member)
        message.append(*args, signature=signature)
        self.bus.send_message(message)

    def reply(self, call, signature=None, *args):
        message = dbus.lowlevel.MethodReturnMessage(call)
        if signature:
            message.append(*args, signature=signature)
        self.bus.send_message(message)

    def error(self, call, name, text=""):
        self.bus.send_message(dbus.lowlevel.ErrorMessage(call, name, text))

    def change(self, path, interface, changed, invalidated=()):
        self.objects.get(path, {}).get(interface, {}).update(changed)
        self.signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", interface, changed, list(invalidated))

    # ---- being called
    def on_message(self, _bus, message):
        if message.get_type() != 1 or message.get_interface() == "org.freedesktop.DBus.Peer":
            return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
        path, member = message.get_path(), message.get_member()
        args = message.get_args_list()
        self.calls.append([member, path, [bytes(a).decode("latin1") if isinstance(a, dbus.Array) and a.signature == "y" else str(a) for a in args]])
        rule = self.rule(member, path)
        if rule is None:
            self.behave(message, member, path, args)
        else:
            self.misbehave(rule, message, member, path, args)
        return dbus.lowlevel.HANDLER_RESULT_HANDLED

    def rule(self, member, path):
        for key in (f"{member} {path}", member):
            rules = self.rules.get(key)
            if rules:
                return rules[0] if rules[0].get("always") else rules.pop(0)
        return None

    def misbehave(self, rule, message, member, path, args):
        for change in rule.get("changes", []):
            self.do_change(**change)
        if "signature" in rule:  # a reply of another shape
            self.reply(message, rule["signature"], *rule["args"])
        elif rule.get("silent"):
            return
        elif "late" in rule:
            GLib.timeout_add(int(rule["late"] * 1000), lambda: self.behave(message, member, path, args) and False)
        elif "error" in rule:
            self.error(message, rule["error"], rule.get("text", ""))
        elif rule.get("ok"):
            self.reply(message)
        for change in rule.get("then", []):
            self.do_change(**change)

    def behave(self, message, member, path, args):
        if member == "GetManagedObjects":
            return self.reply(message, "a{oa{sa{sv}}}", self.objects)
        if path not in self.objects:
            return self.error(message, "org.freedesktop.DBus.Error.UnknownObject", "no such object")
        getattr(self, "on_" + member)(message, path, args)

    def on_SetDiscoveryFilter(self, message, _path, _args):
        self.reply(message)

    def on_StartDiscovery(self, message, path, _args):
        if not self.objects[path][ADAPTER]["Powered"]:
            return self.error(message, "org.bluez.Error.NotReady", "Resource Not Ready")
        if self.objects[path][ADAPTER]["Discovering"]:
            return self.error(message, "org.bluez.Error.InProgress", "Operation already in progress")
        self.reply(message)
        self.change(path, ADAPTER, {"Discovering": dbus.Boolean(True)})

    def on_StopDiscovery(self, message, path, _args):
        if not self.objects[path][ADAPTER]["Discovering"]:
            return self.error(message, "org.bluez.Error.Failed", "No discovery started")
        self.change(path, ADAPTER, {"Discovering": dbus.Boolean(False)})
        self.reply(message)

    def on_RemoveDevice(self, message, _path, args):
        device = str(args[0])
        self.reply(message)
        self.do_remove(device)

    def on_Connect(self, message, path, _args):
        self.change(path, DEVICE, {"Connected": dbus.Boolean(True)})
        self.reply(message)
        self.change(path, DEVICE, {"ServicesResolved": dbus.Boolean(True)})

    def on_Disconnect(self, message, path, _args):
        if not self.objects[path][DEVICE]["Connected"]:
            return self.error(message, "org.bluez.Error.NotConnected", "Not Connected")
        self.reply(message)
        self.change(path, DEVICE, {"ServicesResolved": dbus.Boolean(False)})
        self.change(path, DEVICE, {"Connected": dbus.Boolean(False)})

    def on_ReadValue(self, message, path, _args):
        self.reply(message, "ay", self.objects[path][CHARACTERISTIC]["Value"])

    def on_WriteValue(self, message, _path, _args):
        self.reply(message)

    def on_StartNotify(self, message, path, _args):
        self.notifying.add(path)
        self.reply(message)

    def on_StopNotify(self, message, path, _args):
        if path not in self.notifying:
            return self.error(message, "org.bluez.Error.Failed", "No notify session started")
        self.notifying.discard(path)
        self.reply(message)

    def on_AcquireNotify(self, message, path, _args):
        if path in self.notifying:
            return self.error(message, "org.bluez.Error.InProgress", "In Progress")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.do_hangup(path)
        self.fds[path] = ours
        self.reply(message, "hq", dbus.types.UnixFd(theirs), dbus.UInt16(517))
        theirs.close()

    # ---- being told
    def do_own(self, replace=False):
        flags = dbus.bus.NAME_FLAG_DO_NOT_QUEUE | dbus.bus.NAME_FLAG_ALLOW_REPLACEMENT
        self.bus.request_name("org.bluez", flags | (dbus.bus.NAME_FLAG_REPLACE_EXISTING if replace else 0))

    def do_disown(self):
        self.bus.release_name("org.bluez")

    def do_add(self, path, interfaces, quiet=False):
        typed = {i: dbus.Dictionary({k: variant(v) for k, v in p.items()}, signature="sv") for i, p in interfaces.items()}
        self.objects.setdefault(path, dbus.Dictionary({}, signature="sa{sv}")).update(typed)
        if not quiet:
            self.signal("/", MANAGER, "InterfacesAdded", "oa{sa{sv}}", path, typed)

    def do_adapter(self, path, address, powered=True, quiet=False):
        self.do_add(path, {ADAPTER: {"Address": address, "Powered": powered, "Discovering": False}}, quiet)

    def do_device(self, path, adapter, address, name=None, rssi=-60, connected=False, resolved=False, quiet=False, more=None):
        properties = {"Adapter": {"o": adapter}, "Address": address, "Connected": connected, "ServicesResolved": resolved}
        if name:
            properties["Name"] = properties["Alias"] = name
        if rssi:
            properties["RSSI"] = {"n": rssi}
        properties.update(more or {})
        self.do_add(path, {DEVICE: properties}, quiet)

    def do_gatt(self, device, only=None, quiet=False, guessable=False):
        """`guessable`: at the paths where BlueZ has them, for those who read handles off these."""
        for number, (key, (service, uuid, value)) in enumerate(GATT.items(), 1):
            if only is not None and key not in only:
                continue
            service_path = f"{device}/service{service[4:8]}" if guessable else f"/s/{service[:8]}{device}"
            path = f"{service_path}/char{number:04x}" if guessable else f"/c/{key}{device}"
            self.do_add(service_path, {SERVICE: {"UUID": service, "Device": {"o": device}, "Primary": True}}, quiet)
            flags = ["write"] if key == "control" else ["read", "notify"]
            properties = {"UUID": uuid, "Service": {"o": service_path}, "Value": {"ay": value.hex()}, "Flags": {"as": flags}}
            self.do_add(path, {CHARACTERISTIC: properties}, quiet)

    def do_remove(self, path, interfaces=None):
        gone = interfaces or list(self.objects.get(path, {}))
        for interface in gone:
            self.objects.get(path, {}).pop(interface, None)
        if not self.objects.get(path):
            self.objects.pop(path, None)
        self.signal("/", MANAGER, "InterfacesRemoved", "oas", path, dbus.Array(gone, signature="s"))

    def do_change(self, path, interface, changed, invalidated=(), keep=True, told=True):
        typed = dbus.Dictionary({k: variant(v) for k, v in changed.items()}, signature="sv")
        if not told:  # true, but only for who asks
            self.objects[path][interface].update(typed)
        elif keep:
            self.change(path, interface, typed, invalidated)
        else:  # told, but not true
            self.signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", interface, typed, list(invalidated))

    def do_value(self, path, values):
        for value in values:
            self.signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", CHARACTERISTIC, {"Value": dbus.Array(bytes.fromhex(value), signature="y")}, [])

    def do_raw(self, path, interface, member, signature, args):
        self.signal(path, interface, member, signature, *args)

    def do_send_fd(self, path, values):
        for value in values:
            self.fds[path].send(bytes.fromhex(value))

    def do_paths(self, device):
        """{name in GATT: path} of its characteristics."""
        names = {uuid: key for key, (_, uuid, _) in GATT.items()}
        return {names[str(interfaces[CHARACTERISTIC]["UUID"])]: path for path, interfaces in self.objects.items()
                if CHARACTERISTIC in interfaces and path.startswith(device)}

    def do_play(self, rows):
        """Sends each row [seconds from now, path, value], earliest first, at its time, by the way that was subscribed."""
        begun = time.monotonic() + 0.05
        self.sent = []
        self.unsent = collections.deque((begun + seconds, path, bytes.fromhex(value)) for seconds, path, value in rows)
        self.play_due()

    def play_due(self):
        while self.unsent and self.unsent[0][0] <= time.monotonic():
            _, path, value = self.unsent.popleft()
            self.play_now(path, value)
        if self.unsent:
            GLib.timeout_add(max(1, round((self.unsent[0][0] - time.monotonic()) * 1000)), self.play_due)
        return False

    def play_now(self, path, value):
        if path in self.fds:
            self.sent.append(time.monotonic_ns())
            self.fds[path].send(value)
        else:
            message = dbus.lowlevel.SignalMessage(path, PROPERTIES, "PropertiesChanged")
            message.append(CHARACTERISTIC, {"Value": dbus.Array(value, signature="y")}, [], signature="sa{sv}as")
            self.sent.append(time.monotonic_ns())
            self.bus.send_message(message)

    def do_played(self):
        """When each row of `play` was sent, ns of CLOCK_MONOTONIC; none before all were."""
        return [] if self.unsent else self.sent

    def do_hangup(self, path):
        if path in self.fds:
            self.fds.pop(path).close()

    def do_half_close(self, path):
        """Nothing more will be written, but the socket stays open."""
        self.fds[path].shutdown(socket.SHUT_WR)

    def do_on(self, member, rules):
        self.rules[member] = rules

    def do_calls(self, clear=False):
        calls = list(self.calls)
        if clear:
            self.calls.clear()
        return calls

    def do_match_rules(self, name):
        """The rules of another connection, as the bus has them."""
        stats = self.bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.Debug.Stats", "GetAllMatchRules", "", ())
        return sum(len(rules) for owner, rules in stats.items() if owner == name)

    def do_clients(self):
        names = self.bus.call_blocking("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames", "", ())
        return [str(name) for name in names if name.startswith(":") and name != self.bus.get_unique_name()]

    def do_settle(self):
        """Returns once all on the bus have taken in what they were told: libdbus answers a ping in its turn."""
        with contextlib.suppress(dbus.DBusException):  # where the bus itself is gone, or a caller
            for name in self.do_clients():
                ping = dbus.lowlevel.MethodCallMessage(name, "/", "org.freedesktop.DBus.Peer", "Ping")
                self.bus.send_message_with_reply_and_block(ping, 5)

    def do_fds(self):
        return len(os.listdir("/proc/self/fd"))


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    fake = Fake(sys.argv[1])
    fake.bus.set_exit_on_disconnect(False)
    loop = GLib.MainLoop()

    def on_line(channel, _condition):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        command = json.loads(line)
        try:
            result = getattr(fake, "do_" + command.pop("do"))(**command)
            answer = {"result": result}
        except Exception as error:  # told to the test, which fails with it
            answer = {"error": repr(error)}
        fake.bus.flush()
        print(json.dumps(answer), flush=True)
        return True

    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
    loop.run()


main()
