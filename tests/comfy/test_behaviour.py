"""How the pack behaves where films are long or large, and people stop, change and queue things."""

import json
import re
import shutil
import sys
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from .conftest import CLIP_S, FPS, RATE, drums, encode_sound, paint
from .server import Server
from .test_nodes import (
    Node,
    compose,
    edit,
    load,
    mix,
    mux,
    node,
    parse,
    picture_packets,
    plan,
    text,
)

LONG_S = 1800.0
MOST_BYTES = 1.5e9


@pytest.fixture(scope="module")
def half_hour(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Thirty minutes at five frames a second: one minute of packets, thirty times."""
    folder = tmp_path_factory.mktemp("media")
    rate, minute = 5, folder / "minute.mp4"
    with av.open(str(minute), "w") as container:
        picture = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        for number in range(60 * rate):
            frame = av.VideoFrame.from_ndarray(paint(number / rate), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
    path = folder / "half hour.mp4"
    with av.open(str(path), "w") as whole:
        target = None
        for turn in range(30):
            with av.open(str(minute)) as part:
                source = part.streams.video[0]
                target = target or whole.add_stream_from_template(source)
                for packet in part.demux(source):
                    if packet.pts is None:
                        continue
                    shift = round(60 * turn / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = target
                    whole.mux(packet)
    return server.add_input(path)


@pytest.fixture(scope="module")
def long_music(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Eight minutes of drums."""
    path = tmp_path_factory.mktemp("media") / "long drums.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="stereo", format="s16")
        encode_sound(container, stream, np.tile(drums(30.0, 112.0), 16))
    return server.add_input(path)


def long_board(duration_s: float = 1200.0, n_shots: int = 240) -> str:
    """Saved JSON of a storyboard that no video stands behind."""
    edges = [round(duration_s * i / n_shots, 3) for i in range(n_shots + 1)]
    picture = {"brightness": 0.5, "saturation": 0.5, "contrast": 0.3, "warmth": 0.0, "hues": []}
    shots = [
        {
            "start_s": start,
            "end_s": end,
            "affect": {"valence": 0.2, "arousal": 0.3 + 0.4 * (i % 3) / 2},
            "picture": {"keyframe_s": start, **picture},
            "motion": {"mean": 0.1, "peak": 0.3},
        }
        for i, (start, end) in enumerate(pairwise(edges))
    ]
    board = {
        "schema": "vem-storyboard",
        "version": 1,
        "duration_s": duration_s,
        "fps": "24",
        "transitions": [{"time_s": time_s} for time_s in edges[1:-1]],
        "shots": shots,
    }
    return json.dumps(board)


def alone(saved_json: str) -> Node:
    made = edit(saved_json=saved_json)
    del made["inputs"]["storyboard"]
    return made


def stopped_at(server: Server, prompt: dict[str, Node], kind: str) -> float:
    """Queue, press stop while `kind` works, and return how many seconds it then took to end."""
    prompt_id = server.queue(prompt)
    until = time.monotonic() + 60
    while not server.get("/queue")["queue_running"] and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.7)
    start_s = time.monotonic()
    server.post("/interrupt", {})
    run = server.wait_for(prompt_id)
    assert "execution_interrupted" in run.messages, run.status
    assert run.messages["execution_interrupted"]["node_type"] == kind
    return time.monotonic() - start_s


def test_stop_button_ends_every_stage(server: Server, long_music: str) -> None:
    """With all it needs in the cache, only the stage in question works when stop is pressed."""
    # a server keeps what its last prompt used: every prompt here holds all that the stages need
    ready = {
        "edit": alone(long_board()),
        "plan": plan(),
        "bpm": text(["plan", 1]),
        "music": node("LoadAudio", audio=long_music),
        "listen": node("PreviewAudio", audio=["music", 0]),
    }
    server.success(ready)
    snap = node(
        "VeM_SnapMusic", music=["music", 0], beat_plan=["plan", 0], most_stretch_percent=20.0,
        quality="fast",
    )  # fmt: skip
    stages = {
        "VeM_Compose": {**ready, "compose": compose(), "out": text(["compose", 0])},
        "VeM_SnapMusic": {**ready, "snap": snap, "out": text(["snap", 1])},
        "VeM_MixAudio": {
            **ready,
            "mix": mix(music=["music", 0], own_sound=["music", 0]),
            "out": node("PreviewAudio", audio=["mix", 0]),
        },
        "VeM_ScoreMatch": {
            **ready,
            "match": node("VeM_ScoreMatch", audio=["music", 0], storyboard=["edit", 0]),
        },
    }
    for kind, prompt in stages.items():
        took_s = stopped_at(server, prompt, kind)
        sys.stdout.write(f"{kind} ended {took_s:.2f} s after stop was pressed\n")
        assert took_s < 5


def test_workflows_out_of_date_are_refused_by_name(server: Server, clip: str) -> None:
    prompt = {"load": load(clip), "parse": parse(), "edit": edit(), "plan": plan()}
    shown = {"bpm": text(["plan", 1])}
    assert "swing" in server.refusal({**prompt, "edit": edit(style="swing"), **shown})
    old = plan()
    del old["inputs"]["hit_unit"]
    assert "hit_unit" in server.refusal({**prompt, "plan": old, **shown})
    gone = node("VeM_Gone", storyboard=["parse", 0])
    status, answer = server.post("/prompt", {"prompt": {**prompt, "gone": gone, **shown}})
    assert status == 400 and "VeM_Gone" in json.dumps(answer["error"])


def test_changed_widget_recomputes_what_depends_on_it(server: Server, clip: str) -> None:
    prompt = {
        "load": load(clip),
        "parse": parse(),
        "edit": edit(theme="cached"),
        "plan": plan(),
        "compose": compose(),
        "mix": mix(music=["compose", 1], own_sound=["load", 1], duration_s=["load", 2]),
        "mux": mux(audio=["mix", 0], filename_prefix="VeM/cached"),
    }
    nodes = set(prompt)
    server.success(prompt)
    assert server.success(prompt).cached == nodes
    prompt["mix"]["inputs"]["duck_db"] = 20.0
    assert server.success(prompt).cached == nodes - {"mix", "mux"}
    prompt["compose"]["inputs"]["seed"] = 8
    assert server.success(prompt).cached == {"load", "parse", "edit", "plan"}
    prompt["edit"]["inputs"]["shot_notes"] = "2: slow and sad"
    assert server.success(prompt).cached == {"load", "parse"}


def test_two_prompts_at_once(server: Server, clip: str, music: str) -> None:
    def film(mode: str) -> dict[str, Any]:
        loaded = node("LoadAudio", audio=music)
        made = mux(audio=["music", 0], mode=mode, filename_prefix="VeM/at once")
        return {"load": load(clip), "music": loaded, "mux": made}

    queued = [server.queue(film(mode)) for mode in ("replace", "mix")]
    films = []
    for prompt_id in queued:
        run = server.wait_for(prompt_id)
        assert run.status == "success", run.messages
        films.append(server.file(run.outputs["mux"]["images"][0]))
    assert films[0] != films[1]
    assert picture_packets(films[0]) == picture_packets(films[1])


def test_folders_outside_are_read_only_where_allowed(server: Server, clip: str) -> None:
    path = server.footage / "allowed.mp4"
    shutil.copy(server.base / "input" / clip, path)
    run = server.success({"load": load(str(path)), "fps": text(["load", 3])})
    assert float(run.texts("fps")) == FPS
    elsewhere = server.base / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    shutil.copy(path, elsewhere / "forbidden.mp4")
    for name in (str(elsewhere / "forbidden.mp4"), f"{server.footage}/../elsewhere/forbidden.mp4"):
        refusal = server.refusal({"load": load(name), "fps": text(["load", 3])})
        assert "outside ComfyUI's input folder" in refusal and "vem_footage" in refusal


def test_film_in_4k(server: Server, music: str, tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        picture.width, picture.height, picture.pix_fmt = 3840, 2160, "yuv420p"
        for number in range(2 * FPS):
            small = paint(number / FPS + (4.0 if number >= FPS else 0.0))
            frame = av.VideoFrame.from_ndarray(small, format="rgb24")
            frame = frame.reformat(3840, 2160, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
    prompt = {
        "load": load(server.add_input(path)),
        "parse": parse(),
        "edit": edit(),
        "json": text(["edit", 1]),
        "music": node("LoadAudio", audio=music),
        "mux": mux(audio=["music", 0], filename_prefix="VeM/large"),
    }
    run = server.success(prompt)
    board = json.loads(run.texts("json"))
    assert [t["time_s"] for t in board["transitions"]] == pytest.approx([1.0], abs=0.5 / FPS)
    film = server.file(run.outputs["mux"]["images"][0])
    assert picture_packets(film) == picture_packets(path)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from /proc")
def test_half_an_hour_in_little_memory(
    server: Server, half_hour: str, clip: str, music: str
) -> None:
    """Shots, beats and the mux of a half-hour film, by a server that holds nothing else."""
    server.post("/free", {"unload_models": True, "free_memory": True})
    # the next prompt clears what is cached
    server.success({"load": load(clip), "fps": text(["load", 3])})
    assert server.process is not None
    proc = Path(f"/proc/{server.process.pid}")
    (proc / "clear_refs").write_text("5")  # forgets the peak so far
    prompt = {
        "load": load(half_hour),
        "parse": parse(),
        "edit": edit(),
        "json": text(["edit", 1]),
        "plan": plan(),
        "bpm": text(["plan", 1]),
        "music": node("LoadAudio", audio=music),
        "mux": mux(audio=["music", 0], filename_prefix="VeM/half hour"),
    }
    run = server.success(prompt)
    board = json.loads(run.texts("json"))
    assert board["duration_s"] == pytest.approx(LONG_S, abs=0.2)
    assert len(board["shots"]) > LONG_S / CLIP_S
    peak = re.search(r"VmHWM:\s+(\d+) kB", (proc / "status").read_text())
    assert peak is not None
    peak_bytes = int(peak[1]) * 1024
    sys.stdout.write(f"peak memory of the server: {peak_bytes / 1e9:.2f} GB\n")
    assert peak_bytes < MOST_BYTES
