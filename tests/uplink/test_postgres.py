"""What docs/scale.md says of PostgreSQL, done: from the stream to a table, what comes twice once."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest
import servers
import spool_writer
from carrying import carried
from servers import REBUILD, program, rebuild_is_there

BINARIES = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None, key=lambda path: int(path.parts[-3]))


class Postgres:
    """A cluster of its own, on a socket in its folder alone; not root's, which it refuses."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        as_user = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        if as_user:
            shutil.chown(self.folder, "nobody", "nogroup")
        made = [*as_user, BINARIES, "-D", self.folder / "data", "-A", "trust", "-U", "lab", "-N", "--no-instructions"]
        subprocess.run(made, check=True, capture_output=True, cwd=self.folder)
        command = [*as_user, BINARIES.with_name("postgres"), "-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses=", "-F"]
        self.process = subprocess.Popen(command, cwd=self.folder, stderr=open(self.folder / "log", "w"))
        self.env = {**os.environ, "PGHOST": str(self.folder), "PGUSER": "lab", "PGDATABASE": "postgres"}
        servers.until(lambda: self.ask("select 1") == "1", "PostgreSQL")

    def run(self, *words):
        return subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", *words], env=self.env, capture_output=True, text=True)

    def ask(self, query):
        return self.run("-c", query).stdout.strip()

    def close(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


@pytest.fixture
def postgres():
    if not BINARIES or not program("psql"):
        pytest.skip("not installed: postgresql")
    made = Postgres()
    yield made
    made.close()


@pytest.fixture
def one_server(tmp_path):
    """With a stream that knows ids for a tenth of a second only: what is sent again is there twice."""
    if not program("nats-server"):
        pytest.skip("no nats-server")
    made = servers.Cluster(tmp_path, 1, duplicate_window=10**8)
    yield made
    made.close()


def test_each_message_is_a_row_once_though_the_stream_has_it_twice(one_server, postgres, uplinks, tmp_path):
    if not rebuild_is_there():
        pytest.skip("npm could not get what this needs")
    assert postgres.run("-f", REBUILD / "postgres.sql").returncode == 0
    bands = spool_writer.fill(tmp_path / "spool", 70, ("LXB-00000001", "LXB-00000002"))
    first = uplinks(tmp_path / "spool", one_server.url)
    carried(first, bands)
    once = one_server.stored()
    command = ["node", REBUILD / "postgres.mjs", one_server.url, "bands"]

    def read():
        about = one_server.alive().request("$JS.API.CONSUMER.INFO.bands.postgres")
        return about["num_pending"] == about["num_ack_pending"] == 0 and about["delivered"]["consumer_seq"] == one_server.stored()

    for name in ("again", "once more"):  # the second goes on where the first was
        consumer = subprocess.Popen(command, env=postgres.env)
        try:
            uplink = uplinks(tmp_path / "spool", one_server.url, "--name", name)
            carried(uplink, bands, name)
            servers.until(read, "all read")
        finally:
            consumer.kill()
            consumer.wait()
    assert one_server.stored() == 3 * once
    assert int(postgres.ask("select count(*) from message")) == once
    records = sum(band.number - 1 for band in bands)
    assert int(postgres.ask("select sum(last_record - first_record + 1) from message where kind = 'raw'")) == records
    events = sum(text.read_text().count("#! event ") for band in bands for text in band.folder.iterdir())
    assert int(postgres.ask("select count(*) from event where event ->> 'event_type' = 'test'")) == events
    print(f"{3 * once} messages in the stream, {once} rows; {records} records, {events} events")
