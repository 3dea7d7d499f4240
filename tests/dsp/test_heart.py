"""The heart's figures against the strap, the captures and simulated truth.

Prints its tables and writes build/heart-report.txt, which docs/heart.md quotes.
"""
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from scipy.signal import lombscargle

import heart_simulation as sim
from heart_run import BUILD, ROOT, capture, column, finite, intervals, run, values

sys.path.insert(0, str(ROOT / "tests" / "data"))
from recordings import PPG, REAL_BANDS, SIMULATED  # noqa: E402

ALL = os.environ.get("LINKBANDD_TEST_ALL") == "yes"
RUNS = 40 if ALL else 8  # of 125 s, in each cell and polarity
report = []


def say(line):
    print(line)
    report.append(line)


@pytest.fixture(scope="module", autouse=True)
def written_report():
    yield
    (BUILD / "heart-report.txt").write_text("\n".join(report) + "\n")


def on_both_cores(work, jobs):
    with ProcessPoolExecutor(2) as pool:
        return list(pool.map(work, jobs, chunksize=4))


def test_the_ten_records_agree_with_the_strap():
    say("record      bpm  strap  share   SDNN strap  err%  RMSSD strap  err%  last 60 s err%")
    bpm_error, sdnn_error, rmssd_error, last_error, small = [], [], [], [], []
    for path in PPG:
        strap = np.array(path.with_suffix(".rr").read_text().split(), float)
        seconds, record = run(path.read_bytes())
        bpm = column(seconds, "bpm")
        rate, sdnn = 60000 / strap.mean(), strap.std(ddof=1)
        rmssd = np.sqrt(np.mean(np.diff(strap) ** 2))
        last = finite(column(seconds, "rmssd"))
        found = float(record["rmssd"])
        mean = np.mean(finite(bpm)) if np.isfinite(bpm).any() else np.nan
        if np.isfinite(mean):
            bpm_error.append(abs(mean - rate))
        if np.isfinite(found):
            rmssd_error.append(abs(found / rmssd - 1) * 100)
            sdnn_error.append(abs(float(record["sdnn"]) / sdnn - 1) * 100)
            small.append(rmssd < 20 and abs(found - rmssd) <= 6)
        if len(last):
            last_error.append(abs(last[-1] / rmssd - 1) * 100)
        say(f"{path.stem} {mean:6.2f} {rate:6.2f} {np.isfinite(bpm).mean():5.0%} "
            f"{float(record['sdnn']):6.1f} {sdnn:5.1f} {(float(record['sdnn'])/sdnn-1)*100:5.1f} "
            f"{found:6.1f} {rmssd:5.1f} {(found/rmssd-1)*100:5.1f} "
            f"{(last[-1]/rmssd-1)*100 if len(last) else np.nan:6.1f}")
    say(f"bpm: median {np.median(bpm_error):.2f}, worst {max(bpm_error):.2f}; RMSSD: median "
        f"{np.median(rmssd_error):.1f} %, worst {max(rmssd_error):.1f} %; SDNN: median "
        f"{np.median(sdnn_error):.1f} %, worst {max(sdnn_error):.1f} %; last 60 s: median "
        f"{np.median(last_error):.1f} %; state {record['bytes']} bytes")
    assert len(bpm_error) >= 9 and max(bpm_error) <= 2.0
    assert len(rmssd_error) >= 9 and np.median(rmssd_error) <= 10
    assert all(e <= 30 or s for e, s in zip(rmssd_error, small))
    assert np.median(last_error) <= 15
    assert np.median(sdnn_error) <= 6


PEAKS = {
    "simulated": ([72, 72, 72], [2, 2, 2]),
    "session_20250526_094443": ([92, 91, 95, 94, 92], [2, 2, 2, 2, 2]),
    "session_20250624_175525": ([84, 83, 86, 86], [3, 2, 2, 2]),
}


@pytest.mark.parametrize("path", [p for p in [SIMULATED, *REAL_BANDS] if p.stem in PEAKS], ids=lambda path: path.stem)
def test_the_captures_have_the_rate_of_their_spectral_peak(path):
    name, (known, allowed) = path.stem, PEAKS[path.stem]
    seconds, _ = run(path.read_bytes())
    bpm = column(seconds, "bpm")
    blocks = [np.mean(finite(bpm[20 * i:20 * i + 20])) for i in range(len(known))]
    say(f"{name}: " + " ".join(f"{b:.1f}" for b in blocks) + f" bpm (peak: {known})")
    assert all(abs(b - k) <= a for b, k, a in zip(blocks, known, allowed))


def upstrokes(beats, bpm):
    return beats + sim.UPSTROKE * min(1.0, 60.0 / bpm / 0.8)


def measure(job):
    """Of one simulated record: rate off in bpm; RMSSD and SDNN off in %; share of windows told.

    The truth of a window is that of all beats in it, whether they were found or not.
    """
    bpm, snr, sign, seed = job
    rng = np.random.default_rng([seed, bpm, int(10 * snr) + 1000, sign + 1])
    ir, beats = sim.simulate(rng, bpm, snr, sign)
    seconds, _ = run(capture(ir))
    beats = upstrokes(beats, bpm)
    rates, errors, last, windows = [], [], 0.0, 0
    for second in seconds:
        last = max(last, *values(second, "beats") / 1000, 0.0)
        # The newest displayed sample is 51 older than the end of the filtered ones.
        now = values(second, "times")[-1] / 1000 + 51 / sim.FS if second["times"] else 0.0
        rate, rmssd = float(second["bpm"]), float(second["rmssd"])
        if np.isfinite(rate) and now > 20:
            near = beats[(beats > now - 17) & (beats <= now - 1)]
            rates.append(rate - 60 / np.mean(np.diff(near)))
        windows += now > 62
        if np.isfinite(rmssd):
            rr = np.diff(beats[(beats >= now - 62) & (beats <= last + 0.05)]) * 1000
            errors.append((rmssd / np.sqrt(np.mean(np.diff(rr) ** 2)) - 1,
                           float(second["sdnn"]) / rr.std(ddof=1) - 1))
    return np.array(rates), 100 * np.abs(errors).reshape(-1, 2), windows


def measure_cells(cells):
    """Pooled over both polarities and all runs."""
    jobs = [(*cell, sign, seed) for cell in cells for sign in (1, -1) for seed in range(RUNS)]
    results = on_both_cores(measure, jobs)
    for k, cell in enumerate(cells):
        own = results[2 * RUNS * k:2 * RUNS * (k + 1)]
        yield cell, [np.concatenate([r[i] for r in own]) for i in (0, 1)], sum(r[2] for r in own)


def test_simulated_beats_are_told_as_they_are():
    say(f"simulated, {RUNS} runs of 125 s in each cell and polarity; SNR within 0.5-8 Hz is "
        f"{sim.IN_BAND_DB:.1f} dB more; in brackets the least p90 that the Cramer-Rao bound leaves\n"
        "bpm SNR  rate within    of | RMSSD p50  p90       | SDNN p50  p90       | told")
    failures, sdnn = [], {20: [], 15: [], 10: []}
    cells = [(bpm, snr) for bpm in (40, 60, 80, 110, 140) for snr in (20, 15, 10)]
    cells += [(bpm, snr) for bpm in (160, 180) for snr in (20, 15)]
    for (bpm, snr), (rates, errors), windows in measure_cells(cells):
        within = np.mean(abs(rates) <= (1.0 if bpm <= 140 else 0.02 * bpm))
        p50, p90 = np.percentile(errors, [50, 90], axis=0)
        least = sim.least_error(bpm, snr)
        say(f"{bpm:3d} {snr:3d} {within:9.1%} {len(rates):8d} | {p50[0]:9.1f} {p90[0]:4.1f} "
            f"({least[0]:4.1f}) | {p50[1]:8.1f} {p90[1]:4.1f} ({least[1]:3.1f}) | "
            f"{len(errors) / windows:4.0%}")
        if len(rates) == 0 or within < (0.99 if bpm <= 110 else 0.90):
            failures.append(f"{bpm} bpm at {snr} dB: rate within its limit on {within:.1%}")
        if bpm > 140:
            continue
        sdnn[snr].extend(errors[:, 1])
        # Two cells are beyond what any method can reach: 10 % is not asked of them, but that the
        # error stay within one and three quarters of the least.
        limit = 10.0 if least[0] <= 10.0 else 1.75 * least[0]
        if p90[0] > limit:
            failures.append(f"{bpm} bpm at {snr} dB: RMSSD p90 {p90[0]:.1f} %, limit {limit:.1f}")
        if len(errors) < 0.9 * windows:
            failures.append(f"{bpm} bpm at {snr} dB: variability told on {len(errors) / windows:.0%}")
    for snr, errors in sdnn.items():
        say(f"SDNN, 40 to 140 bpm, {snr} dB: p90 {np.percentile(errors, 90):.1f} %")
        if np.percentile(errors, 90) > 3.0:
            failures.append(f"SDNN at {snr} dB")
    assert not failures, failures


def test_at_10_db_in_band_the_rate_is_told():
    say(f"SNR 10 dB within 0.5-8 Hz, {10 - sim.IN_BAND_DB:.1f} dB as sampled")
    cells = [(bpm, 10 - sim.IN_BAND_DB) for bpm in (40, 60, 80, 110, 140)]
    for (bpm, _), (rates, _), _ in measure_cells(cells):
        within = np.mean(abs(rates) <= 1.0)
        say(f"{bpm:3d} bpm: rate within 1 bpm on {within:.1%} of {len(rates)}")
        assert within >= 0.95


def test_variability_is_withheld_at_0_db():
    for (bpm, _), (_, errors), windows in measure_cells([(b, 0) for b in (40, 60, 80, 110, 140)]):
        say(f"0 dB, {bpm} bpm: variability told in {len(errors)} of {windows} windows")
        assert len(errors) == 0 and windows > 0


def measure_wearer(job):
    """Of the wearer that the daemon itself can simulate: mean rate off in bpm, RMSSD off in %."""
    bpm, rmssd, seed = job
    text = subprocess.run([BUILD / "heart_sim", *map(str, (seed, bpm, rmssd, 125))],
                          capture_output=True, check=True).stdout
    beats = np.array([float(line.split()[2]) for line in text.splitlines() if line.startswith(b"#")])
    seconds, record = run(text)
    at = intervals(record)[0]
    rr = np.diff(beats[(beats > at[0] - 0.1) & (beats < at[-1])]) * 1000
    rate = np.mean(finite(column(seconds, "bpm")))
    return (abs(rate - 60000 / rr.mean()),
            100 * abs(float(record["rmssd"]) / np.sqrt(np.mean(np.diff(rr) ** 2)) - 1))


def test_the_simulated_wearer_is_told_as_it_is():
    for bpm, rmssd in ((45, 80), (60, 45), (75, 30), (100, 20), (130, 12)):
        jobs = [(bpm, rmssd, seed) for seed in range(1, RUNS + 1)]
        rate, error = np.array(on_both_cores(measure_wearer, jobs)).T
        say(f"the daemon's own wearer, {bpm} bpm, RMSSD {rmssd} ms: mean rate off by at most "
            f"{max(rate):.2f} bpm; RMSSD {np.median(error):.1f} %, worst {max(error):.1f} %")
        assert max(rate) <= 1.0 and max(error) <= 10


def measure_disturbed(job):
    """Abnormal intervals taken for NN; share of the normal kept; RMSSD off in %."""
    bpm, snr, every, missed, seed = job
    rng = np.random.default_rng([seed, bpm, snr, every, missed])
    beats, phase = sim.make_beats(rng, bpm, 125.0)
    beats, heights, normal = sim.disturb(rng, beats, every, missed)
    ir = sim.render(rng, beats, bpm, snr, -1, phase, 125.0, heights)
    _, record = run(capture(ir))
    at, rr, _, kept = intervals(record)
    beats = upstrokes(beats, bpm)
    if missed:
        beats, normal = beats[heights > 0], normal[heights > 0]
    truth = np.diff(beats, prepend=np.nan) * 1000
    place = np.array([np.argmin(abs(beats - t)) for t in at])
    wrong = np.sum(kept & ~(normal[place] & (abs(truth[place] - rr) < 60)))
    seen = normal & (beats > at[0] + 0.1) & (beats < at[-1] + 0.1)
    both = seen[1:] & seen[:-1]
    rmssd = np.sqrt(np.mean(np.diff(truth)[both] ** 2))
    return wrong, kept.sum() / seen.sum(), abs(float(record["rmssd"]) / rmssd - 1) * 100


@pytest.mark.parametrize("missed", [False, True], ids=["early", "missed"])
def test_beats_out_of_rhythm_are_left_out_and_not_interpolated(missed):
    for every in (9, 15):
        for bpm, snr in ((50, 20), (70, 20), (70, 12), (90, 20)):
            jobs = [(bpm, snr, every, missed, seed) for seed in range(RUNS)]
            wrong, kept, error = np.array(on_both_cores(measure_disturbed, jobs)).T
            say(f"every {every}th beat {'missed' if missed else 'early'}, {bpm} bpm, {snr} dB: "
                f"{wrong.sum():.0f} wrong intervals kept, {kept.mean():.1%} of the right ones; RMSSD "
                f"off by {np.median(error):.1f} %, worst {error.max():.1f} %")
            assert wrong.sum() <= 0.01 * RUNS * 125 * bpm / 60 / every
            assert kept.mean() >= 0.95
            assert np.percentile(error, 90) <= 10


def test_bursts_of_movement_spoil_no_figure():
    worst = []
    for seed in range(RUNS):
        rng = np.random.default_rng([seed, 31])
        ir, beats = sim.simulate(rng, 72, 20, -1)
        for start in range(20, 120, 25):
            n = slice(int(start * sim.FS), int((start + 3) * sim.FS))
            length = n.stop - n.start
            swing = np.sin(rng.uniform(4, 12) * np.arange(length) / sim.FS)
            ir[n] += np.round(20000 * np.hanning(length) * swing)
        seconds, record = run(capture(ir))
        bpm = column(seconds, "bpm")[20:]
        rmssd = np.sqrt(np.mean(np.diff(beats[beats > 2], 2) ** 2)) * 1000
        worst.append((np.nanmean(abs(bpm - 72) > 10), np.isfinite(bpm).mean(),
                      abs(float(record["rmssd"]) / rmssd - 1) * 100))
    rate, share, error = np.array(worst).T
    say(f"3 s of movement every 25 s: rate off by more than 10 bpm on {rate.mean():.1%} of seconds, told on "
        f"{share.mean():.0%}; RMSSD off by {np.median(error):.1f} %, worst {error.max():.1f} %")
    assert rate.mean() <= 0.01 and share.mean() >= 0.8 and error.max() <= 30


def test_noise_and_flat_lines_are_silent():
    rng = np.random.default_rng(5)
    n = int(125 * sim.FS)
    for name, make in (("white", lambda: 1.5e6 + 2000 * rng.standard_normal(n)),
                       ("walk", lambda: 1.5e6 + np.cumsum(300 * rng.standard_normal(n))),
                       ("flat", lambda: np.full(n, 1.5e6)), ("off", lambda: np.full(n, 2000.0)),
                       ("toggling", lambda: 1.5e6 + rng.integers(0, 2, n))):
        records = [capture(np.clip(np.round(make()), 0, 2**24 - 1)) for _ in range(RUNS)]
        told = [run(record)[0] for record in records]
        bpm, rmssd = (sum(np.isfinite(column(s, name)).sum() for s in told)
                      for name in ("bpm", "rmssd"))
        say(f"{name}, {RUNS} records: bpm on {bpm} seconds, RMSSD on {rmssd}")
        assert bpm == 0 and rmssd == 0


def test_the_power_of_hf_and_lf_is_that_of_scipys_lomb():
    ir, _ = sim.simulate(np.random.default_rng(3), 70, 30, 1)
    _, record = run(capture(ir))
    at, rr, sigma, normal = intervals(record)
    variance = np.square(sigma * 1000)
    pairs = np.flatnonzero(normal[1:] & normal[:-1]) + 1
    jitter = np.mean(variance[pairs] + 4 * variance[pairs - 1] + variance[pairs - 2]) / 6
    at, rr = at[normal], rr[normal]
    step = rr.mean() / 1000
    x = rr - np.polyval(np.polyfit(at, rr, 1), at)
    df = 1 / 120.0
    for name, lo, hi in (("hf", 0.15, 0.40), ("lf", 0.04, 0.15)):
        f = np.arange(np.ceil(lo / df - 1e-9), np.ceil(hi / df - 1e-9)) * df
        mine = float(record[name])
        power = np.sum(2 * step * lombscargle(at, x, 2 * np.pi * f)) * df
        power -= np.sum(4 * step * jitter * (1 - np.cos(2 * np.pi * f * step))) * df
        say(f"{name}: {mine:.2f} ms2, SciPy {power:.2f}, {(mine/power-1)*100:+.3f} %")
        assert abs(mine / power - 1) < 0.0005


def test_filtered_times_match_the_signal_they_filter():
    t = np.arange(int(60 * sim.FS)) / sim.FS
    ir = np.round(1.5e6 + 5000 * np.sin(2 * np.pi * 1.2 * t))
    seconds, _ = run(capture(ir))
    times = np.concatenate([values(s, "times") for s in seconds]) / 1000
    pulse = np.concatenate([values(s, "pulse") for s in seconds])
    assert np.all(np.diff(times) > 0)
    # The clock lays the end of a packet on its arrival: sample i of the capture is at i / FS.
    late = times > 20
    phase = np.angle(np.sum(pulse[late] * np.exp(-2j * np.pi * 1.2 * times[late])) * 1j)
    lag = abs((phase + np.pi / 2) % np.pi - np.pi / 2) / (2 * np.pi * 1.2)
    say(f"filtered pulse: time error {lag * 1000:.2f} ms")
    assert lag < 0.003
