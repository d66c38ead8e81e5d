"""How near is stretched music to the same piece played at the other tempo?

Each of the ten styles is rendered twice, at two tempi; the first is stretched onto the beats of the
second, once by Rubber Band ('fine') and once by splices ('fast'). What is left between the two is
the stretcher's doing: mean difference of log spectra in third-octave bands, over windows of 43 ms;
the 95th percentile of its windows tells of places that stand out.

    .venv/bin/python benchmarks/stretch.py [--styles N]
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
import pieces

from vem_core.rhythm.edits import Edit
from vem_core.rhythm.stretching import Quality, TimeMap, stretch
from vem_core.types import Samples, no_progress

FACTORS = (1.03, 0.96)
DURATION_S = 16.0
SEED = 7
WINDOW, HOP, N_BANDS = 2048, 512, 32
QUALITIES: tuple[Quality, ...] = ("fine", "fast")


def spectra(sound: np.ndarray, rate: int) -> np.ndarray:
    """(F, N_BANDS) power in bands from 50 Hz to 16 kHz."""
    windows = np.lib.stride_tricks.sliding_window_view(sound.mean(axis=0), WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(WINDOW), axis=1)) ** 2
    edges_hz = np.geomspace(50, 16_000, N_BANDS + 1)
    edges = np.unique(np.searchsorted(np.fft.rfftfreq(WINDOW, 1 / rate), edges_hz))
    return np.add.reduceat(power, edges, axis=1)[:, :-1]


def differences_db(sound: np.ndarray, reference: np.ndarray, rate: int) -> np.ndarray:
    """(F,) mean difference of the bands in each window that is not silent."""
    found, wanted = spectra(sound, rate), spectra(reference, rate)
    floor = 1e-5 * wanted.max()
    loud = wanted.sum(axis=1) > 1e-3 * wanted.sum(axis=1).max()
    apart = np.abs(np.log10((found + floor) / (wanted + floor)))
    return 10 * apart.mean(axis=1)[loud]


def measure(style: str, factor: float) -> dict[str, tuple[float, float, float]]:
    """Mean and 95th percentile in dB, and processor seconds, by way of stretching."""
    tempo_bpm = float(np.mean(pieces.STYLES[style][2]))
    source = pieces.make_piece(style, SEED, duration_s=DURATION_S, tempo_bpm=tempo_bpm)
    lead_in_s = float(source.beats_s[0])
    longer_s = lead_in_s + factor * (DURATION_S - lead_in_s)
    played = pieces.make_piece(style, SEED, duration_s=longer_s, tempo_bpm=tempo_bpm / factor)
    assert len(source.beats_s) == len(played.beats_s)
    rate = source.sample_rate
    music = Samples(values=source.sound.astype(np.float32), sample_rate=rate)
    edit = Edit(music, source.beats_s, list(range(len(source.beats_s) - 1)))
    target_s = played.beats_s - played.beats_s[0]
    wanted = TimeMap(source_s=edit.beats_s, target_s=target_s)
    duration_s = float(target_s[-1])
    start, n = round(played.beats_s[0] * rate), round(duration_s * rate)
    reference = played.sound[:, start : start + n]
    found = {}
    for quality in QUALITIES:
        started = time.process_time()
        result = stretch(edit, wanted, duration_s, quality, no_progress)
        seconds = time.process_time() - started
        sound = np.concatenate(list(result.sound.open()), axis=1)
        apart_db = differences_db(sound, reference, rate)
        found[quality] = (float(apart_db.mean()), float(np.percentile(apart_db, 95)), seconds)
    apart_db = differences_db(edit.read(0, n), reference, rate)
    found["unstretched"] = (float(apart_db.mean()), float(np.percentile(apart_db, 95)), 0.0)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--styles", type=int, default=len(pieces.STYLES), help="only the first N")
    arguments = parser.parse_args()
    rows: list[dict[str, tuple[float, float, float]]] = []
    for style in list(pieces.STYLES)[: arguments.styles]:
        for factor in FACTORS:
            rows.append(measure(style, factor))
            figures = "  ".join(
                f"{way} {mean_db:4.2f} dB (p95 {p95_db:5.2f}) {seconds:4.1f} s"
                for way, (mean_db, p95_db, seconds) in rows[-1].items()
            )
            print(f"{style:14s} x {factor:g}  {figures}", flush=True)
    print()
    for way in rows[0]:
        mean_db, p95_db, seconds = np.mean([row[way] for row in rows], axis=0)
        print(f"{way:12s} {mean_db:.2f} dB, 95th percentile {p95_db:.2f} dB, {seconds:.2f} CPU-s")


if __name__ == "__main__":
    main()
