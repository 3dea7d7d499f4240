"""The rules of the WebSocket, on the server alone."""

import pytest
import rfc6455


@pytest.fixture(scope="module")
def port():
    from echo import Server
    server = Server("--hurry", "1")
    yield server.port
    server.stop()
    assert server.process.returncode == 0


@pytest.mark.parametrize("case", rfc6455.CASES, ids=map(rfc6455.label, rfc6455.CASES))
def test_it_answers_or_closes_as_it_must(port, case):
    name, data, outcome = case
    got = rfc6455.play(port, data, lambda n: b"probe %d" % n, lambda text: not text.startswith(b"hello"))
    assert rfc6455.will_do(rfc6455.expected(name, outcome), got), f"{name}: {got}"
