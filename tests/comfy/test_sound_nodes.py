"""Music through a real ComfyUI: composing, saving, mixing, and films whose picture is untouched."""

from pathlib import Path

import av
import numpy as np
import pytest

from .conftest import CLIP_S, FPS
from .server import Server
from .test_nodes import compose, edit, load, mix, mux, node, parse, picture_packets, plan, sound_of


def level_db(samples: np.ndarray, rate: int, start_s: float, end_s: float) -> float:
    part = samples[round(start_s * rate) : round(end_s * rate)]
    return float(10 * np.log10(np.mean(np.square(part)) + 1e-12))


def test_composed_film(server: Server, clip: str) -> None:
    run = server.success(
        {
            "load": load(clip),
            "parse": parse(),
            "edit": edit(),
            "plan": plan(),
            "compose": compose(style="cinematic", key="D minor"),
            "save": node(
                "VeM_SaveScore",
                music=["compose", 0],
                filename_prefix="VeM/song",
                midi=True,
                stems=True,
                stem_format="flac",
            ),
            "mix": mix(music=["compose", 1], own_sound=["load", 1], duration_s=["load", 2]),
            "mux": mux(audio=["mix", 0]),
        }
    )
    names = run.texts("save").splitlines()
    assert names[0].endswith(".mid") and len(names) >= 4
    folder = server.base / "output" / "VeM"
    assert (folder / names[0]).read_bytes().startswith(b"MThd")
    for name in names[1:]:
        samples, rate = sound_of(folder / name)
        assert samples.size == round(CLIP_S * rate)
    assert server.file(run.outputs["mix"]["images"][0])
    film = server.file(run.outputs["mux"]["images"][0])
    assert picture_packets(film) == picture_packets(server.base / "input" / clip)
    samples, rate = sound_of(film)
    assert samples.size / rate == pytest.approx(CLIP_S, abs=1024 / rate)


def test_mix_ducks_and_a_silent_film_is_no_error(
    server: Server, clip: str, silent_clip: str, music: str
) -> None:
    loaded = node("LoadAudio", audio=music)
    for file in (clip, silent_clip):
        run = server.success(
            {
                "load": load(file),
                "music": loaded,
                "mix": mix(music=["music", 0], own_sound=["load", 1], duration_s=["load", 2]),
                "mux": mux(audio=["mix", 0], filename_prefix=""),
            }
        )
        film = server.file(run.outputs["mux"]["images"][0])
        assert film.parent == server.base / "temp"
        samples, rate = sound_of(film)
        assert samples.size / rate == pytest.approx(CLIP_S, abs=1024 / rate)
        assert level_db(samples, rate, 3.5, 4.5) > -30


def test_film_keeps_its_own_sound_as_a_track(server: Server, clip: str, music: str) -> None:
    run = server.success(
        {
            "load": load(clip),
            "music": node("LoadAudio", audio=music),
            "mux": mux(audio=["music", 0], mode="add", container="mkv"),
        }
    )
    with av.open(str(server.file(run.outputs["mux"]["images"][0]))) as film:
        assert len(film.streams.audio) == 2 and "matroska" in film.format.name


def test_film_made_of_images(server: Server, music: str) -> None:
    """A VIDEO that no file stands behind."""
    run = server.success(
        {
            "images": node("EmptyImage", width=320, height=180, batch_size=FPS * 2, color=200),
            "load": node("CreateVideo", images=["images", 0], fps=float(FPS)),
            "music": node("LoadAudio", audio=music),
            "mux": mux(audio=["music", 0], mode="mix"),
        }
    )
    film = server.file(run.outputs["mux"]["images"][0])
    assert len(picture_packets(film)) == FPS * 2
    samples, rate = sound_of(film)
    assert samples.size / rate == pytest.approx(2.0, abs=1024 / rate)


def test_music_that_is_missing_is_named(server: Server, silent_clip: str) -> None:
    run = server.run(
        {"load": load(silent_clip), "mux": mux(audio=["load", 1], filename_prefix="VeM/none")}
    )
    assert run.status == "error" and run.error.startswith("Mux Video: The audio is missing")
    assert not list(Path(server.base / "output").rglob("none*"))
