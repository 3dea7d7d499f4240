"""Who may: TLS by a certificate of one's own, JWT and NKey, a gateway's subtree alone."""

import subprocess

import pytest
import servers
import spool_writer
from servers import REBUILD, program, rebuild_is_there

nkeys = pytest.importorskip("nkeys", reason="no python3-cryptography")


def certificate(folder):
    """(certificate, key), self-signed, for localhost."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-keyout", key, "-out", cert]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    return cert, key


class Guarded:
    """A server in operator mode behind TLS, one account, a user a gateway."""

    def __init__(self, folder):
        self.folder = folder
        self.cert, key = certificate(folder)
        (self.port,) = servers.free_ports(1)
        operator, self.account, system = nkeys.Key("operator"), nkeys.Key("account"), nkeys.Key("account")
        limits = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1, "subs": -1, "data": -1, "payload": -1}
        limits |= {"imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
        no_stream = limits | {"mem_storage": 0, "disk_storage": 0}
        account = operator.sign(self.account.public, "lab", {"limits": limits, "type": "account", "version": 2})
        of_system = operator.sign(system.public, "system", {"limits": no_stream, "type": "account", "version": 2})
        (folder / "conf").write_text(
            f"listen: 127.0.0.1:{self.port}\njetstream {{ store_dir: {folder}/js }}\n"
            f"tls {{ cert_file: {self.cert}, key_file: {key} }}\n"
            f"operator: {operator.sign(operator.public, 'op', {'type': 'operator', 'version': 2})}\n"
            f"system_account: {system.public}\nresolver: MEMORY\n"
            f"resolver_preload: {{ {self.account.public}: {account}, {system.public}: {of_system} }}\n"
        )
        self.process = subprocess.Popen([program("nats-server"), "-c", folder / "conf"], stderr=open(folder / "log", "w"))
        servers.until(lambda: "Server is ready" in (folder / "log").read_text(), "the server")

    def user(self, name, publish, subscribe):
        key = nkeys.Key("user")
        limits = {"subs": -1, "data": -1, "payload": -1}
        claims = {"pub": {"allow": publish}, "sub": {"allow": subscribe}, "type": "user", "version": 2} | limits
        path = self.folder / f"{name}.creds"
        path.write_text(nkeys.creds(self.account.sign(key.public, name, claims), key))
        return path

    def close(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def guarded(tmp_path):
    if not program("nats-server"):
        pytest.skip("no nats-server")
    made = Guarded(tmp_path)
    yield made
    made.close()


def make_stream(guarded):
    """Through linkband-uplink nothing is made: its user may not. This one may."""
    boss = guarded.user("boss", [">"], [">"])
    script = (
        "import {connect, credsAuthenticator} from 'nats'; import {readFileSync} from 'node:fs';"
        "const [port, creds, ca] = process.argv.slice(1);"
        "const nc = await connect({servers: `tls://localhost:${port}`, authenticator: credsAuthenticator(readFileSync(creds)), tls: {caFile: ca}});"
        "const jsm = await nc.jetstreamManager();"
        "try { await jsm.streams.add({name: 'bands', subjects: ['linkband.v1.>']}); } catch (e) {}"
        "console.log((await jsm.streams.info('bands')).state.messages); await nc.close();"
    )
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script, str(guarded.port), boss, guarded.cert],
        cwd=REBUILD,
        capture_output=True,
        text=True,
        timeout=servers.PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_a_gateway_may_publish_its_own_subtree_and_nothing_else(guarded, uplinks, tmp_path):
    if not rebuild_is_there():
        pytest.skip("npm could not get what this needs")
    assert make_stream(guarded) == 0
    bands = spool_writer.fill(tmp_path / "spool", 10, ("LXB-00000001",))
    own = guarded.user("g1", ["linkband.v1.lab.g1.>"], ["_INBOX.>"])
    url = f"tls://127.0.0.1:{guarded.port}"
    uplink = uplinks(tmp_path / "spool", url, "--creds", own, "--ca", guarded.cert)
    servers.until(lambda: uplink.cursor() == {bands[0].name: bands[0].number}, "the cursor at the end")
    assert uplink.end() == 0
    stored = make_stream(guarded)
    assert stored == 11
    other = guarded.user("g2", ["linkband.v1.lab.g2.>"], ["_INBOX.>"])
    strange = uplinks(tmp_path / "spool", url, "--creds", other, "--ca", guarded.cert, "--name", "strange")
    servers.until(lambda: "not taken" in strange.told(), "the refusal told")
    assert strange.end() == 0
    assert strange.cursor("strange")[bands[0].name] <= 1, "nothing was acknowledged"
    assert make_stream(guarded) == stored


@pytest.mark.parametrize("what", ["creds", "certificate"])
def test_without_the_right_papers_it_says_why_and_waits(guarded, uplinks, tmp_path, what):
    spool_writer.fill(tmp_path / "spool", 3)
    own = guarded.user("g1", ["linkband.v1.lab.g1.>"], ["_INBOX.>"])
    more = ["--ca", guarded.cert] if what == "creds" else ["--creds", own]
    uplink = uplinks(tmp_path / "spool", f"tls://127.0.0.1:{guarded.port}", *more)
    servers.until(lambda: "no connection" in uplink.told(), "why there is no connection")
    assert uplink.told().count("no connection") == 1, "once for the same reason"
    assert uplink.process.poll() is None
    assert uplink.end() == 0


def test_mqtt_with_tls_name_and_password(uplinks, tmp_path):
    if not program("mosquitto"):
        pytest.skip("no mosquitto")
    cert, key = certificate(tmp_path)
    (port,) = servers.free_ports(1)
    (tmp_path / "users").write_text("g1:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", tmp_path / "users"], check=True)
    (tmp_path / "conf").write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {tmp_path}/users\ncertfile {cert}\nkeyfile {key}\nuser root\n"
    )
    (tmp_path / "word").write_text("secret\n")
    broker = subprocess.Popen([program("mosquitto"), "-c", tmp_path / "conf"], stderr=open(tmp_path / "log", "w"))
    bands = spool_writer.fill(tmp_path / "spool", 10)
    url = f"mqtts://127.0.0.1:{port}"
    try:
        wrong = uplinks(tmp_path / "spool", url, "--ca", cert, "--username", "g1", "--password-file", tmp_path / "users", "--name", "wrong")
        servers.until(lambda: "no connection" in wrong.told(), "a wrong password told")
        assert wrong.end() == 0
        uplink = uplinks(tmp_path / "spool", url, "--ca", cert, "--username", "g1", "--password-file", tmp_path / "word")
        servers.until(lambda: uplink.cursor() == {bands[0].name: bands[0].number}, "the cursor at the end")
        assert uplink.end() == 0
    finally:
        broker.kill()
        broker.wait()
