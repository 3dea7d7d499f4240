"""What MQTT keeps for who comes late: a gateway and its bands as they are now, and what Home Assistant is told of them."""

import json
import os
import re
import signal
import subprocess
import time

import pytest
import servers
import spool_writer
from gateway import connected
from servers import PROGRAM

BAND = "LXB-51A00000"
GATEWAY = "linkband/v1/lab/g1/status"
STATUS = f"linkband/v1/lab/g1/{BAND}/status"

# home-assistant.io/integrations/{sensor.mqtt,binary_sensor.mqtt}, "Configuration Variables", and /mqtt of the origin.
ENTITY = {"availability", "availability_mode", "availability_template", "availability_topic", "default_entity_id", "device", "device_class"}
ENTITY |= {"enabled_by_default", "encoding", "entity_category", "entity_picture", "expire_after", "force_update", "icon"}
ENTITY |= {"json_attributes_template", "json_attributes_topic", "name", "origin", "payload_available", "payload_not_available"}
ENTITY |= {"platform", "qos", "state_topic", "unique_id", "value_template"}
FIELDS = {
    "sensor": ENTITY | {"last_reset_value_template", "options", "state_class", "suggested_display_precision", "unit_of_measurement"},
    "binary_sensor": ENTITY | {"off_delay", "payload_off", "payload_on"},
}
DEVICE = {"configuration_url", "connections", "hw_version", "identifiers", "manufacturer", "model", "model_id", "name", "serial_number"}
DEVICE |= {"suggested_area", "sw_version", "via_device"}
ORIGIN = {"name", "support_url", "sw_version"}


def kept(mosquitto, topic):
    """The message that a late subscriber gets at once, or None."""
    command = ["mosquitto_sub", "-p", str(mosquitto.port), "-t", topic, "-C", "1", "-W", "2", "-F", "%r %p"]
    told = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    return told.removeprefix("1 ") if told.startswith("1 ") else None


def becomes(mosquitto, **expected):
    """Waits for the band's status to have these; returns it."""

    def found():
        status = json.loads(kept(mosquitto, STATUS) or "{}")
        return status if all(status.get(key, "") == value for key, value in expected.items()) else None

    return servers.until(found, f"{BAND} with {expected}")


def is_kept(mosquitto, topic):
    """However slow this machine is."""
    servers.until(lambda: kept(mosquitto, topic), f"something kept of {topic}")


def gateway_becomes(mosquitto, state, topic=GATEWAY):
    servers.until(lambda: kept(mosquitto, topic) == state, f"the gateway {state}")


def written(band, when):
    """As if its segment had been written to then."""
    os.utime(max(band.folder.iterdir()), (when, when))


def write(band):
    """A second more; however slow this machine is, that was just now."""
    band.write_second()
    written(band, time.time() + 3600)


def fresh(spool):
    """A band that is there now; its last second is not carried yet, for it may go on."""
    (band,) = spool_writer.make(spool, (BAND,))
    band.write_second()
    band.battery(57)
    write(band)
    return band


def test_who_comes_late_learns_how_a_band_is(mosquitto, uplinks, tmp_path):
    band = fresh(tmp_path / "spool")
    uplink = uplinks(tmp_path / "spool", mosquitto.url)
    status = becomes(mosquitto, device_id=BAND, link="connected", battery=57)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", status["timestamp"])
    gateway_becomes(mosquitto, "online")
    band.link_down()
    becomes(mosquitto, link="disconnected", battery=None)
    band.write_second()
    write(band)
    becomes(mosquitto, link="connected", battery=None)  # and not as it was before
    assert uplink.end() == 0


def test_the_end_of_an_uplink_is_told_whatever_end_it_was(mosquitto, uplinks, tmp_path):
    fresh(tmp_path / "spool")
    uplink = uplinks(tmp_path / "spool", mosquitto.url)
    for kill in (True, False):
        gateway_becomes(mosquitto, "online")
        uplink.end(kill)
        gateway_becomes(mosquitto, "offline")
        uplink.start()
    gateway_becomes(mosquitto, "online")


def test_a_connection_that_hangs_is_ended_by_the_next_of_the_same_reader(mosquitto, uplinks, tmp_path):
    """Else its last will came half a minute later, behind what the next one told."""
    fresh(tmp_path / "spool")
    hung = uplinks(tmp_path / "spool", mosquitto.url)
    gateway_becomes(mosquitto, "online")
    hung.process.send_signal(signal.SIGSTOP)
    watch = subprocess.Popen(
        ["mosquitto_sub", "-p", str(mosquitto.port), "-t", GATEWAY, "-C", "3", "-W", str(servers.PATIENCE)], stdout=subprocess.PIPE, text=True
    )
    assert watch.stdout.readline() == "online\n"
    uplinks(tmp_path / "spool", mosquitto.url)
    assert watch.communicate(timeout=servers.PATIENCE)[0] == "offline\nonline\n"
    hung.end(kill=True)
    gateway_becomes(mosquitto, "online")


def test_what_was_long_ago_is_not_told_as_if_it_were_now(mosquitto, uplinks, tmp_path):
    band = fresh(tmp_path / "spool")
    written(band, time.time() - 3600)
    uplink = uplinks(tmp_path / "spool", mosquitto.url)
    servers.until(lambda: uplink.cursor()[BAND] > 1, "records carried")
    becomes(mosquitto, link=None, battery=None)
    write(band)
    becomes(mosquitto, link="connected", battery=57)
    written(band, time.time() - 3600)  # and no more since
    becomes(mosquitto, link=None, battery=None)
    assert uplink.end() == 0


def test_a_broker_made_anew_is_told_all_again(mosquitto, uplinks, tmp_path):
    band = fresh(tmp_path / "spool")
    uplink = uplinks(tmp_path / "spool", mosquitto.url, "--home-assistant", "homeassistant")
    becomes(mosquitto, link="connected")
    mosquitto.close()
    servers.until(lambda: "no connection" in uplink.told(), "the lost connection told")
    mosquitto.start()
    gateway_becomes(mosquitto, "online")
    write(band)
    becomes(mosquitto, link="connected", battery=57)
    is_kept(mosquitto, "homeassistant/+/+/config")
    assert uplink.end() == 0


def discovered(mosquitto, prefix, count):
    """{topic: config} of all that Home Assistant is told."""
    command = ["mosquitto_sub", "-p", str(mosquitto.port), "-t", f"{prefix}/#", "-C", str(count), "-W", str(servers.PATIENCE)]
    told = subprocess.run([*command, "-F", "%t %p"], capture_output=True, text=True).stdout.splitlines()
    return {topic: json.loads(text) for topic, text in (line.split(" ", 1) for line in told)}


def test_home_assistant_is_told_what_there_is_in_its_own_words(mosquitto, uplinks, tmp_path):
    fresh(tmp_path / "spool")
    uplink = uplinks(tmp_path / "spool", mosquitto.url, "--home-assistant", "homeassistant")
    status = becomes(mosquitto, link="connected", battery=57)
    configs = discovered(mosquitto, "homeassistant", 2)
    for topic, config in configs.items():
        prefix, component, name, config_word = topic.split("/")
        assert (prefix, config_word) == ("homeassistant", "config")
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", name) and name == config["unique_id"]
        assert set(config) <= FIELDS[component], topic
        assert set(config["device"]) <= DEVICE and config["device"]["identifiers"]
        assert set(config["origin"]) <= ORIGIN and config["origin"]["name"] == "linkband-uplink"
        is_kept(mosquitto, config["state_topic"])
        gateway_becomes(mosquitto, "online", config["availability_topic"])
        assert config["expire_after"] > 60, "more than the time after which a status is told again"
        assert config["entity_category"] == "diagnostic" and config["qos"] == 1
        assert re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", config["value_template"])[1] in status
    link, battery = (configs[f"homeassistant/{kind}/config"] for kind in (f"binary_sensor/linkband_v1_lab_g1_{BAND}_link", f"sensor/linkband_v1_lab_g1_{BAND}_battery"))
    assert (link["device_class"], link["payload_on"], link["payload_off"]) == ("connectivity", "connected", "disconnected")
    assert (battery["device_class"], battery["unit_of_measurement"], battery["state_class"]) == ("battery", "%", "measurement")
    assert link["device"] == battery["device"] and link["device"]["name"] == BAND
    assert uplink.end() == 0


def test_contact_and_heart_rate_are_told_where_they_are_computed(daemon, mosquitto, uplinks):
    gateway = daemon("--sim", "speed=20,heart=72", *connected(BAND))
    uplink = uplinks(gateway.spool, mosquitto.url, "--publish", "raw,processed", "--home-assistant", "homeassistant")

    def told():
        status = json.loads(kept(mosquitto, STATUS) or "{}")
        return status if status.get("contact") is not None and status.get("bpm") is not None else None

    status = servers.until(told, "contact and heart rate")
    assert status["contact"] is True and 60 < status["bpm"] < 85
    configs = discovered(mosquitto, "homeassistant", 4)
    assert {topic.split("/")[2].rsplit("_", 1)[1] for topic in configs} == {"link", "battery", "contact", "bpm"}
    for topic, config in configs.items():
        assert set(config) <= FIELDS[topic.split("/")[1]], topic
        assert re.fullmatch(r"\{\{ value_json\.(\w+) \}\}", config["value_template"])[1] in status
    assert gateway.end() == 0
    becomes(mosquitto, link="disconnected", contact=None, bpm=None)
    assert uplink.end() == 0


def test_without_the_option_home_assistant_is_told_nothing(mosquitto, uplinks, tmp_path):
    fresh(tmp_path / "spool")
    uplink = uplinks(tmp_path / "spool", mosquitto.url)
    becomes(mosquitto, link="connected")
    assert kept(mosquitto, "homeassistant/#") is None
    assert uplink.end() == 0


@pytest.mark.parametrize("url, prefix, why", [("nats://h", "homeassistant", "is for MQTT"), ("mqtt://h", "home#", "can't be `home#`")])
def test_a_prefix_that_cannot_be_is_refused(url, prefix, why):
    done = subprocess.run([PROGRAM, "--spool", "/s", "--to", url, "--home-assistant", prefix], capture_output=True, text=True)
    assert done.returncode == 78 and why in done.stderr
