"""One real ComfyUI server for all tests here; where there is none, all are skipped and say why."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from .server import Server, find_comfyui, install_requirements, torch_version

RATE = 48_000
FPS = 24
CUTS_S = (2.0, 3.5, 6.0)
CLIP_S = 8.0
COLOURS = ((200, 60, 40), (30, 90, 190), (230, 200, 60), (40, 140, 70))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = find_comfyui()
    if isinstance(found, str):
        pytest.skip(f"these tests need ComfyUI: {found}")
    folder, python = found
    before = torch_version(python)
    install_requirements(python)
    assert torch_version(python) == before, "installing the pack changed ComfyUI's torch"
    running = Server(folder=folder, python=python, base=tmp_path_factory.mktemp("comfyui"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def clip(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Four shots of plain colour with a moving block, and two stretches of talk-like sound."""
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    write_clip(path, CLIP_S, with_sound=True)
    return server.add_input(path)


@pytest.fixture(scope="session")
def silent_clip(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("media") / "silent clip.mp4"
    write_clip(path, CLIP_S, with_sound=False)
    return server.add_input(path)


@pytest.fixture(scope="session")
def long_clip(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("media") / "long.mp4"
    write_clip(path, 120.0, with_sound=False)
    return server.add_input(path)


@pytest.fixture(scope="session")
def music(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twenty seconds of drums at 112 BPM."""
    path = tmp_path_factory.mktemp("media") / "drums.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="stereo", format="s16")
        encode_sound(container, stream, drums(20.0, 112.0))
    return server.add_input(path)


def write_clip(path: Path, duration_s: float, *, with_sound: bool) -> None:
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        picture.time_base = Fraction(1, FPS)
        sound = container.add_stream("aac", rate=RATE, layout="mono") if with_sound else None
        for number in range(round(duration_s * FPS)):
            frame = av.VideoFrame.from_ndarray(paint(number / FPS), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        if sound is not None:
            encode_sound(container, sound, talk(duration_s))


def paint(time_s: float) -> np.ndarray:
    """(180, 320, 3): the colour of the shot and a block that moves through it."""
    shot = sum(time_s % CLIP_S >= cut_s for cut_s in CUTS_S)
    pixels = np.empty((180, 320, 3), np.uint8)
    pixels[:] = COLOURS[shot]
    left = round(20 + 30 * time_s) % 250
    pixels[40 + 20 * shot : 90 + 20 * shot, left : left + 60] = 255 - np.array(COLOURS[shot])
    return pixels


def talk(duration_s: float) -> np.ndarray:
    """(1, T) noise from 0.5 to 2.5 s and from 5 to 6 s."""
    t = np.arange(round(duration_s * RATE)) / RATE
    heard = ((t > 0.5) & (t < 2.5)) | ((t > 5) & (t < 6))
    noise = np.random.default_rng(0).standard_normal(t.size)
    return (np.convolve(noise, np.ones(8) / 8, mode="same") * heard * 0.2)[None]


def drums(duration_s: float, tempo_bpm: float) -> np.ndarray:
    """(2, T): a kick on every beat, noise between the beats, stronger on the second and fourth."""
    random = np.random.default_rng(1)
    track = np.zeros(round(duration_s * RATE))
    length = round(0.2 * RATE)
    t = np.arange(length) / RATE
    kick = np.sin(2 * np.pi * 60 * t) * np.exp(-t / 0.06)
    hat = random.standard_normal(length) * np.exp(-t / 0.02)
    half_beat = 30.0 / tempo_bpm
    for number in range(int((duration_s - 0.3) / half_beat)):
        start = round(number * half_beat * RATE)
        hit = kick if number % 2 == 0 else 0.3 * hat
        if number % 4 == 2:
            hit = hit + 0.7 * hat
        track[start : start + length] += hit
    return np.stack([track, track]) * 0.5


def encode_sound(container, stream, samples: np.ndarray) -> None:
    """(C, T) in -1 ... 1 into an audio stream."""
    layout = "mono" if len(samples) == 1 else "stereo"
    whole = np.clip(samples * 32_767, -32_768, 32_767).astype(np.int16).T.reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(whole), format="s16", layout=layout)
    frame.sample_rate, frame.pts = RATE, 0
    resampler = av.AudioResampler(
        format=stream.format.name,
        layout=layout,
        rate=RATE,
        frame_size=stream.codec_context.frame_size or 4096,
    )
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(piece))
    container.mux(stream.encode(None))
