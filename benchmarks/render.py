"""Trial and speed of the sampler.

    .venv/bin/python benchmarks/render.py [--notes 10000]

1. Trial (architecture.md 7): random notes on every instrument, any pitch and velocity, some before
   the start and past the end: finite, the same twice, never hanging.
2. Speed: composed pieces of 30 s and 3 minutes with effects; bars 1.5 s and 8 s on two free cores.
   CPU seconds are given too, since they say more than the clock on a busy machine.
3. Loudness: each style's piece before mastering, with its parts, and from its calmest to its most
   intense shot; bar 8 dB.
"""

import argparse
import hashlib
import os
import time
from fractions import Fraction

import numpy as np
import pyloudnorm

from vem_core.codecs.score.instruments import Instrument, load_catalogue
from vem_core.codecs.score.render import render
from vem_core.codecs.score.sampler import Event, Player
from vem_core.codecs.score.soundbank import SoundBank
from vem_core.composing.compose import compose
from vem_core.composing.style import load_style, style_names
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.tempo_map import plan_beats
from vem_core.types import Affect, Motion, Music, Picture, Score, Shot, Storyboard, Transition

RATE = 44100
AROUSALS = (0.15, 0.3, 0.5, 0.4, 0.7, 0.9, 1.0, 0.6, 0.2)
LENGTHS_S = (6.0, 4.0, 3.0, 5.0, 4.0, 3.0, 6.0, 4.0, 5.0)


def storyboard(duration_s: float) -> Storyboard:
    """Shots that rise to a climax and fall, over and over until `duration_s`."""
    shots, start_s = [], 0.0
    picture = Picture(
        keyframe_s=0.0, brightness=0.5, saturation=0.5, contrast=0.5, warmth=0.0, hues=()
    )
    while start_s < duration_s:
        turn = len(shots) % len(LENGTHS_S)
        end_s = min(start_s + LENGTHS_S[turn], duration_s)
        shots.append(
            Shot(
                start_s=start_s,
                end_s=end_s,
                affect=Affect(valence=0.3, arousal=AROUSALS[turn]),
                picture=picture,
                motion=Motion(mean=0.1, peak=0.2),
            )
        )
        start_s = end_s
    return Storyboard(
        duration_s=duration_s,
        fps=Fraction(25),
        shots=tuple(shots),
        transitions=tuple(Transition(time_s=s.start_s, strength=0.8) for s in shots[1:]),
    )


def piece(style: str, duration_s: float) -> tuple[Storyboard, Score, float]:
    """A composed piece and the seconds it took to write."""
    board = storyboard(duration_s)
    plan = plan_beats(board, PlanSettings(tempo_range_bpm=load_style(style).tempo_bpm))
    start = time.perf_counter()
    score = compose(board, plan, style=style, seed=1)
    return board, score, time.perf_counter() - start


def random_events(rng: np.random.Generator, n: int, instrument: Instrument) -> list[Event]:
    """Notes from 2 s before the start to past the end of ten seconds."""
    keys = sorted(instrument.kit) or list(range(128))
    starts = rng.integers(-2 * RATE, 10 * RATE, n)
    return [
        Event(
            start=int(start),
            stop=int(start + rng.integers(1, 4 * RATE)),
            pitch=int(rng.choice(keys)),
            velocity=int(rng.integers(1, 128)),
        )
        for start in starts
    ]


def trial(n_notes: int) -> None:
    instruments = list(load_catalogue().instruments.values())
    digests, worst, longest = [], 0.0, (0.0, "")
    start = time.perf_counter()
    for _ in range(2):
        player = Player(
            bank=SoundBank(), catalogue=load_catalogue(), sample_rate=RATE, check=lambda: None
        )
        rng = np.random.default_rng(0)
        digest = hashlib.sha256()
        for instrument in instruments:
            events = random_events(rng, -(-n_notes // len(instruments)), instrument)
            begun = time.perf_counter()
            sound = player.play(events, instrument, 10 * RATE)
            longest = max(longest, (time.perf_counter() - begun, instrument.name))
            if not np.isfinite(sound).all():
                print(f"   NOT FINITE: {instrument.name}")
            worst = max(worst, float(np.abs(sound).max()))
            digest.update(sound.tobytes())
        digests.append(digest.hexdigest()[:16])
    print(f"1. {n_notes} random notes, {len(instruments)} instruments, twice")
    print(f"   {time.perf_counter() - start:.1f} s; longest {longest[0]:.2f} s ({longest[1]})")
    print(f"   deterministic: {digests[0] == digests[1]} ({digests[0]}); peak {worst:.1f}")


def speed() -> None:
    print(f"2. Speed; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for duration_s, bar_s in ((30.0, 1.5), (180.0, 8.0)):
        for style in ("jazz", "synthwave", "cinematic"):
            _, score, written_s = piece(style, duration_s)
            cpu, clock = time.process_time(), time.perf_counter()
            render(score)
            clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
            n_notes = sum(len(notes) for _, notes in score.parts)
            print(
                f"   {duration_s:3.0f} s {style:10} {n_notes:5} notes: composed {written_s:5.2f} s,"
                f" rendered {clock:5.2f} s (bar {bar_s} s; {cpu:.2f} CPU s, {cpu / 2:.2f} a core)"
            )


def loudness_lufs(sound: np.ndarray) -> float:
    if not sound.any():
        return -70.0
    return max(-70.0, pyloudnorm.Meter(RATE).integrated_loudness(sound.T.astype(np.float64)))


def levels() -> None:
    print("3. Loudness in LUFS before mastering")
    bank = SoundBank()
    for style in style_names():
        board, score, _ = piece(style, 40.0)
        music: Music = render(score, bank=bank)
        mix = music.mix.waveform.numpy()
        shots = [
            loudness_lufs(mix[:, round(s.start_s * RATE) : round(s.end_s * RATE)])
            for s in board.shots
        ]
        parts = " ".join(
            f"{name} {loudness_lufs(stem.waveform.numpy()):.0f}" for name, stem in music.stems
        )
        peak_db = 20 * np.log10(float(np.abs(mix).max()))
        print(
            f"   {style:10} {loudness_lufs(mix):6.1f}, peak {peak_db:5.1f} dBFS, calm to intense"
            f" {shots[6] - shots[0]:4.1f} dB (bar 8); {parts}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=10_000)
    args = parser.parse_args()
    trial(args.notes)
    speed()
    levels()


if __name__ == "__main__":
    main()
