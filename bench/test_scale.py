"""What docs/scale.md quotes can be measured: the short form of bench/scale."""

import json
import subprocess
import sys

import pytest

import gateways
import relays


def test_two_gateways_of_four_bands_store_each_second_once(tmp_path):
    if not gateways.servers.program("nats-server") or not gateways.servers.PROGRAM.exists():
        pytest.skip("not installed: nats-server, or linkband-uplink was not built")
    command = [sys.executable, relays.ROOT / "bench/scale", "--gateways", "2", "--only", "--seconds", "2", "--json", tmp_path / "found"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    print("\n" + done.stdout)
    (row,) = json.loads((tmp_path / "found").read_text())["rows"]
    assert row["bands"] == 8
    assert row["stored"] == row["made"] > 8
    assert row["ack"]["count"] > 0
    assert 0 < row["gateway_cpu_percent"] and 0 < row["server_mb"]
