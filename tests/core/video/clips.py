"""Small videos made on the spot with PyAV; other tests may use them too.

from tests.core.video.clips import Clip, write_clip
write_clip(tmp_path / "cuts.mp4", Clip(shots=((RED, 25), (BLUE, 50))))
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

Colour = tuple[int, int, int]
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 60), (30, 50, 200), (230, 230, 230)


@dataclass(frozen=True, kw_only=True)
class Clip:
    """What to write. The defaults give one second of red at 25 fps in H.264."""

    shots: Sequence[tuple[Colour, int]] = ((RED, 25),)
    """(colour, number of frames) one after the other."""
    fps: Fraction = Fraction(25)
    size: tuple[int, int] = (64, 48)
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    options: dict[str, str] = field(default_factory=dict)
    """Of the picture's encoder: {"g": "10", "bf": "2"}."""
    container_options: dict[str, str] = field(default_factory=dict)
    times_s: Sequence[Fraction | float] | None = None
    """Presentation time of every frame; default: i / fps."""
    rotation_deg: int = 0
    """Clockwise turn to be made by the player."""
    corner: bool = False
    """A white block at the top left of the picture as coded, to tell which way is up."""
    alpha: int = 255
    as_pipe: bool = False
    """Matroska as a live recording leaves it: no duration, no index."""
    audio: np.ndarray | None = None
    """(C, T) in [-1, 1]."""
    sample_rate: int = 48_000
    audio_codec: str = "aac"
    audio_start_s: float = 0.0


def tone(duration_s: float, *, sample_rate: int = 48_000, n_channels: int = 2) -> np.ndarray:
    """(C, T) of a quiet 440 Hz tone."""
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    return np.tile(0.25 * np.sin(2 * np.pi * 440 * t), (n_channels, 1)).astype(np.float32)


def click(
    at_s: float, duration_s: float, *, sample_rate: int = 48_000, n_channels: int = 2
) -> np.ndarray:
    """(C, T) of silence with one 2-ms burst of 2 kHz that starts at `at_s`."""
    samples = np.zeros((n_channels, round(duration_s * sample_rate)), np.float32)
    start, length = round(at_s * sample_rate), round(0.002 * sample_rate)
    samples[:, start : start + length] = 0.9 * np.sin(
        2 * np.pi * 2000 * np.arange(length) / sample_rate
    )
    return samples


def click_time(samples: np.ndarray, sample_rate: int) -> float:
    """Where the burst of `click` starts: best match of its shape, in seconds."""
    length = round(0.002 * sample_rate)
    burst = np.sin(2 * np.pi * 2000 * np.arange(length) / sample_rate)
    return int(np.argmax(np.correlate(samples.mean(axis=0), burst, "valid"))) / sample_rate


def write_clip(path: Path, clip: Clip) -> Path:
    """Write the clip; the container follows from the suffix."""
    if clip.as_pipe:
        with path.open("wb") as file:
            target = _Pipe(file.write)
            form = {".mkv": "matroska", ".webm": "webm"}[path.suffix]
            with av.open(target, "w", format=form) as container:
                _write(container, clip)
        return path
    with av.open(f"file:{path}", "w", options=clip.container_options) as container:
        _write(container, clip)
    return path


@dataclass
class _Pipe:
    """A file that cannot be sought in, so that the muxer cannot come back for the duration."""

    write: Any


def _write(container: Any, clip: Clip) -> None:
    picture: Any = container.add_stream(clip.codec, rate=clip.fps)
    picture.width, picture.height = clip.size
    picture.pix_fmt = clip.pix_fmt
    picture.options = {"preset": "ultrafast"} if clip.codec in ("libx264", "libx265") else {}
    picture.options |= {"x265-params": "log-level=none"} if clip.codec == "libx265" else {}
    picture.options |= clip.options
    time_base = Fraction(1, 90_000)
    picture.codec_context.time_base = time_base
    if clip.rotation_deg:
        if not hasattr(picture, "set_display_matrix"):
            pytest.skip("PyAV 18 or newer is needed to make a turned clip")
        picture.set_display_rotation(-clip.rotation_deg)
    sound: Any = None
    if clip.audio is not None:
        sound = container.add_stream(clip.audio_codec, rate=clip.sample_rate)
        sound.layout = {1: "mono", 2: "stereo", 6: "5.1"}[clip.audio.shape[0]]
    for index, colour in enumerate(_colours(clip)):
        frame = av.VideoFrame.from_ndarray(_drawn(clip, colour), format="rgba")
        frame = frame.reformat(format=clip.pix_fmt)
        time_s = index / clip.fps if clip.times_s is None else clip.times_s[index]
        frame.pts, frame.time_base = round(time_s / time_base), time_base
        container.mux(picture.encode(frame))
    container.mux(picture.encode(None))
    if sound is not None:
        _write_sound(container, sound, clip)


def _colours(clip: Clip) -> list[Colour]:
    return [colour for colour, n_frames in clip.shots for _ in range(n_frames)]


def _drawn(clip: Clip, colour: Colour) -> np.ndarray:
    width, height = clip.size
    pixels = np.full((height, width, 4), (*colour, clip.alpha), np.uint8)
    if clip.corner:
        pixels[: height // 3, : width // 3, :3] = WHITE
    return pixels


def _write_sound(container: Any, sound: Any, clip: Clip) -> None:
    assert clip.audio is not None
    resampler = av.AudioResampler(sound.format, sound.layout, clip.sample_rate)
    for start in range(0, clip.audio.shape[1], 1024):
        part = np.ascontiguousarray(clip.audio[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout=sound.layout.name)
        frame.sample_rate = clip.sample_rate
        frame.pts = start + round(clip.audio_start_s * clip.sample_rate)
        frame.time_base = Fraction(1, clip.sample_rate)
        for ready in resampler.resample(frame):
            container.mux(sound.encode(ready))
    container.mux(sound.encode(None))
