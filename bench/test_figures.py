"""bench/run's arithmetic: whose frame is which packet's, and where its tables go."""

import relays
import tables
from latency import Frame, of_processed, of_raw

MS = 1_000_000
# Two bands, a packet each in turn, each 10 ms.
SENT = [n * 10 * MS for n in range(8)]
OF_WHOM = [("A" if n % 2 == 0 else "B", "eeg") for n in range(8)]


def frames(kind, late, count=8):
    """Of the last `count` packets: so many ms after each of A's and of B's."""
    return [Frame(ns + late[of[0]] * MS, 0, kind, of) for ns, of in list(zip(SENT, OF_WHOM))[-count:]]


def test_a_raw_frame_is_paired_with_its_band_s_packet_from_the_last_one_back():
    late, missing = of_raw(frames("raw_data", {"A": 1, "B": 25}), SENT, OF_WHOM, 0, 80 * MS)
    assert sorted(late) == [1.0] * 4 + [25.0] * 4 and missing == 0


def test_of_a_window_are_the_packets_that_were_sent_in_it_and_those_that_never_came():
    late, missing = of_raw(frames("raw_data", {"A": 1, "B": 2}, count=4), SENT, OF_WHOM, 20 * MS, 60 * MS)
    assert sorted(late) == [1.0, 2.0] and missing == 2


def test_a_relay_that_tells_no_band_has_a_frame_for_each_packet():
    told = [Frame(ns + MS, 0, "raw_data", (None, "any")) for ns in SENT]
    assert of_raw(told, SENT, OF_WHOM, 0, 80 * MS) == ([1.0] * 8, 0)


def test_a_processed_frame_is_of_its_band_s_newest_packet():
    assert sorted(of_processed(frames("processed_data", {"A": 1, "B": 3}), SENT, OF_WHOM, 0, 80 * MS)) == [1.0] * 4 + [3.0] * 4


def test_each_table_has_its_place_in_the_page():
    page = (relays.ROOT / "docs/performance.md").read_text()
    names = ("machine", "relays", "calls", "stages", "daemon", "growth")
    filled = tables.into(page, {name: f"the table {name}\n" for name in names})
    for name in names:
        assert f"<!-- bench {name} -->\nthe table {name}\n<!-- end -->" in filled, name
