"""Issue "The sound side", figure 3: the muxer, read back with Debian's ffmpeg.

    .venv/bin/python benchmarks/mux.py [--kills 50]

Bars: a click at 5.000 s of the music is found within 1 ms in the decoded output of mp4, mov, mkv
and webm; picture packets' hashes equal the input's; picture and sound end within one audio frame
of each other; kill -9 at 50 random moments leaves no file under the final name that does not play
whole. ffmpeg and ffprobe have to be on the PATH.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from vem_core.types import Audio
from vem_core.video.writer import mux

CLICK_S = 5.0
LENGTH_S = 8.0
FILM_S = 240.0
CODECS = {
    "h264": ("libx264", "yuv420p", {"preset": "ultrafast", "bf": "2", "g": "50"}),
    "hevc 10 bit": (
        "libx265",
        "yuv420p10le",
        {"preset": "ultrafast", "x265-params": "log-level=0"},
    ),
    "vp9": ("libvpx-vp9", "yuv420p", {"deadline": "realtime", "cpu-used": "8"}),
    "av1": ("libsvtav1", "yuv420p", {"preset": "12", "svtav1-params": "lp=1"}),
    "prores": ("prores_ks", "yuv422p10le", {}),
}
HOMES = {
    "h264": ("mp4", "mov", "mkv"),
    "hevc 10 bit": ("mp4", "mov", "mkv"),
    "vp9": ("webm", "mp4", "mkv"),
    "av1": ("webm", "mp4", "mkv"),
    "prores": ("mov", "mkv"),
}
AUDIO_FRAME_S = {"aac": 1024, "opus": 960}


def make_video(path: Path, codec: str, duration_s: float) -> Path:
    """Grey that changes, 25 fps, without sound."""
    encoder, pix_fmt, options = CODECS[codec]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(encoder, rate=25, width=128, height=96)
        stream.pix_fmt, stream.options = pix_fmt, options
        for index in range(round(duration_s * 25)):
            picture = np.full((96, 128, 3), index % 200, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def burst(rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * 2000 * np.arange(round(0.002 * rate)) / rate)


def make_music(rate: int, duration_s: float) -> Audio:
    samples = np.zeros((2, round(duration_s * rate)), np.float32)
    start = round(CLICK_S * rate)
    samples[:, start : start + len(burst(rate))] = 0.9 * burst(rate)
    return Audio(waveform=torch.from_numpy(samples), sample_rate=rate)


def packet_hashes(path: Path) -> list[str]:
    """By ffprobe's own hashing of the picture's packets."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_packets"]
    command += ["-show_data_hash", "sha256", "-show_entries", "packet=data_hash", "-of", "csv=p=0"]
    return subprocess.run(
        [*command, f"file:{path}"], capture_output=True, text=True, check=True
    ).stdout.split()


def decoded_by_ffmpeg(path: Path) -> tuple[float, float, str]:
    """(time of the click, end of the sound, codec) of the first track, decoded by ffmpeg."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-of", "csv=p=0"]
    probe += ["-show_entries", "stream=codec_name,sample_rate", f"file:{path}"]
    codec, rate = subprocess.run(probe, capture_output=True, text=True).stdout.strip().split(",")
    command = ["ffmpeg", "-v", "error", "-i", f"file:{path}", "-map", "0:a:0", "-ac", "1"]
    raw = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    samples = np.frombuffer(raw, "<f4")
    found = np.argmax(np.correlate(samples, burst(int(rate)), "valid"))
    return int(found) / int(rate), len(samples) / int(rate), codec


def picture_end(path: Path) -> float:
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"]
    command += ["-show_entries", "packet=pts_time,duration_time", f"file:{path}"]
    rows = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    times = [row.rstrip(",").split(",") for row in rows]
    return max(float(start) + float(length) for start, length in times)


def positions(folder: Path) -> bool:
    """One row for each picture codec, container and rate of the music."""
    good = True
    print("picture      container  music  click found  packets equal  sound end - picture end")
    for codec, suffixes in HOMES.items():
        home = "webm" if codec in ("vp9", "av1") else "mov" if codec == "prores" else "mp4"
        source = make_video(folder / f"source.{home}", codec, LENGTH_S)
        hashes = packet_hashes(source)
        for suffix in suffixes:
            for rate in (44_100, 48_000):
                output = folder / f"out.{suffix}"
                mux(source, make_music(rate, LENGTH_S), output)
                click_s, sound_end_s, sound = decoded_by_ffmpeg(output)
                late_ms = 1000 * (click_s - CLICK_S)
                apart_ms = 1000 * (sound_end_s - picture_end(output))
                same = packet_hashes(output) == hashes
                frame_ms = 1000 * AUDIO_FRAME_S[sound] / (48_000 if sound == "opus" else rate)
                ok = abs(late_ms) <= 1 and same and abs(apart_ms) <= frame_ms
                good = good and ok
                print(
                    f"{codec:12} {suffix:9} {rate:6} {late_ms:+8.3f} ms  {same!s:13}"
                    f"  {apart_ms:+6.1f} ms (one frame: {frame_ms:.1f})  {_said(ok)}"
                )
    return good


def plays_whole(path: Path, hashes: list[str], duration_s: float) -> bool:
    """Every packet is there, and ffmpeg decodes picture and sound without a complaint."""
    command = ["ffmpeg", "-v", "error", "-xerror", "-i", f"file:{path}", "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or done.stderr or packet_hashes(path) != hashes:
        return False
    return abs(decoded_by_ffmpeg(path)[1] - duration_s) < 0.05


def kills(folder: Path, n_kills: int) -> bool:
    """kill -9 at random moments of a mux of a film of four minutes."""
    source = make_video(folder / "film.mp4", "h264", FILM_S)
    output = folder / "killed" / "out.mp4"
    output.parent.mkdir()
    hashes = packet_hashes(source)
    child = _child(source, output)
    _await_begin(child)
    start = time.perf_counter()
    child.wait()
    mux_s = time.perf_counter() - start
    assert plays_whole(output, hashes, FILM_S)
    output.unlink()
    rng = random.Random(0)
    n_whole = n_broken = n_during = 0
    for _ in range(n_kills):
        child = _child(source, output)
        _await_begin(child)
        time.sleep(rng.uniform(0, 1.1 * mux_s))
        n_during += child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
        if output.exists():
            if plays_whole(output, hashes, FILM_S):
                n_whole += 1
            else:
                n_broken += 1
            output.unlink()
    rest = len(list(output.parent.iterdir()))
    print(
        f"kill -9: {n_kills} times, {n_during} of them while it wrote; {n_whole} whole files and"
        f" {n_broken} broken ones under the final name ({rest} hidden temporary files left)"
        f"  {_said(not n_broken)}"
    )
    return not n_broken


def _await_begin(child: subprocess.Popen[str]) -> None:
    """Until its imports are done."""
    assert child.stdout is not None
    child.stdout.readline()


def _child(source: Path, output: Path) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, "--mux", str(source), str(output)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _said(met: bool) -> str:
    return "met" if met else "NOT MET"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--mux", nargs=2, type=Path)
    chosen = parser.parse_args()
    if chosen.mux:
        music = make_music(48_000, FILM_S)
        print("begin", flush=True)
        mux(chosen.mux[0], music, chosen.mux[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        good = positions(Path(folder))
        good = kills(Path(folder), chosen.kills) and good
    print("figure 3:", _said(good))


if __name__ == "__main__":
    main()
