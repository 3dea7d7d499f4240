"""TLS by a proxy, as docs/examples/proxy has it: the WebSocket passes through, Host, Origin and token hold."""

import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

import pytest
import websockets
from peers import ROOT, Daemon, free_port, refusal_status, run

TOKEN = "0123456789abcdef0123456789abcdef"
NAME = "lab.example.org"
EXAMPLES = ROOT / "docs/examples/proxy"


@pytest.fixture
def certificate(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("no openssl on this machine")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", tmp_path / "key.pem",
                    "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    return tmp_path


@pytest.fixture
def guarded(tmp_path):
    token = tmp_path / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    daemon = Daemon("--backend", "sim", "--sim", "seed=1,radio=fast", "--token-file", str(token), "--allow-host", NAME)
    yield daemon
    assert daemon.stop()[0] == 0


def nginx(folder, port, behind):
    """The example, with this test's ports, paths and certificate."""
    text = (EXAMPLES / "nginx.conf").read_text()
    for old, new in (("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("127.0.0.1:8121", f"127.0.0.1:{behind}"),
                     ("/etc/ssl/lab.example.org.pem", f"{folder}/cert.pem"), ("/etc/ssl/lab.example.org.key", f"{folder}/key.pem"),
                     ("/var/log/nginx/linkband.log", f"{folder}/access.log")):
        assert old in text
        text = text.replace(old, new)
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\nevents {{}}\nhttp {{\n{paths}{text}}}\n")
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder, port, behind):
    text = (EXAMPLES / "Caddyfile").read_text()
    assert "lab.example.org {" in text and "127.0.0.1:8121" in text
    text = text.replace("lab.example.org {", f"https://{NAME}:{port} {{\n\tbind 127.0.0.1\n\ttls {folder}/cert.pem {folder}/key.pem")
    (folder / "Caddyfile").write_text("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + text.replace("127.0.0.1:8121", f"127.0.0.1:{behind}"))
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_through_a_proxy_with_tls(proxy, certificate, guarded):
    program = shutil.which(proxy.__name__, path="/usr/sbin:/usr/bin:/bin")
    if not program:
        pytest.skip(f"{proxy.__name__} is not installed: its recipe is not tried")
    port = free_port()
    command = proxy(certificate, port, guarded.port)
    with open(certificate / "log", "w", encoding="utf-8") as log:
        process = subprocess.Popen([program, *command[1:]], stdout=log, stderr=log, env={"HOME": str(certificate), "PATH": "/usr/bin:/bin"})
    try:
        wait_for(port, process, certificate / "log")
        run(story(port, certificate))
    finally:
        process.terminate()
        process.wait(15)
    for file in certificate.glob("*.log"):
        assert TOKEN not in file.read_text(), f"{file} has the token"


def wait_for(port, process, log):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert process.poll() is None, pathlib.Path(log).read_text()
            time.sleep(0.05)
    raise AssertionError("the proxy does not listen")


async def story(port, folder):
    context = ssl.create_default_context(cafile=folder / "cert.pem")
    origin = f"https://{NAME}:{port}"

    def connect(path, origin=origin):
        return websockets.connect(f"wss://{NAME}:{port}{path}", ssl=context, host="127.0.0.1", port=port, server_hostname=NAME, origin=origin, max_size=2**20)

    async with connect(f"/ws?token={TOKEN}") as ws:
        assert json.loads(await ws.recv())["event_type"] == "device_info"
        for command, parameters in (("connect_device", {"address": "AA:BB:CC:DD:EE:FF"}), ("start_streaming", {"sensors": ["eeg"]})):
            await ws.send(json.dumps({"command": command, "parameters": parameters}))
        seqs = []
        while len(seqs) < 10:
            message = json.loads(await ws.recv())
            if message["type"] == "raw_data" and message["sensor_type"] == "eeg":
                seqs.append(message["seq"])
        assert seqs == list(range(10))
    for path, came_from, status in (("/ws", origin, 401), (f"/ws?token={TOKEN}", "https://evil.example", 403)):
        with pytest.raises(websockets.InvalidHandshake) as refused:
            async with connect(path, came_from):
                pass
        assert refusal_status(refused.value) == status
