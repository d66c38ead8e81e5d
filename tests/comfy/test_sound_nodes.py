"""Music through a real ComfyUI: composing, saving, mixing, and films whose picture is untouched."""

import json
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


def test_part_of_a_film(server: Server, clip: str, music: str) -> None:
    """Where ComfyUI knows parts of videos, all nodes see the same part; else it is said."""
    prompt = {
        "load": load(clip, start_s=1.0, duration_s=4.0),
        "parse": parse(),
        "edit": edit(),
        "json": node("PreviewAny", source=["edit", 1]),
        "music": node("LoadAudio", audio=music),
        "mix": mix(music=["music", 0], own_sound=["load", 1], duration_s=["load", 2]),
        "mux": mux(audio=["mix", 0], filename_prefix="VeM/part"),
    }
    run = server.run(prompt)
    if "Video Slice" not in server.get("/object_info"):
        assert run.error.startswith("Load Video: This ComfyUI is too old to show a part")
        return
    assert run.status == "success", run.messages
    board = json.loads(run.texts("json"))
    assert board["duration_s"] == pytest.approx(4.0, abs=1e-6)
    assert [t["time_s"] for t in board["transitions"]] == pytest.approx([1.0, 2.5], abs=0.03)
    samples, rate = sound_of(server.file(run.outputs["mux"]["images"][0]))
    assert samples.size / rate == pytest.approx(4.0, abs=1024 / rate)


def test_own_sound_plays_in_stock_nodes(server: Server, clip: str) -> None:
    run = server.success({"load": load(clip), "listen": node("PreviewAudio", audio=["load", 1])})
    samples, rate = sound_of(server.file(run.outputs["listen"]["audio"][0]))
    assert samples.size / rate == pytest.approx(CLIP_S, abs=0.05)
    assert level_db(samples, rate, 1.0, 2.0) > level_db(samples, rate, 3.5, 4.5) + 30


def test_music_that_is_missing_is_named(server: Server, silent_clip: str) -> None:
    run = server.run(
        {"load": load(silent_clip), "mux": mux(audio=["load", 1], filename_prefix="VeM/none")}
    )
    assert run.status == "error" and run.error.startswith("Mux Video: The audio is missing")
    assert not list(Path(server.base / "output").rglob("none*"))
