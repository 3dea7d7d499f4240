"""The real bluetoothd and a band on a virtual air, in QEMU: stories.py runs in the guest, its report is read here."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("BUILD_DIR", ROOT / "build"))
LINKBANDD = os.environ.get("LINKBANDD", str(BUILD / "linkbandd"))
BOOTTIME = BUILD / "tests" / "vm" / "libboottime.so"
TOOLS = ["qemu-system-x86_64", "btvirt", "dbus-daemon", "cpio", "depmod", "busybox"]
MISSING = [tool for tool in TOOLS if not shutil.which(tool, path="/usr/sbin:/sbin:" + os.environ["PATH"])]
ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"

CORE = ["scan_connect_and_stream", "supervision_timeout", "killed_while_connected", "stopped_it_lets_the_band_go",
        "one_of_three_times_out"]
LONG = [
    "a_minute_of_everything",
    "scan_connect_and_stream:acquired",
    "silent_death",
    "band_off_and_on",
    "bluetoothd_killed",
    "bus_killed",
    "adapter_off_and_on",
    "adapter_unplugged_and_back",
    "a_band_that_is_not_there",
    "a_band_seen_and_gone",
    "another_program_holds_the_band",
    "one_sensor_silent",
    "all_silent",
    "the_daemon_stands_still",
    "suspend_and_resume",
    "services_never_resolve",
    "a_dead_link_never_confirmed",
    "auto_connect",
    "auto_connect_by_address",
    "the_chosen_adapter",
    "five_hundred_a_second",
    "bleak_drives_the_same_band",
    "one_of_three_is_switched_off_and_on",
    "one_of_three_dies_silently",
    "one_of_three_is_silent",
    "one_sensor_of_one_of_three_is_silent",
    "one_of_two_adapters_is_switched_off",
    "another_than_the_three_is_not_there",
    "thirty_starts",
    "thirty_starts:acquired",
    "a_thousand_starts:acquired",  # the last: it takes half an hour
]

pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


def seconds_of(story):
    return 7200 if "thousand" in story else 60


@pytest.fixture(scope="module")
def report(request):
    """Of those that are to be run, so that -k chooses."""
    chosen = [item.callspec.params["story"] for item in request.session.items if item.path == request.path]
    stories = [story for story in chosen if ALL or story in CORE]
    limit = 60 + sum(map(seconds_of, stories))
    out = BUILD / "vm-out"  # kept: the logs of all who took part
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    made = subprocess.run([HERE / "build", BUILD / "vm"], stderr=subprocess.PIPE, text=True)
    if made.returncode == 75:
        pytest.skip(f"no kernel for the guest can be fetched: {made.stderr.strip().splitlines()[-1]}")
    assert made.returncode == 0, made.stderr
    for _ in range(2):  # an emulated machine now and then does not come up
        done = subprocess.run(
            [HERE / "run", BUILD / "vm", out, str(limit), HERE / "stories.py", LINKBANDD, BOOTTIME, *stories],
            stdout=subprocess.PIPE,
        )
        if (out / "report.json").exists():
            break
    log = (out / "log").read_text() if (out / "log").exists() else done.stdout.decode()
    assert (out / "report.json").exists(), f"the guest told nothing (status {done.returncode}): {log[-2000:]}"
    found = json.loads((out / "report.json").read_text())
    lines = [f"{name:34} {'ok' if r['passed'] else 'FAILED':6} {r['seconds']:6.1f} s  {json.dumps(r['facts'])}" for name, r in found.items()]
    (BUILD / "vm-report.txt").write_text("\n".join(lines) + "\n")
    print("\n" + "\n".join(lines))
    return found


@pytest.mark.parametrize("story", CORE + LONG)
def test_in_the_vm(story, request):
    if story in LONG and not ALL:
        pytest.skip("only in scripts/test --all")
    report = request.getfixturevalue("report")
    assert story in report, "the rounds ended before it"
    assert report[story]["passed"], report[story]["error"]
