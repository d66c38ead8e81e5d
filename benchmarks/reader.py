"""Issue "The picture side", figure 3: parsing against plain decoding, and memory against length.

    .venv/bin/python benchmarks/reader.py [--minutes 60] [--fps 24] [--rounds 3]

Bars: parsing takes at most 2.5 times (aim: 1.5) what decoding and scaling the same file with PyAV
takes; peak memory for a 60-minute 1080p film is under 1 GB and at most 10 % above that for a
2-minute one. Every measurement is a process of its own. Ratios are of wall time, best of the
rounds, and of processor time, which other work on the machine disturbs less.
"""

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import VideoReformatter

FPS = 24
SIZE = (1920, 1080)
LOOP_S = 10
SCALED_WIDTH = 320


def make_film(path: Path, minutes: float, fps: int = FPS) -> Path:
    """A 1080p film: ten seconds with four shots encoded once, its packets written over and over."""
    loop = path.with_name("loop.mp4")
    if not loop.exists():
        _encode_loop(loop, fps)
    with av.open(str(loop)) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.size]
        length = sum(packet.duration or 0 for packet in packets)
        with av.open(str(path), "w") as film:
            copied: Any = film.add_stream_from_template(stream, opaque=True)
            for turn in range(round(minutes * 60 / LOOP_S)):
                for packet in packets:
                    again = av.Packet(bytes(packet))
                    again.pts = (packet.pts or 0) + turn * length
                    again.dts = (packet.dts or 0) + turn * length
                    again.duration, again.time_base = packet.duration, packet.time_base
                    again.is_keyframe = packet.is_keyframe
                    again.stream = copied
                    film.mux(again)
    return path


def _encode_loop(path: Path, fps: int) -> None:
    """Four shots of coloured noise that drifts, as costly to decode as a quiet film."""
    width, height = SIZE
    rng = np.random.default_rng(0)
    shots = [
        np.kron(rng.integers(0, 255, (45, 100, 3), np.uint8), np.ones((32, 32, 1), np.uint8))
        for _ in range(4)
    ]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=fps, width=width, height=height)
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "26", "g": "48"}
        n_frames = LOOP_S * fps
        for index in range(n_frames):
            shot = shots[index * len(shots) // n_frames]
            at = 3 * (index % (n_frames // len(shots)))
            picture = np.ascontiguousarray(shot[at // 2 : at // 2 + height, at : at + width])
            grain = rng.integers(0, 12, (height, width, 1), np.uint8)
            frame = av.VideoFrame.from_ndarray(np.minimum(picture, 243) + grain, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def decode_and_scale(path: Path) -> int:
    """The baseline: every frame decoded on all cores, scaled down to RGB; nothing else."""
    scaler, n_frames = VideoReformatter(), 0
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        height = round(stream.height * SCALED_WIDTH / stream.width)
        for frame in container.decode(stream):
            scaler.reformat(frame, SCALED_WIDTH, height, "rgb24")
            n_frames += 1
    return n_frames


def read(path: Path) -> int:
    """Our reader alone."""
    from vem_core.video.reader import read_frames

    return sum(1 for _ in read_frames(path, max_width=SCALED_WIDTH))


def parse(path: Path) -> int:
    """The whole parse, with its defaults."""
    from vem_core.parsing.parse import parse_video

    return len(parse_video(path).storyboard.shots)


TASKS = {"baseline": decode_and_scale, "read": read, "parse": parse}


def run_task(name: str, path: Path) -> None:
    """In a child process; imports are not counted. Prints JSON."""
    if name != "baseline":
        importlib.import_module("vem_core.parsing.parse")
    used = resource.getrusage(resource.RUSAGE_SELF)
    start, start_cpu = time.perf_counter(), used.ru_utime + used.ru_stime
    result = TASKS[name](path)
    used = resource.getrusage(resource.RUSAGE_SELF)
    figures = {
        "result": result,
        "wall_s": time.perf_counter() - start,
        "cpu_s": used.ru_utime + used.ru_stime - start_cpu,
        "peak_mb": used.ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def measure(name: str, path: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--task", name, "--film", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--fps", type=int, default=FPS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--task", choices=TASKS)
    parser.add_argument("--film", type=Path)
    chosen = parser.parse_args()
    if chosen.task:
        run_task(chosen.task, chosen.film)
        return
    with tempfile.TemporaryDirectory() as folder:
        short = make_film(Path(folder) / "short.mp4", 2, chosen.fps)
        rounds = [{name: measure(name, short) for name in TASKS} for _ in range(chosen.rounds)]
        best = {
            name: {key: min(r[name][key] for r in rounds) for key in ("wall_s", "cpu_s", "peak_mb")}
            for name in TASKS
        }
        print(f"2 minutes of 1080p at {chosen.fps} fps, best of {chosen.rounds}:")
        for name, row in best.items():
            wall, cpu = (row[k] / best["baseline"][k] for k in ("wall_s", "cpu_s"))
            print(
                f"  {name:9} {row['wall_s']:7.2f} s  ratio {wall:.2f} (processor {cpu:.2f})"
                f"  peak {row['peak_mb']:.0f} MB"
            )
        ratio = min(best["parse"][k] / best["baseline"][k] for k in ("wall_s",))
        print(f"parse / baseline {ratio:.2f}: bar 2.5 {_said(ratio <= 2.5)}, aim 1.5")
        long = make_film(Path(folder) / "long.mp4", chosen.minutes, chosen.fps)
        print(f"{chosen.minutes:g} minutes ({long.stat().st_size / 2**20:.0f} MB file):")
        for name in ("read", "parse"):
            row = measure(name, long)
            growth = row["peak_mb"] / best[name]["peak_mb"] - 1
            print(
                f"  {name:9} {row['wall_s']:7.1f} s  peak {row['peak_mb']:.0f} MB, {growth:+.1%}:"
                f" under 1 GB {_said(row['peak_mb'] < 1024)}, within 10 % {_said(growth <= 0.1)}"
            )


def _said(met: bool) -> str:
    return "met" if met else "NOT MET"


if __name__ == "__main__":
    main()
