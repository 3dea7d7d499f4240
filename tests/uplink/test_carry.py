"""linkband-uplink against real servers: every record arrives, whatever is killed, and what is rebuilt is the spool."""

import os
import random
import shutil
import subprocess
import time

import servers
import spool_writer
from carrying import carried, finish, live, same, written_at_least

ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"


def test_all_of_a_spool_arrives_and_is_rebuilt_to_the_byte(cluster, uplinks, rebuilt, tmp_path):
    bands = spool_writer.fill(tmp_path / "spool", 150, ("LXB-00000001", "LXB-00000002"))
    uplink = uplinks(tmp_path / "spool", cluster.url)
    carried(uplink, bands)
    assert uplink.end() == 0
    for band in bands:
        folder, told = rebuilt(band.name)
        assert same(folder, band) == 3
        assert "missing" not in told


def test_a_spool_made_anew_mixes_with_none_before_it(cluster, uplinks, rebuilt, tmp_path):
    """Of the same gateway and band, with the same record numbers."""
    spools = {}
    for name, seconds in (("0" * 32, 90), ("f" * 32, 30)):
        spool = tmp_path / name / "spool"
        spools[name] = spool_writer.fill(spool, seconds, ("LXB-00000009",), spool_id=name)
        uplink = uplinks(spool, cluster.url)
        carried(uplink, spools[name])
        assert uplink.end() == 0
    for name, (band,) in spools.items():
        folder, told = rebuilt(band.name, spool_id=name)
        assert same(folder, band) == (2 if name == "0" * 32 else 1)
        assert "missing" not in told


def test_a_spool_made_anew_under_it_is_begun_anew(cluster, uplinks, rebuilt, tmp_path):
    spool = tmp_path / "spool"
    bands = spool_writer.fill(spool, 20, ("LXB-00000010",))
    uplink = uplinks(spool, cluster.url)
    carried(uplink, bands)
    shutil.rmtree(spool)
    (band,) = spool_writer.fill(spool, 30, ("LXB-00000010",), spool_id="a" * 32)
    assert uplink.process.wait(servers.PATIENCE) == 1 and "made anew" in uplink.told()
    uplink.start()
    carried(uplink, [band])
    folder, told = rebuilt(band.name, spool_id="a" * 32)
    assert same(folder, band) == 1 and "missing" not in told
    assert uplink.end() == 0


def test_what_was_acknowledged_is_not_sent_again_after_an_orderly_end(cluster, uplinks, tmp_path):
    bands = spool_writer.fill(tmp_path / "spool", 30, ("LXB-00000003",))
    uplink = uplinks(tmp_path / "spool", cluster.url)
    carried(uplink, bands)
    uplink.end()
    stored = cluster.stored()
    uplink.start()
    servers.until(lambda: uplink.told().count("connected") == 2, "the second connection")
    time.sleep(1)  # a time in which nothing may come
    assert cluster.stored() == stored
    assert uplink.end() == 0


def test_a_message_tells_what_it_holds(cluster, uplinks, tmp_path):
    bands = spool_writer.fill(tmp_path / "spool", 12, ("LXB.0000 04*",))
    before = cluster.stored()
    uplink = uplinks(tmp_path / "spool", cluster.url)
    servers.until(lambda: cluster.stored() == before + 14, "12 batches and 2 with events")
    answer = cluster.alive().request("$JS.API.STREAM.MSG.GET.bands", {"last_by_subj": "linkband.v1.lab.g1.LXB-0000-04-.event"})
    assert "error" not in answer, answer
    assert bands[0].name == "LXB.0000 04*"
    assert uplink.end() == 0


def test_killed_at_any_time_it_loses_nothing(cluster, uplinks, rebuilt, tmp_path):
    names = ("LXB-00000005", "LXB-00000006")
    spool, writer = live(tmp_path, names, 40)
    uplink = uplinks(spool, cluster.url)
    chance = random.Random(18)
    kills = 200 if ALL else 12
    for _ in range(kills):
        time.sleep(chance.uniform(0, 0.4))  # at any time
        uplink.end(kill=True)
        uplink.start()
    bands = finish(spool, writer, names, uplink)
    for band in bands:
        folder, told = rebuilt(band.name)
        same(folder, band)
        assert "missing" not in told
    print(f"{kills} kills, {[band.number - 1 for band in bands]} records, all rebuilt")


def test_leader_killed_then_all_killed_it_goes_on(cluster, uplinks, rebuilt, tmp_path):
    names = ("LXB-00000007",)
    spool, writer = live(tmp_path, names, 10)
    uplink = uplinks(spool, cluster.url)
    servers.until(lambda: uplink.cursor()[names[0]] > 50, "the first acknowledgements")
    leader = cluster.leader()
    leader.kill()
    before = written_at_least(uplink, names[0], 100)
    leader.start()
    for server in cluster.servers:
        server.kill()
    servers.until(lambda: "no connection" in uplink.told(), "the lost connection told")
    for server in cluster.servers:
        server.start()
    written_at_least(uplink, names[0], before + 100)
    (band,) = finish(spool, writer, names, uplink)
    folder, told = rebuilt(band.name)
    same(folder, band)
    assert "missing" not in told


def test_mqtt_has_the_same_bodies_and_begins_anew_after_the_broker(mosquitto, uplinks, tmp_path):
    bands, band = spool_writer.fill(tmp_path / "spool", 60, ("LXB-00000008",)), "linkband/v1/lab/g1/LXB-00000008"
    reader = subprocess.Popen(
        ["mosquitto_sub", "-p", str(mosquitto.port), "-t", f"{band}/raw", "-t", f"{band}/event", "-q", "1", "-F", "%t %x", "-C", "69"],
        stdout=subprocess.PIPE,
        text=True,
    )
    uplink = uplinks(tmp_path / "spool", mosquitto.url)
    carried(uplink, bands)
    lines = reader.communicate(timeout=servers.PATIENCE)[0].split("\n")
    raw = [bytes.fromhex(line.split()[1]) for line in lines if "/raw " in line]
    events = [bytes.fromhex(line.split()[1]) for line in lines if "/event " in line]
    assert (len(raw), len(events)) == (60, 9)
    frame = f"linkband 1 1-13 {spool_writer.SPOOL_ID}".encode()
    assert raw[0][4:8] == len(frame).to_bytes(4, "little")
    assert raw[0][8 : 8 + len(frame)] == frame, "who gets no headers reads numbers and spool here"
    text = b"".join(subprocess.run(["zstd", "-dcq"], input=body, capture_output=True, check=True).stdout for body in raw)
    assert text == next(bands[0].folder.iterdir()).read_bytes()
    mosquitto.close()
    servers.until(lambda: "no connection" in uplink.told(), "the lost connection told")
    mosquitto.start()
    servers.until(lambda: uplink.told().count(": connected") == 2, "the second connection")
    assert uplink.end() == 0
