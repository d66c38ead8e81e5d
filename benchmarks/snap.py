"""Figure 1 of the sound side: how exactly does snapped music hit the planned cuts?

Drum loops at 70 to 170 BPM and rendered pieces in ten styles are snapped to the bundled clip's cuts
and to random montages, muxed into an MP4 (AAC), and read back. Attacks are found by librosa's
spectral flux at 1 ms, which knows nothing of the plan; its constant delay is measured on clicks
beforehand.

    .venv/bin/python benchmarks/snap.py [--all] [--loops-only]

Prints, for each piece, the share of planned hits with an attack within 15 ms; for comparison the
same for the music laid unstretched under the picture, and for random instants of the snapped music
(chance).
"""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
import pieces

from vem_core.rhythm.snapping import Snapped, snap_music
from vem_core.types import Audio, Storyboard
from vem_core.video.sound import read_audio
from vem_core.video.writer import mux

ASSETS = Path(__file__).parents[1] / "vem_core" / "assets" / "demo"
LOOP_TEMPI = (70, 90, 110, 130, 150, 170)
N_MONTAGES = 5
WITHIN_S = 0.015
BAR_SHARE = 0.95
HOP_S = 0.001


@dataclass(frozen=True, kw_only=True)
class Film:
    name: str
    video: Path
    storyboard: Storyboard


def bundled_film() -> Film:
    truth = json.loads((ASSETS / "clip.json").read_text(encoding="utf-8"))
    duration_s = truth["n_frames"] / float(Fraction(truth["fps"]))
    times_s = [t["time_s"] for t in truth["transitions"]]
    sb = pieces.storyboard(times_s, duration_s, np.random.default_rng(0))
    return Film(name="clip", video=ASSETS / "clip.mp4", storyboard=sb)


def montage(seed: int, folder: Path) -> Film:
    """Log-normal shots of 2.5 s (median) on whole frames, 25 to 35 s; a black picture to mux
    into."""
    rng = np.random.default_rng([seed, 5])
    duration_s = float(rng.integers(25, 36))
    times_s, at_s = [], 0.0
    while True:
        at_s += float(np.clip(2.5 * np.exp(rng.normal(0, 0.5)), 0.5, 9.0))
        if at_s > duration_s - 0.5:
            break
        times_s.append(round(at_s * 25) / 25)
    path = folder / f"montage{seed}.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        for _ in range(round(duration_s * 25)):
            black = av.VideoFrame.from_ndarray(np.zeros((36, 64, 3), np.uint8), "rgb24")
            container.mux(stream.encode(black))
        container.mux(stream.encode(None))
    return Film(
        name=f"montage {seed}", video=path, storyboard=pieces.storyboard(times_s, duration_s, rng)
    )


def flux(mono: np.ndarray, rate: int) -> np.ndarray:
    from librosa.onset import onset_strength

    hop = round(HOP_S * rate)
    return onset_strength(y=mono, sr=rate, n_fft=512, hop_length=hop, n_mels=48, lag=8, fmax=12000)


def attacks(mono: np.ndarray, rate: int, delay_s: float) -> np.ndarray:
    """Times of the peaks of the flux, less the detector's delay."""
    from librosa.util import peak_pick

    strength = flux(mono, rate)
    strength = strength / (np.percentile(strength, 99) + 1e-9)
    found = peak_pick(
        strength, pre_max=25, post_max=25, pre_avg=80, post_avg=80, delta=0.06, wait=30
    )
    return np.asarray(found) * round(HOP_S * rate) / rate - delay_s


def detector_delay(rate: int) -> float:
    """Median delay of the detector on clicks at known times."""
    rng = np.random.default_rng(0)
    truth_s = np.arange(0.5, 9.5, 0.41)
    mono = np.zeros(10 * rate, np.float32)
    for t in truth_s:
        n = round(0.05 * rate)
        burst = rng.normal(size=n) * np.exp(-np.arange(n) / (0.01 * rate))
        mono[round(t * rate) : round(t * rate) + n] += 0.3 * burst.astype(np.float32)
    found = attacks(mono, rate, 0.0)
    return float(np.median([found[np.abs(found - t).argmin()] - t for t in truth_s]))


def nearest_errors(found_s: np.ndarray, wanted_s: np.ndarray) -> np.ndarray:
    """Signed distance from each wanted time to the nearest attack."""
    if not len(found_s):
        return np.full(len(wanted_s), np.inf)
    return np.array([found_s[np.abs(found_s - t).argmin()] - t for t in wanted_s])


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Errors at the planned hits: snapped, unstretched, and shares at random instants."""

    snapped_s: np.ndarray
    plain_s: np.ndarray
    chance: float
    seconds: float
    result: Snapped


def measure(music: Audio, film: Film, folder: Path, delays_s: dict[int, float]) -> Measured:
    started = time.perf_counter()
    result = snap_music(music, film.storyboard)
    seconds = time.perf_counter() - started
    assert result.plan is not None
    wanted_s = np.array([hit.beat_s for hit in result.plan.hits])
    snapped = decoded_attacks(result.audio, film, folder, delays_s)
    n = round(film.storyboard.duration_s * music.sample_rate)
    repeats = -(-n // music.n_samples)
    plain = Audio(waveform=music.waveform.repeat(1, repeats)[:, :n], sample_rate=music.sample_rate)
    unstretched = decoded_attacks(plain, film, folder, delays_s)
    anywhere_s = np.random.default_rng(1).uniform(0.2, film.storyboard.duration_s - 0.2, 4000)
    return Measured(
        snapped_s=nearest_errors(snapped, wanted_s),
        plain_s=nearest_errors(unstretched, wanted_s),
        chance=float(np.mean(np.abs(nearest_errors(snapped, anywhere_s)) <= WITHIN_S)),
        seconds=seconds,
        result=result,
    )


def decoded_attacks(
    audio: Audio, film: Film, folder: Path, delays_s: dict[int, float]
) -> np.ndarray:
    """Attacks in the file that a creator gets."""
    path = folder / "out.mp4"
    mux(film.video, audio, path)
    heard = read_audio(path)
    assert heard is not None
    rate = heard.sample_rate
    if rate not in delays_s:
        delays_s[rate] = detector_delay(rate)
    return attacks(heard.waveform.mean(dim=0).numpy(), rate, delays_s[rate])


def corpus(*, loops_only: bool) -> list[pieces.Piece]:
    loops = [pieces.drum_loop(i, tempo) for i, tempo in enumerate(LOOP_TEMPI)]
    return (
        loops if loops_only else loops + [pieces.make_piece(style, 20) for style in pieces.STYLES]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="every piece over every film")
    parser.add_argument("--loops-only", action="store_true", help="drum loops alone")
    arguments = parser.parse_args()
    delays_s: dict[int, float] = {}
    rows: list[Measured] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        montages = [montage(seed, folder) for seed in range(N_MONTAGES)]
        clip = bundled_film()
        for index, piece in enumerate(corpus(loops_only=arguments.loops_only)):
            music = Audio(waveform=torch.from_numpy(piece.sound), sample_rate=piece.sample_rate)
            films = [clip, *montages] if arguments.all else [clip, montages[index % N_MONTAGES]]
            for film in films:
                row = measure(music, film, folder, delays_s)
                rows.append(row)
                report(piece.name, film, row)
    summarise(rows)


def report(name: str, film: Film, row: Measured) -> None:
    hits = np.abs(row.snapped_s) <= WITHIN_S
    plain = np.mean(np.abs(row.plain_s) <= WITHIN_S) if len(row.plain_s) else float("nan")
    low, high = row.result.stretch_range
    print(
        f"{name:18s} {film.name:10s} hits {hits.sum():2d} of {len(hits):2d}"
        f" (cuts {len(film.storyboard.transitions):2d})"
        f"  median {1000 * np.median(row.snapped_s):+5.1f} ms"
        f"  unsnapped {100 * plain:3.0f} %  chance {100 * row.chance:3.0f} %"
        f"  stretch {low:.3f}-{high:.3f}  joins {len(row.result.joins)}  {row.seconds:.1f} s",
        flush=True,
    )


def summarise(rows: list[Measured]) -> None:
    snapped = np.concatenate([row.snapped_s for row in rows])
    plain = np.concatenate([row.plain_s for row in rows])
    share = float(np.mean(np.abs(snapped) <= WITHIN_S))
    near = np.abs(snapped[np.abs(snapped) <= 0.04])
    print(f"\n{len(snapped)} planned hits in {len(rows)} files; delay of the detector taken off")
    print(f"attack within 15 ms: {100 * share:.1f} % (bar {100 * BAR_SHARE:.0f} %)")
    mean_ms, p95_ms = 1000 * np.mean(near), 1000 * np.percentile(near, 95)
    print(f"  mean error {mean_ms:.1f} ms, 95th percentile {p95_ms:.1f} ms")
    print(f"without the snap: {100 * np.mean(np.abs(plain) <= WITHIN_S):.1f} %")
    print(
        f"at random instants of the snapped music: {100 * np.mean([r.chance for r in rows]):.1f} %"
    )
    limits = [row.result.stretch_range for row in rows]
    low, high = min(a for a, _ in limits), max(b for _, b in limits)
    print(f"stretch of any segment: {low:.3f} to {high:.3f}")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("PASS" if share >= BAR_SHARE else "MISSED")


if __name__ == "__main__":
    main()
