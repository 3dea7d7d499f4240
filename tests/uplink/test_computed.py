"""What linkband-uplink computes of the spool is what `linkbandd process` computes of the same packets, whatever is killed."""

import base64
import collections
import os
import re
import shutil
import signal
import subprocess
import sys

import captures
import pytest
import servers
from gateway import Daemon, connected
from servers import BUILD, PROGRAM, ROOT

sys.path.insert(0, str(ROOT / "bench"))
import callgrind  # noqa: E402

BAND = "LXB-51A00000"
LEG = 32768  # records: LEAD_LEG_RECORDS
LEAD = 150 * 10**6  # µs: LEAD_US
ALL = "raw,event,samples,processed"


@pytest.fixture(scope="module")
def segments(tmp_path_factory):
    """[(first record, text)]: minutes of a band that loses its link now and then, as the daemon spools them."""
    daemon = Daemon(tmp_path_factory.mktemp("gateway"), "--sim", "speed=60,drop=130,seed=1", *connected(BAND))
    try:
        servers.until(lambda: len(daemon.segments(BAND)) >= 10, "ten segments", 5 * servers.PATIENCE)
        assert daemon.end() == 0
    finally:
        if daemon.process.poll() is None:
            daemon.end(signal.SIGKILL)
    found = [(int(name[:-6]), text) for name, text in daemon.segments(BAND).items()]
    assert sum("\n#! link down" in text for _, text in found) > 1, "it lost its link"
    return found


class Spool:
    """The segments, put there at will, their numbers `by` later."""

    def __init__(self, folder, segments, by=0):
        self.folder, self.band = folder, folder / "bands" / BAND
        self.band.mkdir(parents=True)
        (folder / "cursors").mkdir()
        (folder / "id").write_text("fedcba9876543210" * 2 + "\n")
        self.segments = [(n + by, text.replace(f"#! record {n}\n", f"#! record {n + by}\n")) for n, text in segments]

    def put(self, begin, end):
        for first, text in self.segments[begin:end]:
            (self.band / f"{first:020d}.lbcap").write_text(text)
        first, text = self.segments[end - 1]
        return first + sum(line != "#! end\n" for line in captures.heads(text)[1])


def processed(folder, segments):
    """What `linkbandd process` tells of (first, text), by kind."""
    path = folder / "joined.lbcap"
    path.write_text(captures.joined([text for _, text in segments]))
    return captures.process(path)


def told(bodies):
    """The same of bodies in the order of their records."""
    text = subprocess.run(["zstd", "-dcq"], input=b"".join(bodies), capture_output=True, check=True).stdout.decode()
    return captures.by_kind(text)


def carry_over_a_kill(spool, uplink, half, watch):
    """The first half; then, in the midst of the rest, SIGKILL, before the cursor is saved again. `watch` gives, once the first
    half arrived, what tells that some of the rest did."""
    until = spool.put(0, half)
    servers.until(lambda: uplink.cursor() == {BAND: until}, "the cursor at the first half's end")
    saved, some_came = uplink.cursor(), watch(until)
    until = spool.put(half, len(spool.segments))
    servers.until(some_came, "the rest on its way")
    uplink.end(kill=True)
    (spool.folder / "cursors" / "uplink").write_text(f"{BAND} {saved[BAND]}\n")
    uplink.start()
    servers.until(lambda: uplink.cursor() == {BAND: until}, "the cursor at the end")
    assert uplink.end() == 0


def of_stream(server, subject):
    """{first record: body}, and that each is named by it."""
    found, at = {}, 1
    while "error" not in (answer := server.request("$JS.API.STREAM.MSG.GET.bands", {"seq": at, "next_by_subj": subject})):
        message, at = answer["message"], answer["message"]["seq"] + 1
        head = dict(line.split(": ") for line in base64.b64decode(message["hdrs"]).decode().split("\r\n") if ": " in line)
        device, kind = subject.split(".")[4:]
        first = int(head["Linkband-Records"].split("-")[0])
        assert head["Nats-Msg-Id"] == f"{'fedcba9876543210' * 2}/{device}/{kind}/{first}"
        assert head["Content-Encoding"] == "zstd"
        found[first] = base64.b64decode(message["data"])
    return found


def test_over_a_kill_nats_has_what_process_tells_of_the_same_packets(cluster, uplinks, segments, tmp_path):
    spool = Spool(tmp_path / "spool", segments)
    uplink = uplinks(spool.folder, cluster.url, "--publish", ALL)

    def more_is_stored(_until):
        before = cluster.stored()
        return lambda: cluster.stored() > before

    carry_over_a_kill(spool, uplink, 5, more_is_stored)
    expected = processed(tmp_path, spool.segments)
    raw = of_stream(cluster.alive(), f"linkband.v1.lab.g1.{BAND}.raw")
    for kind, messages in expected.items():
        found = of_stream(cluster.alive(), f"linkband.v1.lab.g1.{BAND}.{kind}")
        assert set(found) <= set(raw), "a message a batch"
        assert told(found[first] for first in sorted(found))[kind] == messages
        print(f"{kind}: {len(messages)} messages in {len(found)} batches of {len(raw)}, {sum(map(len, found.values()))} bytes")


class Heard:
    """All that mosquitto gave out, once it is known to listen."""

    def __init__(self, mosquitto, path):
        self.path = path
        self.process = subprocess.Popen(
            ["mosquitto_sub", "-p", str(mosquitto.port), "-t", "linkband/#", "-t", "probe", "-q", "1", "-F", "%t %x"],
            stdout=open(path, "w"),
        )
        probe = ["mosquitto_pub", "-p", str(mosquitto.port), "-t", "probe", "-m", "p"]
        servers.until(lambda: subprocess.run(probe).returncode == 0 and path.stat().st_size, "a reader")

    def bodies(self):
        """{kind: {first record: [bodies]}}, of what is not kept for who comes late."""
        found = collections.defaultdict(lambda: collections.defaultdict(list))
        for line in self.path.read_text().splitlines(keepends=True):
            topic, text = line.split(" ", 1)
            if topic.startswith("linkband/") and not topic.endswith("/status") and line.endswith("\n"):
                body = bytes.fromhex(text)
                numbers = re.match(rb"linkband 1 (\d+)-", body[8:])
                found[topic.split("/")[-1]][int(numbers[1])].append(body)
        return found

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def heard(mosquitto, tmp_path):
    made = Heard(mosquitto, tmp_path / "heard")
    yield made
    made.end()


def lead_of(segments, leg):
    """The number of the first segment that is read for a leg that begins with segment number `leg`; None: all there are."""

    def start(i):
        boot, utc = captures.words(captures.heads(segments[i][1])[0], "#! link up ")[-2:]
        return int(utc) - int(boot)

    return max((i for i in range(leg) if start(i) <= start(leg) - LEAD), default=None)


def test_a_new_leg_is_computed_from_its_lead_on_and_what_is_sent_again_is_the_same(mosquitto, heard, uplinks, segments, tmp_path):
    leg = next(i for i in range(len(segments) - 1) if lead_of(segments, i))
    spool = Spool(tmp_path / "spool", segments, by=LEG - segments[leg][0])
    uplink = uplinks(spool.folder, mosquitto.url, "--publish", "samples,processed")

    def heard_beyond(until):
        return lambda: any(first >= until for kind in heard.bodies().values() for first in kind)

    carry_over_a_kill(spool, uplink, leg + 1, heard_beyond)
    lead = lead_of(segments, leg)
    before = processed(tmp_path, spool.segments[:leg])
    alone = processed(tmp_path, spool.segments[lead:leg])
    after = processed(tmp_path, spool.segments[lead:])
    expected = {kind: before[kind] + after[kind][len(alone[kind]) :] for kind in before}
    whole = sum(map(len, expected.values()))

    def count():
        bodies = heard.bodies()
        assert set(bodies) <= set(expected), "and no kind that nobody wanted"
        text = [body[0] for kind in bodies.values() for _, body in sorted(kind.items())]
        return sum(map(len, told(text).values())) == whole

    servers.until(count, "all given out")
    bodies = heard.bodies()
    again = [same for kind in bodies.values() for same in kind.values() if len(same) > 1]
    assert again, "something was sent again after the kill"
    assert all(len(set(same)) == 1 for same in again)
    for kind, messages in expected.items():
        assert told(body[0] for _, body in sorted(bodies[kind].items()))[kind] == messages
        assert min(bodies[kind]) < LEG < max(bodies[kind])
    print(f"{whole} messages, {len(again)} batches sent again, led by {leg - lead} segments")


def instructions(command, folder, until=None):
    """A Profile of the command, ended once `until` holds."""
    folder.mkdir()
    process = subprocess.Popen([*callgrind.under(folder), *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        if until:
            servers.until(until, "the cursor at the end", 5 * servers.PATIENCE)
            process.terminate()
        assert process.wait(5 * servers.PATIENCE) == 0, process.stderr.read()
    finally:
        process.kill()
        process.wait()
    return callgrind.Profile(folder / "callgrind.out")


@pytest.mark.skipif(not shutil.which("valgrind"), reason="not installed: valgrind")
@pytest.mark.skipif("sanitizers" in os.environ.get("BUILD_DIR", ""), reason="counts are of the release binary")
def test_processed_costs_little_more_than_process_does(mosquitto, segments, tmp_path):
    spool = Spool(tmp_path / "spool", segments)
    end = spool.put(0, 2)

    def carried(kinds):
        cursor = spool.folder / "cursors" / kinds
        command = [PROGRAM, "--spool", spool.folder, "--to", mosquitto.url, "--name", kinds, "--publish", kinds]
        return instructions(command, tmp_path / kinds, lambda: cursor.read_text() == f"{BAND} {end}\n")

    processed(tmp_path, spool.segments[:2])
    process = instructions([BUILD / "linkbandd", "process", tmp_path / "joined.lbcap"], tmp_path / "process")
    raw, more = carried("raw,event"), carried("raw,event,processed")
    ratio = (more.total - raw.total) / process.total
    print(f"raw {raw.total}, processed as well {more.total}, process {process.total}: {ratio:.2f}")
    assert raw.called("pipeline_packet") == 0, "who wants no more than packets pays for no more"
    assert 0.1 < ratio <= 1.2


@pytest.mark.parametrize(
    "words, why",
    [
        (("--publish", "raw,,event"), "--publish can't be `raw,,event`; it is a list by commas, without blanks, of raw, event, samples and processed."),
        (("--publish", "raw, processed"), "--publish can't be"),
        (("--publish", "everything"), "--publish can't be"),
        (("--mains", "55"), "--mains can't be `55`; it is 50 or 60"),
    ],
)
def test_a_wrong_list_is_refused_with_what_it_may_be(tmp_path, words, why):
    done = subprocess.run([PROGRAM, "--spool", tmp_path, "--to", "mqtt://localhost", *words], capture_output=True, text=True)
    assert done.returncode == 78
    assert why in done.stderr
