"""Figure 5 of the sound side: loudness and true peak of 20 mixes, checked by ffmpeg's ebur128.

    .venv/bin/python benchmarks/loudness.py             the 20 inputs, against the bars
    .venv/bin/python benchmarks/loudness.py --long      a 30-minute film: time and peak memory

Needs the command ffmpeg; nothing in it is shared with the code under test.
"""

import argparse
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

from vem_core.audio.loudness import LevelMeter
from vem_core.audio.mixing import MixSettings, mix, plan_mix, report_mix
from vem_core.types import Audio, SoundStream

LOUDNESS_BAR_LU = 0.3
DURATION_S = 20.0


def sound(samples: np.ndarray, sample_rate: int) -> Audio:
    """(C, T) of any float type."""
    return Audio(waveform=torch.from_numpy(samples.astype(np.float32)), sample_rate=sample_rate)


def clock(sample_rate: int) -> np.ndarray:
    return np.arange(round(DURATION_S * sample_rate)) / sample_rate


def noise(sample_rate: int, channels: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.standard_normal((channels, round(DURATION_S * sample_rate)))


def drums(sample_rate: int, seed: int) -> np.ndarray:
    """Kicks and noise hits: a crest factor of about 20 dB."""
    random = np.random.default_rng(seed)
    t = clock(sample_rate)
    track = np.zeros((2, t.size))
    length = round(0.25 * sample_rate)
    decay = np.exp(-np.arange(length) / (0.04 * sample_rate))
    kick = np.sin(2 * np.pi * 55 * np.arange(length) / sample_rate) * decay
    for number, start in enumerate(range(0, t.size - length, round(0.25 * sample_rate))):
        hit = kick if number % 2 == 0 else random.standard_normal(length) * decay * 0.4
        track[:, start : start + length] += hit
    return track


def chords(sample_rate: int) -> np.ndarray:
    t = clock(sample_rate)
    left = sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6))
    right = sum(np.sin(2 * np.pi * f * t + 1) for f in (220.0, 277.2, 329.6))
    return np.stack([left, right]) * 0.1 * (1 + 0.5 * np.sin(2 * np.pi * 0.2 * t))


def speech(sample_rate: int, seed: int, channels: int = 1) -> np.ndarray:
    """Syllables of filtered noise with pauses."""
    from scipy.signal import butter, sosfilt

    t = clock(sample_rate)
    band = butter(2, (200, 3000), btype="bandpass", fs=sample_rate, output="sos")
    syllables = (np.sin(2 * np.pi * 4 * t) > -0.3) & (np.sin(2 * np.pi * t / 7) > 0)
    return sosfilt(band, noise(sample_rate, channels, seed)) * syllables * 0.2


def inputs() -> Iterator[tuple[str, Audio, Audio | None]]:
    t = clock(48_000)
    clicks = np.zeros((2, t.size))
    clicks[:, ::4_800] = 1.0
    late = chords(44_100)
    late[:, : late.shape[1] // 2] = 0
    broken = chords(48_000)
    broken[:, 5_000:5_100] = np.nan
    broken[0, 9_000] = np.inf
    between = np.stack([np.sin(np.pi / 2 * np.arange(t.size) + np.pi / 4)] * 2)
    surround = np.concatenate(
        [noise(48_000, 2, 3) * 0.02, speech(48_000, 4), noise(48_000, 3, 5) * 0.02]
    )
    yield "sine 1 kHz", sound(np.stack([np.sin(2000 * np.pi * t)] * 2) * 0.5, 48_000), None
    yield "sine 40 Hz", sound(np.stack([np.sin(80 * np.pi * t)] * 2) * 0.5, 48_000), None
    yield "quarter-rate sine, peaks between samples", sound(between, 48_000), None
    yield "white noise", sound(noise(44_100, 2, 0) * 0.1, 44_100), None
    yield "white noise, mono, 22.05 kHz", sound(noise(22_050, 1, 1) * 0.1, 22_050), None
    yield "noise clipped at full scale", sound(np.clip(noise(44_100, 2, 2), -1, 1), 44_100), None
    yield "drums", sound(drums(44_100, 0), 44_100), None
    yield "drums, 96 kHz", sound(drums(96_000, 1) * 0.3, 96_000), None
    yield "drums over full scale", sound(drums(48_000, 2) * 30, 48_000), None
    yield "chords", sound(chords(44_100), 44_100), None
    yield "chords at -60 dB", sound(chords(44_100) * 0.001, 44_100), None
    yield "chords, second half only", sound(late, 44_100), None
    yield "chords with NaN and infinity", sound(broken, 48_000), None
    yield (
        "chords and 8-kHz telephone speech",
        sound(chords(44_100), 44_100),
        sound(speech(8_000, 1), 8_000),
    )
    yield "drums and speech", sound(drums(44_100, 3), 44_100), sound(speech(48_000, 2, 2), 48_000)
    yield "chords and 5.1", sound(chords(48_000), 48_000), sound(surround, 48_000)
    yield (
        "drums and quiet speech",
        sound(drums(48_000, 4), 48_000),
        sound(speech(48_000, 5) * 0.05, 48_000),
    )
    yield (
        "noise and silence",
        sound(noise(44_100, 2, 6) * 0.3, 44_100),
        sound(np.zeros((2, 900_000)), 48_000),
    )
    pips = np.sin(2000 * np.pi * t) * (t % 0.5 < 0.03)
    yield "metronome", sound(np.stack([pips, pips]) * 0.5, 48_000), None
    yield "clicks over chords", sound(clicks + 0.3 * chords(48_000), 48_000), None


def ffmpeg_levels(audio: Audio) -> tuple[float, float]:
    """(LUFS, dBTP) as Debian's ffmpeg measures them."""
    command = ["ffmpeg", "-hide_banner", "-nostdin", "-f", "f32le", "-ar", str(audio.sample_rate)]
    command += ["-ac", str(audio.n_channels), "-i", "pipe:0"]
    command += ["-filter_complex", "ebur128=peak=true", "-f", "null", "-"]
    raw = audio.waveform.numpy().T.astype("<f4").tobytes()
    result = subprocess.run(command, input=raw, capture_output=True, check=True)
    summary = result.stderr.decode().rsplit("Summary:", 1)[1]
    loudness = re.search(r"I:\s+(-?[\d.]+|-inf|nan) LUFS", summary)
    peak = re.search(r"Peak:\s+(-?[\d.]+|-inf) dBFS", summary)
    assert loudness and peak, summary
    return float(loudness[1]), float(peak[1])


def check_inputs() -> bool:
    settings = MixSettings()
    print(f"{'input':44} {'ours':>7} {'ffmpeg':>7} {'dBTP':>6} {'ffmpeg':>7} {'limited':>8}")
    good = 0
    rows = list(inputs())
    for name, music, own in rows:
        mixed = mix(music, own, DURATION_S, settings)
        report = mixed.report
        if report.loudness_lufs is None or report.true_peak_dbtp is None:
            sys.exit(f"{name}: the mix came out silent. {' '.join(report.notes)}")
        assert mixed.audio.n_samples == round(DURATION_S * report.sample_rate)
        lufs, peak = ffmpeg_levels(mixed.audio)
        passed = abs(lufs - settings.loudness_lufs) <= LOUDNESS_BAR_LU
        passed &= peak <= settings.true_peak_dbtp
        good += passed
        print(
            f"{name:44} {report.loudness_lufs:7.2f} {lufs:7.1f} {report.true_peak_dbtp:6.2f}"
            f" {peak:7.1f} {report.limited_db:8.2f}  {'' if passed else 'MISSED'}"
            f" {' '.join(report.notes)}"
        )
    print(f"{good} of {len(rows)} within {LOUDNESS_BAR_LU} LU and under the peak (bar: all)")
    clicks = np.zeros((2, round(DURATION_S * 48_000)))
    clicks[:, ::4_800] = 1.0
    mixed = mix(sound(clicks, 48_000), None, DURATION_S, settings)
    print(
        "single samples ten a second, beyond any gain: {:.1f} LUFS, {:.1f} dBTP.".format(
            *ffmpeg_levels(mixed.audio)
        ),
        *mixed.report.notes,
    )
    return good == len(rows)


def repeated(make: Callable[[], np.ndarray], times: int, sample_rate: int) -> SoundStream:
    def blocks() -> Iterator[np.ndarray]:
        piece = make().astype(np.float32)
        for _ in range(times):
            yield piece

    return SoundStream(sample_rate=sample_rate, n_samples=None, open=blocks)


def memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def long_film() -> None:
    """A 30-minute film: the mix as blocks (bar for the whole of `vem snap`: 90 s, 1.2 GB)."""
    music = repeated(lambda: drums(44_100, 0), 90, 44_100)
    own = repeated(lambda: speech(48_000, 1, 2), 90, 48_000)
    print(f"the process with its imports: {memory_mb()} MB")
    for name, settings in (
        ("music alone", MixSettings(own_sound="replace")),
        ("music and own sound", MixSettings()),
    ):
        start_s, start_cpu_s = time.perf_counter(), time.process_time()
        plan = plan_mix(music, own, 1800.0, settings)
        meter = LevelMeter(plan.sample_rate)
        for block in plan.blocks():
            meter.add(block)
        report = report_mix(plan, meter.finish())
        print(
            f"30 minutes, {name}: {time.perf_counter() - start_s:.1f} s"
            f" ({time.process_time() - start_cpu_s:.1f} s of processor),"
            f" {report.loudness_lufs:.2f} LUFS, {report.true_peak_dbtp:.2f} dBTP, ducked"
            f" {report.ducked_s:.0f} s, peak memory of the process {memory_mb()} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Loudness and true peak, checked.")
    parser.add_argument("--long", action="store_true", help="the 30-minute film instead")
    if parser.parse_args().long:
        long_film()
        return
    if shutil.which("ffmpeg") is None:
        sys.exit("The command ffmpeg was not found; it is needed to check the levels. Install it.")
    sys.exit(0 if check_inputs() else 1)


if __name__ == "__main__":
    main()
