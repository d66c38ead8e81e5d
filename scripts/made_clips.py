"""Small made videos whose cuts are known, and ways to break them; for tests and benchmarks.

    python scripts/made_clips.py FOLDER [--clips 200] [--broken 20]

A clip is some 11 s of 64 by 36 pixels: shots of drifting blobs that change on beats of a small
groove; where the picture moves more, the music plays louder and busier. `broken.json` in the parent
folder names the broken ones and how.
"""

import argparse
import json
import shutil
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

FPS = 20
RATE = 44_100
WIDTH, HEIGHT = 64, 36


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """A clip before it is written."""

    seed: int
    duration_s: float
    tempo_bpm: float
    cuts_s: tuple[float, ...]
    levels: tuple[float, ...]
    """How lively each shot is, in [0, 1]."""
    music_levels: tuple[float, ...]


def plan_clip(seed: int, *, duration_s: float | None = None) -> Made:
    """Cuts on beats, two to four beats apart; every shot as lively as its music."""
    rng = np.random.default_rng([seed, 8])
    tempo_bpm = float(rng.uniform(92, 140))
    length_s = float(rng.uniform(10.4, 12.0)) if duration_s is None else duration_s
    beat_s = 60 / tempo_bpm
    cuts_s, at = [], 0
    while (at + 2) * beat_s < length_s - 1.0:
        at += int(rng.integers(2, 5))
        if at * beat_s < length_s - 0.6:
            cuts_s.append(round(at * beat_s * FPS) / FPS)
    if len(cuts_s) < 6:  # one that is not seen must not make the clip one of too few cuts
        n = int((length_s - 0.6) / (2 * beat_s))
        cuts_s = [round(2 * k * beat_s * FPS) / FPS for k in range(1, n + 1)]
    levels = tuple(float(x) for x in rng.permutation(np.linspace(0.05, 1, len(cuts_s) + 1)))
    return Made(
        seed=seed,
        duration_s=round(length_s * FPS) / FPS,
        tempo_bpm=tempo_bpm,
        cuts_s=tuple(cuts_s),
        levels=levels,
        music_levels=levels,
    )


def _level_at(made: Made, time_s: float, levels: Sequence[float]) -> tuple[int, float]:
    shot = int(np.searchsorted(made.cuts_s, time_s + 1e-6, side="right"))
    return shot, levels[min(shot, len(levels) - 1)]


def draw(made: Made, width: int = WIDTH, height: int = HEIGHT) -> list[np.ndarray]:
    """(H, W, 3) uint8 frames."""
    worlds = [_world(made.seed, shot, level) for shot, level in enumerate(made.levels)]
    frames = []
    for i in range(round(made.duration_s * FPS)):
        shot, level = _level_at(made, i / FPS, made.levels)
        x = round(8 + i * (0.1 + 2.5 * level)) % (worlds[shot].shape[1] - WIDTH)
        part = worlds[shot][18 : 18 + HEIGHT, x : x + WIDTH]
        frames.append(cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR))
    return frames


def _world(seed: int, shot: int, level: float) -> np.ndarray:
    """(72, 256, 3) uint8 blobs; livelier ones are more colourful."""
    rng = np.random.default_rng([seed, shot, 3])
    picture = np.zeros((72, 256, 3), np.float32)
    for rows, weight in ((4, 60.0), (12, 40.0)):
        blobs = rng.normal(0, 1, (rows, rows * 4, 3)).astype(np.float32)
        picture += weight * cv2.resize(blobs, (256, 72), interpolation=cv2.INTER_CUBIC)
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * (0.2 + 0.8 * level)
    return np.clip(picture + rng.uniform(80, 170), 5, 250).astype(np.uint8)


def play(made: Made) -> np.ndarray:
    """(1, T) float32: drums on the beats and a tune of the clip's own."""
    rng = np.random.default_rng([made.seed, 5])
    n = round(made.duration_s * RATE)
    sound = np.zeros(n + RATE, np.float32)
    beat_s = 60 / made.tempo_bpm
    tonic, scale = rng.uniform(90, 170), (0, 2, 3, 5, 7, 8, 10, 12)
    for half in range(int(made.duration_s / beat_s * 2) + 1):
        time_s = half * beat_s / 2
        _, level = _level_at(made, time_s, made.music_levels)
        gain = 0.12 + 0.88 * level
        if half % 2 == 0:
            _add(sound, time_s, gain * (0.9 if half % 8 == 0 else 0.6) * _drum(rng, 70.0, 0.12))
            if half % 4 == 2:
                _add(sound, time_s, gain * 0.4 * _noise(rng, 0.08))
        elif level > 0.35:
            _add(sound, time_s, gain * 0.2 * _noise(rng, 0.03))
        step = scale[int(rng.integers(len(scale)))] + (12 if rng.random() < 0.4 else 0)
        if half % 2 == 0 or rng.random() < 0.5 * level:
            pitch_hz = 2 * tonic * 2 ** (step / 12)
            _add(sound, time_s, gain * 0.3 * _note(pitch_hz, beat_s * 0.48))
    return 0.6 * np.tanh(sound[None, :n])


def _add(sound: np.ndarray, time_s: float, part: np.ndarray) -> None:
    first = round(time_s * RATE)
    part = part[: max(0, len(sound) - first)]
    sound[first : first + len(part)] += part


def _drum(rng: np.random.Generator, pitch_hz: float, length_s: float) -> np.ndarray:
    t = np.arange(round(length_s * RATE)) / RATE
    body = np.sin(2 * np.pi * (pitch_hz * t + 8 * np.exp(-t * 40)))
    return (body * np.exp(-t * 25)).astype(np.float32)


def _noise(rng: np.random.Generator, length_s: float) -> np.ndarray:
    n = round(length_s * RATE)
    return (rng.normal(0, 0.5, n) * np.exp(-np.arange(n) / RATE * 60)).astype(np.float32)


def _note(pitch_hz: float, length_s: float) -> np.ndarray:
    t = np.arange(round(length_s * RATE)) / RATE
    tone = sum(np.sin(2 * np.pi * k * pitch_hz * t) / k**1.5 for k in (1, 2, 3, 4))
    fade = np.minimum(1, np.minimum(t * 200, (length_s - t) * 100))
    return (tone * np.exp(-t * 4) * fade).astype(np.float32)


def write(
    path: Path,
    frames: Sequence[np.ndarray],
    sound: np.ndarray | None,
    *,
    audio_codec: str = "aac",
    quality: int = 23,
) -> Path:
    """A video file; the container follows from the suffix. No frames: sound alone."""
    with av.open(f"file:{path}", "w") as container:
        picture: Any = None
        if len(frames):
            picture = container.add_stream("libx264", rate=FPS)
            picture.height, picture.width = frames[0].shape[:2]
            picture.pix_fmt = "yuv420p"
            # one thread: the same bytes on every machine and in every run
            picture.options = {"preset": "ultrafast", "crf": str(quality), "threads": "1"}
        track: Any = None
        if sound is not None:
            track = container.add_stream(audio_codec, rate=RATE)
            track.layout = "mono"
        for frame in frames:
            container.mux(picture.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        if picture is not None:
            container.mux(picture.encode(None))
        if track is not None and sound is not None:
            _write_sound(container, track, sound)
    return path


def _write_sound(container: Any, track: Any, sound: np.ndarray) -> None:
    resampler = av.AudioResampler(track.format, track.layout, RATE)
    for start in range(0, sound.shape[1], 1024):
        part = np.ascontiguousarray(sound[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        for ready in resampler.resample(frame):
            container.mux(track.encode(ready))
    container.mux(track.encode(None))


def write_good(path: Path, seed: int) -> Path:
    made = plan_clip(seed)
    return write(path, draw(made), play(made))


def _good_bytes(folder: Path, seed: int, suffix: str) -> bytes:
    path = folder / f"broken-work{suffix}"
    data = write_good(path, seed).read_bytes()
    path.unlink()
    return data


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _cut_off(folder: Path, seed: int, suffix: str) -> None:
    data = _good_bytes(folder, seed, suffix)
    _put(folder / f"cut-off-{suffix[1:]}{suffix}", data[: len(data) // 2])


def _changed(folder: Path, name: str, made: Made, **changes: Any) -> None:
    made = replace(made, **changes)
    write(folder / name, draw(made), play(made))


def _off_beat(folder: Path, seed: int) -> None:
    made = plan_clip(seed)
    half_s = 30 / made.tempo_bpm
    late_s = tuple(round((t + half_s) * FPS) / FPS for t in made.cuts_s)
    write(folder / "cuts-between-beats.mp4", draw(replace(made, cuts_s=late_s)), play(made))


def _opposite(folder: Path, seed: int) -> None:
    made = plan_clip(seed)
    music = tuple(1.05 - level for level in made.levels)
    _changed(folder, "music-opposite-to-picture.mp4", made, music_levels=music)


def _one_shot(folder: Path, seed: int) -> None:
    made = plan_clip(seed)
    still = replace(made, cuts_s=(), levels=made.levels[:1])
    write(folder / "one-shot.mp4", draw(still), play(made))


def _not_numbers(folder: Path, seed: int) -> None:
    made = plan_clip(seed)
    sound = play(made)
    sound[:, RATE : RATE + 500] = np.nan
    write(folder / "not-numbers.mkv", draw(made), sound, audio_codec="pcm_f32le")


def _wrong_header(folder: Path, seed: int) -> None:
    """The duration in the header says three times the truth."""
    data = bytearray(_good_bytes(folder, seed, ".mkv"))
    at = data.index(b"\x44\x89\x88") + 3  # Matroska's Duration, a float of 8 bytes
    data[at : at + 8] = struct.pack(">d", 3 * struct.unpack(">d", data[at : at + 8])[0])
    _put(folder / "wrong-duration.mkv", bytes(data))


def _sound_ends_early(folder: Path, seed: int) -> None:
    made = plan_clip(seed)
    write(folder / "sound-ends-early.mp4", draw(made), play(made)[:, : 6 * RATE])


def _damaged_sound(folder: Path, seed: int) -> None:
    """Sound without picture information lost: some of its packets are overwritten."""
    made, path = plan_clip(seed), folder / "damaged-sound.mkv"
    write(path, draw(made), play(made), audio_codec="flac")
    data = bytearray(path.read_bytes())
    with av.open(f"file:{path}") as container:
        packets = [(p.pos, p.size) for p in container.demux(audio=0) if p.size and p.pos]
    for position, size in packets[40:70]:
        start = position + 24  # the block's own header stays whole
        data[start : position + size - 8] = bytes(max(0, size - 32))
    path.write_bytes(data)


def _copy_again(folder: Path, seed: int) -> None:
    made = plan_clip(0)
    frames = [cv2.convertScaleAbs(f, alpha=1.04, beta=3) for f in draw(made, 96, 54)]
    write(folder / "z-encoded-again.mkv", frames, 0.7 * play(made), quality=30)


def _excerpt(folder: Path, seed: int) -> None:
    made = plan_clip(1, duration_s=17.0)
    frames, sound = draw(made), play(made)
    write(folder / "long-take.mp4", frames, sound)
    write(folder / "z-excerpt.mp4", frames[50:], sound[:, round(2.5 * RATE) :])


def _picture(folder: Path, seed: int) -> None:
    data = cv2.imencode(".png", draw(plan_clip(seed))[0])[1].tobytes()
    _put(folder / "a-photo.mp4", data)


def _silent(folder: Path, seed: int) -> None:
    made = plan_clip(seed)
    write(folder / "silent.mp4", draw(made), 0 * play(made))


def _long(folder: Path, seed: int) -> None:
    made = plan_clip(seed, duration_s=64.0)
    write(folder / "too-long.mp4", draw(made), play(made))


BROKEN: dict[str, Callable[[Path, int], None]] = {
    "cut-off-mp4.mp4": lambda f, s: _cut_off(f, s, ".mp4"),
    "cut-off-mkv.mkv": lambda f, s: _cut_off(f, s, ".mkv"),
    "no-bytes.mp4": lambda f, s: _put(f / "no-bytes.mp4", b""),
    "a-text.mp4": lambda f, s: _put(f / "a-text.mp4", b"Dear editor,\n" * 400),
    "a-photo.mp4": _picture,
    "random-bytes.webm": lambda f, s: _put(
        f / "random-bytes.webm", np.random.default_rng(s).bytes(60_000)
    ),
    "no-sound.mp4": lambda f, s: _no_sound(f, s),
    "no-picture.mp4": lambda f, s: _no_picture(f, s),
    "silent.mp4": _silent,
    "too-short.mp4": lambda f, s: _changed(f, "too-short.mp4", plan_clip(s, duration_s=6.0)),
    "too-long.mp4": _long,
    "z-copied.mp4": lambda f, s: _copied(f),
    "z-encoded-again.mkv": _copy_again,
    "cuts-between-beats.mp4": _off_beat,
    "music-opposite-to-picture.mp4": _opposite,
    "one-shot.mp4": _one_shot,
    "not-numbers.mkv": _not_numbers,
    "wrong-duration.mkv": _wrong_header,
    "sound-ends-early.mp4": _sound_ends_early,
    "damaged-sound.mkv": _damaged_sound,
    "z-excerpt.mp4": _excerpt,
}
"""Name of the file that is out -> what makes it; the first 20 are those of the figure."""


def _no_sound(folder: Path, seed: int) -> None:
    write(folder / "no-sound.mp4", draw(plan_clip(seed)), None)


def _no_picture(folder: Path, seed: int) -> None:
    write(folder / "no-picture.mp4", [], play(plan_clip(seed)))


def _copied(folder: Path) -> None:
    shutil.copyfile(folder / "clip-000.mp4", folder / "z-copied.mp4")


def make_folder(folder: Path, n_clips: int, broken: Sequence[str]) -> None:
    """`n_clips` files in all, the broken ones among them.

    clip-000 and clip-001 are there in any case: others copy them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(n_clips - len(broken)):
        write_good(folder / f"clip-{seed:03d}.mp4", seed)
    for number, name in enumerate(broken):
        BROKEN[name](folder, 10_000 + number)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--broken", type=int, default=20)
    arguments = parser.parse_args()
    names = tuple(BROKEN)[: arguments.broken]
    make_folder(arguments.folder, arguments.clips, names)
    (arguments.folder.parent / "broken.json").write_text(json.dumps(names), encoding="utf-8")
    print(f"{arguments.clips} clips in {arguments.folder}, {len(names)} of them broken")


if __name__ == "__main__":
    sys.exit(main())
