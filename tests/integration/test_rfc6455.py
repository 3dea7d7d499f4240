"""The rules of the WebSocket, on the whole daemon, while it streams to someone who must not notice."""

import asyncio
import json
import pathlib
import sys


sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "server"))
import rfc6455  # noqa: E402

from peers import run

ADDRESS = "AA:BB:CC:DD:EE:FF"


def probe(n):
    return json.dumps({"type": "health_check", "id": f"probe {n}"}).encode()


def is_answer(text):
    """To a message of this client: what is broadcast is none, nor what greets it."""
    message = json.loads(text)
    return message["type"] == "health_check_response" or message.get("event_type") == "error"


def test_every_case_ends_as_it_must_and_the_stream_goes_on(daemon, clients):
    async def story():
        async with clients() as watcher:
            await watcher.command("connect_device", address=ADDRESS)
            await watcher.command("start_streaming", sensors=["eeg"])
            wrong = []
            for name, data, outcome in rfc6455.CASES:
                got = await asyncio.to_thread(rfc6455.play, daemon.port, data, probe, is_answer)
                if not rfc6455.will_do(rfc6455.expected(name, outcome), got):
                    wrong.append((name, got))
            print(f"{len(rfc6455.CASES)} cases, {len(rfc6455.KNOWN_FAULTS)} of them faults of libwebsockets that are named")
            assert not wrong
            seqs = [m["seq"] for m in watcher.messages if (m["type"], m.get("sensor_type")) == ("raw_data", "eeg")]
            assert len(seqs) > 2 and seqs == list(range(len(seqs))), "the good client lost nothing"

    run(story())


def test_the_groups_are_all_there():
    groups = {name.split(".")[0] for name, _, _ in rfc6455.CASES}
    assert groups == {"1", "2", "3", "4", "5", "6", "7", "9", "12"} and len(rfc6455.CASES) >= 80
    assert len({name for name, _, _ in rfc6455.CASES}) == len(rfc6455.CASES)
    assert set(rfc6455.KNOWN_FAULTS) <= {name for name, _, _ in rfc6455.CASES}
