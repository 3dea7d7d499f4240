#!/usr/bin/python3
"""A Debian guest with systemd as init and a virtual Bluetooth controller, in QEMU, for tests of the package.

    Guest(build).run("commands", files=[…])

boots it, or resumes a snapshot of it booted (about 2 s), runs as root the function `main` of the commands and returns
what it printed. It may call `reboot_guest`; then `after_reboot` goes on. Nothing persists from one run to the next.

The image is made once (a minute or two; root, mmdebstrap, the Debian archive) and kept in the build directory under a
key of all that it is made of.
"""

import contextlib
import hashlib
import json
import lzma
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
PARTS = HERE / "guest"
TOOLS = ["mmdebstrap", "qemu-system-x86_64", "mkfs.ext4", "cpio", "depmod", "busybox", "dpkg-deb"]
PACKAGES = ["systemd", "systemd-sysv", "dbus", "bluez", "bluez-test-tools", "iproute2", "procps", "libnss-systemd",
            "python3", "python3-websockets", "mosquitto"]
LOADED = {
    "first": ["virtio_pci", "virtio_blk", "crc32c_intel", "ext4", "9pnet_virtio", "9p", "dummy"],
    # drbg, ctr and sha512 go before bluetooth: its self-test of ECDH wants them.
    "bluetooth": ["sha512_generic", "ctr", "drbg", "bluetooth", "hci_vhci", "cmac", "ecb", "algif_hash",
                  "algif_skcipher"],
}
APPEND = ("console=ttyS0 quiet panic=-1 reboot=t mitigations=off random.trust_cpu=on tsc=reliable nokaslr audit=0 "
          "cryptomgr.notests systemd.unit=multi-user.target systemd.show_status=0 systemd.gpt_auto=0 fstab=no "
          "systemd.machine_id=00000000000000000000000000005d5d")
INIT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for list in first bluetooth; do while read -r module; do insmod "/modules/$module"; done < /modules/$list; done 2>/dev/null
mount -t ext4 -o noatime /dev/vda /root || exec sh
for d in proc sys dev; do mount -o move /$d /root/$d; done
exec switch_root /root /lib/systemd/systemd
"""


def run(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, **options)


def output(*command):
    return run(*command, capture_output=True, text=True).stdout


def missing():
    """What keeps this machine from making a guest, or ""."""
    tools = [t for t in TOOLS if not shutil.which(t, path=os.environ["PATH"] + ":/sbin:/usr/sbin")]
    if tools:
        return f"not installed: {', '.join(tools)}"
    if os.geteuid() != 0:
        return "only root can make the guest's image"
    if os.uname().machine != "x86_64" or "ID=debian" not in pathlib.Path("/etc/os-release").read_text():
        return "the guest is made on Debian amd64"
    return ""


class Offline(Exception):
    """The Debian archive can't be reached, so nothing can be made of it; says why."""


def reach_the_archive():
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["apt-get", "download", "-qq", "hostname"], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Offline(f"the Debian archive can't be reached: {(done.stderr.strip() or '?').splitlines()[-1]}")


def codename():
    found = re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)
    return found[1] if found else ""


def sources(suite, scratch):
    """The machine's own sources of Debian packages, made to name the suite, as a file in scratch; none where it has none."""
    for place in (pathlib.Path("/etc/apt/sources.list.d/debian.sources"), pathlib.Path("/etc/apt/sources.list")):
        if place.exists() and codename() in place.read_text():
            (scratch / place.name).write_text(place.read_text().replace(codename(), suite))
            return [scratch / place.name]
    return []


def dependencies(debs):
    """Names of what the packages need besides each other, first alternatives."""
    text = ",".join(output("dpkg-deb", "-f", deb, "Depends") for deb in debs)
    return {re.split(r"[ (|]", d.strip())[0] for d in text.split(",") if d.strip()} - {pathlib.Path(deb).name.split("_")[0] for deb in debs}


def kernel_package():
    found = re.search(r"Depends: (linux-image-\S+)", output("apt-cache", "depends", "linux-image-amd64"))
    if not found:
        raise Offline("there is no list of Debian's packages here: apt-get update")
    return found[1]


class Guest:
    def __init__(self, build, debs, suite=None):
        self.suite = suite or codename()
        self.packages = sorted({*PACKAGES, *dependencies(debs)} - {"libc6"})
        self.kernel = kernel_package()
        made_of = [pathlib.Path(__file__), *sorted(PARTS.rglob("*"))]
        key = hashlib.sha256(json.dumps([self.packages, self.kernel, output("qemu-system-x86_64", "--version")]).encode())
        for path in made_of:
            if path.is_file():
                key.update(path.name.encode() + path.read_bytes())
        self.directory = pathlib.Path(build) / f"guest-{self.suite}" / key.hexdigest()[:16]
        if not (self.directory / "ram").exists():
            self.make()

    # -- making it

    def make(self):
        begun = time.monotonic()
        reach_the_archive()
        shutil.rmtree(self.directory.parent, ignore_errors=True)
        self.directory.mkdir(parents=True)
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            scratch = pathlib.Path(scratch)
            self.make_kernel(scratch)
            self.make_disk(scratch / "root", sources(self.suite, scratch))
        self.make_snapshot()
        print(f"guest made in {time.monotonic() - begun:.0f} s: {self.directory}")

    def make_kernel(self, scratch):
        run("apt-get", "download", "-qq", self.kernel, cwd=scratch)
        deb, = scratch.glob("linux-image-*.deb")
        version = self.kernel.removeprefix("linux-image-")
        tree = scratch / "kernel"
        tree.mkdir()
        run("dpkg-deb", "--extract", deb, tree)
        if not (tree / "lib").exists():  # Debian 13
            (tree / "lib").symlink_to("usr/lib")
        image = (tree / f"boot/vmlinuz-{version}").read_bytes()
        try:
            image = lzma.LZMADecompressor().decompress(image[image.find(b"\xfd7zXZ\x00"):])
        except lzma.LZMAError:
            pass  # Debian 13's is packed in another way: it unpacks itself, which takes longer
        (self.directory / "vmlinux").write_bytes(image)
        self.make_initrd(tree, version, scratch / "initrd")

    def make_initrd(self, tree, version, root):
        for name in ("bin", "proc", "sys", "dev", "root", "modules"):
            (root / name).mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), root / "bin/busybox")
        for applet in ("sh", "mount", "insmod", "switch_root"):
            (root / "bin" / applet).symlink_to("busybox")
        run("depmod", "-b", tree, version)
        for name, modules in LOADED.items():
            needed = []
            for module in modules:
                lines = output("modprobe", "-d", tree, "-S", version, "--show-depends", module)
                needed += [line.split()[1] for line in lines.splitlines() if line.startswith("insmod")]
            paths = [pathlib.Path(path) for path in dict.fromkeys(needed)]
            for path in paths:
                module = path.read_bytes()
                (root / "modules" / path.name.removesuffix(".xz")).write_bytes(
                    lzma.decompress(module) if path.suffix == ".xz" else module)
            names = [path.name.removesuffix(".xz") for path in paths]
            (root / "modules" / name).write_text("".join(f"{n}\n" for n in names))
        (root / "init").write_text(INIT)
        (root / "init").chmod(0o755)
        with open(self.directory / "initrd", "wb") as initrd:
            files = output("find", root, "-printf", "%P\n")
            run("cpio", "-o", "-H", "newc", "--quiet", cwd=root, input=files.encode(), stdout=initrd)

    def make_disk(self, root, sources):
        drop = [f"--dpkgopt=path-exclude=/usr/share/{d}/*" for d in ("doc", "locale", "info")]
        run("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--quiet", *drop,
            f"--include={','.join(self.packages)}", "--aptopt=APT::Install-Recommends \"false\"",
            "--dpkgopt=force-unsafe-io", self.suite, root, *sources)
        units = root / "etc/systemd/system"
        for unit in (PARTS / "masked").read_text().split():
            (units / unit).unlink(missing_ok=True)
            (units / unit).symlink_to("/dev/null")
        shutil.copytree(PARTS / "units", units, dirs_exist_ok=True, symlinks=True)
        shutil.copy(PARTS / "agent", root / "usr/local/bin/guest-agent")
        for unit in ("guest-agent.service", "bluetooth.service"):
            wants = units / "multi-user.target.wants" / unit
            wants.unlink(missing_ok=True)
            wants.symlink_to(f"/lib/systemd/system/{unit}" if unit == "bluetooth.service" else f"../{unit}")
        disk = self.directory / "disk"
        run("truncate", "-s", "1G", disk)
        run("mkfs.ext4", "-q", "-F", "-O", "^has_journal,^metadata_csum", "-d", root, disk)

    def make_snapshot(self):
        with self.machine(self.directory, "snapshot", persist=True) as (process, serial, monitor):
            wait_for_line(serial, b"GUEST-READY", 600)
            time.sleep(0.5)
            # No `stop` before it: a guest that was stopped stays so when it is resumed.
            monitor("migrate-set-parameters", **{"max-bandwidth": 1 << 33})
            monitor("migrate", uri=f"exec:cat > {self.directory}/ram.part")
            while (status := monitor("query-migrate").get("status")) != "completed":
                assert status != "failed", "the snapshot failed"
                time.sleep(0.05)
            monitor("quit")
            process.wait(20)
        os.rename(self.directory / "ram.part", self.directory / "ram")

    # -- running it

    @contextlib.contextmanager
    def machine(self, shared, mode, persist=False, incoming=None):
        with tempfile.TemporaryDirectory() as sockets:
            snapshot = "" if persist else ",snapshot=on"
            command = [
                "qemu-system-x86_64", "-machine", "pc,accel=tcg,usb=off,vmport=off", "-cpu", "max", "-smp", "1",
                "-m", "320", "-nodefaults", "-no-user-config", "-display", "none",
                "-kernel", self.directory / "vmlinux", "-initrd", self.directory / "initrd",
                "-append", f"{APPEND} guest={mode}",
                "-drive", f"file={self.directory}/disk,format=raw,if=virtio,cache=unsafe{snapshot}",
                "-fsdev", f"local,id=o,path={shared},security_model=none", "-device", "virtio-9p-pci,fsdev=o,mount_tag=out",
                "-chardev", f"socket,id=s,path={sockets}/serial,server=on,wait=off", "-serial", "chardev:s",
                "-qmp", f"unix:{sockets}/monitor,server=on,wait=off"]
            command += ["-incoming", incoming] if incoming else []
            process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL)
            try:
                yield process, connect(f"{sockets}/serial"), monitor_of(connect(f"{sockets}/monitor"))
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()

    def run(self, commands, files=(), limit=120, cold=False):
        """Exit status and output of the commands; the journal is in `self.journal`."""
        with tempfile.TemporaryDirectory() as shared:
            shared = pathlib.Path(shared)
            for file in files:
                shutil.copy(file, shared)
            (shared / "commands").write_text(commands)
            incoming = None if cold else f"exec:cat {self.directory}/ram"
            with self.machine(shared, "cold", incoming=incoming) as (process, serial, _):
                serial.settimeout(0.1)
                deadline = time.monotonic() + limit
                while process.poll() is None and not (shared / "done").exists():
                    if time.monotonic() > deadline:
                        break
                    # What is sent before the guest's memory is there is lost: again, until it begins.
                    if not cold and not (shared / "begun").exists():
                        serial.sendall(b"go\n")
                    with contextlib.suppress(TimeoutError):
                        serial.recv(4096)
            read = lambda name: (shared / name).read_text(errors="replace") if (shared / name).exists() else ""
            self.journal = read("journal")
            status = read("done").strip()
            return int(status) if status else -1, read("log")


def connect(path):
    deadline = time.monotonic() + 20
    while True:
        try:
            s = socket.socket(socket.AF_UNIX)
            s.connect(path)
            return s
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def wait_for_line(serial, wanted, seconds):
    serial.settimeout(seconds)
    seen = b""
    while wanted not in seen:
        more = serial.recv(4096)
        assert more, f"the guest died: {seen[-500:]}"
        seen += more


def monitor_of(connection):
    stream = connection.makefile("rw")

    def command(name, **arguments):
        stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
        stream.flush()
        while True:
            answer = json.loads(stream.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return answer["return"]

    json.loads(stream.readline())
    command("qmp_capabilities")
    return command


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(f"usage: {sys.argv[0]} BUILD DEB COMMANDS [FILE…]")
    guest = Guest(sys.argv[1], [sys.argv[2]])
    result, printed = guest.run(f"main() {{ {sys.argv[3]}\n}}", [sys.argv[2], *sys.argv[4:]], cold=bool(os.environ.get("COLD")))
    print(printed, end="")
    if os.environ.get("JOURNAL"):
        print(guest.journal)
    sys.exit(result)
