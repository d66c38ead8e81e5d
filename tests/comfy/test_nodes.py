"""Every node in a real ComfyUI: chains that run, previews, the cache, the stop button, refusals."""

import json
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from .conftest import CLIP_S, CUTS_S, FPS
from .server import ROOT, Server

NODE_IDS = {
    "VeM_LoadVideo",
    "VeM_ParseShots",
    "VeM_Storyboard",
    "VeM_PlanBeats",
    "VeM_Compose",
    "VeM_SaveScore",
    "VeM_MixAudio",
    "VeM_MuxVideo",
    "VeM_SnapMusic",
    "VeM_ScoreMatch",
    "VeM_LoadModel",
    "VeM_SampleMusic",
    "VeM_DecodeAudio",
}
Node = dict[str, Any]


def node(kind: str, **inputs: Any) -> Node:
    return {"class_type": kind, "inputs": inputs, "_meta": {"title": kind}}


def load(file: str, **changes: Any) -> Node:
    return node("VeM_LoadVideo", **{"file": file, "start_s": 0.0, "duration_s": 0.0} | changes)


def parse(**changes: Any) -> Node:
    widgets = {
        "video": ["load", 0],
        "detector": "adaptive",
        "sensitivity": 0.5,
        "shortest_shot_s": 0.3,
        "manual_cuts": "",
        "manual_mode": "replace",
    }
    return node("VeM_ParseShots", **widgets | changes)


def edit(**changes: Any) -> Node:
    widgets = {
        "storyboard": ["parse", 0],
        "theme": "",
        "style": "auto",
        "shot_notes": "",
        "saved_json": "",
    }
    return node("VeM_Storyboard", **widgets | changes)


def plan(**changes: Any) -> Node:
    widgets = {
        "storyboard": ["edit", 0],
        "tempo_low_bpm": 80.0,
        "tempo_high_bpm": 160.0,
        "fixed_tempo_bpm": 0.0,
        "tempo_room_percent": 6.0,
        "metre": "4/4",
        "hit_unit": "half-beat",
    }
    return node("VeM_PlanBeats", **widgets | changes)


def mix(**changes: Any) -> Node:
    widgets = {
        "duration_s": 0.0,
        "loudness_lufs": -14.0,
        "duck_db": 12.0,
        "music_level_db": 0.0,
        "fade_in_s": 0.1,
        "fade_out_s": 1.0,
        "true_peak_dbtp": -1.0,
        "duck_down_s": 0.3,
        "duck_up_s": 0.6,
        "duck_threshold_db": -40.0,
    }
    return node("VeM_MixAudio", **widgets | changes)


def mux(**changes: Any) -> Node:
    widgets = {
        "video": ["load", 0],
        "mode": "replace",
        "filename_prefix": "VeM/test",
        "container": "auto",
    }
    return node("VeM_MuxVideo", **widgets | changes)


def compose(**changes: Any) -> Node:
    parts = ("drums", "bass", "harmony", "keys", "lead", "strings")
    widgets = {
        "storyboard": ["edit", 0],
        "beat_plan": ["plan", 0],
        "style": "auto",
        "key": "auto",
        "seed": 3,
        **dict.fromkeys(parts, "style's own"),
    }
    return node("VeM_Compose", **widgets | changes)


def text(wire: list) -> Node:
    return node("PreviewAny", source=wire)


def picture_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def sound_of(path: Path) -> tuple[np.ndarray, int]:
    """(T,) mean of the channels and the rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        frames = [
            piece for frame in container.decode(stream) for piece in resampler.resample(frame)
        ]
        return np.concatenate([f.to_ndarray() for f in frames], axis=1).mean(axis=0), stream.rate


def test_nodes_and_widgets_explain_themselves(server: Server) -> None:
    info = {key: value for key, value in server.get("/object_info").items() if key[:4] == "VeM_"}
    assert set(info) >= NODE_IDS
    for name, entry in info.items():
        assert entry["description"] and entry["category"] == "VeM"
        page = (ROOT / "web" / "docs" / f"{name}.md").read_text(encoding="utf-8")
        inputs = {**entry["input"].get("required", {}), **entry["input"].get("optional", {})}
        for widget, (kind, *_) in inputs.items():
            assert widget in page, f"{name}: the help page does not mention {widget}"
            options = inputs[widget][1] if len(inputs[widget]) > 1 else {}
            if kind in ("INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"):
                assert options.get("tooltip"), f"{name}.{widget} has no tooltip"
    assert "Error while calling comfy_entrypoint" not in server.log()


def test_picture_side_with_previews_and_cache(server: Server, clip: str) -> None:
    prompt = {
        "load": load(clip),
        "parse": parse(),
        "edit": edit(theme="a test", shot_notes="2: the second #blue arousal=0.8 *"),
        "plan": plan(),
        "json": text(["edit", 1]),
        "bpm": text(["plan", 1]),
        "length": text(["load", 2]),
        "fps": text(["load", 3]),
    }
    run = server.success(prompt)
    board = json.loads(run.texts("json"))
    cuts_s = [transition["time_s"] for transition in board["transitions"]]
    assert cuts_s == pytest.approx(CUTS_S, abs=0.5 / FPS)
    assert board["theme"] == "a test" and board["shots"][1]["caption"] == "the second"
    assert float(run.texts("length")) == pytest.approx(CLIP_S, abs=1e-3)
    assert float(run.texts("fps")) == FPS and 80 <= float(run.texts("bpm")) <= 160
    for name in ("parse", "plan"):
        shown = server.file(run.outputs[name]["images"][0])
        with av.open(str(shown)) as picture:
            assert picture.streams.video[0].width >= 600
    assert "transitions hit" in run.texts("plan")
    again = server.success(prompt)
    assert again.cached >= {"load", "parse", "edit", "plan"}
    prompt["plan"] = plan(tempo_room_percent=10.0)
    assert {"load", "parse", "edit"} <= server.success(prompt).cached


def test_saved_storyboard_stands_in_for_parsing(server: Server, clip: str) -> None:
    first = {"load": load(clip), "parse": parse(), "edit": edit(), "json": text(["edit", 1])}
    saved = json.loads(server.success(first).texts("json"))
    saved["theme"] = "from the file"
    alone = edit(saved_json=json.dumps(saved))
    del alone["inputs"]["storyboard"]
    run = server.success({"edit": alone, "json": text(["edit", 1]), "plan": plan()})
    assert json.loads(run.texts("json"))["theme"] == "from the file"


def test_own_cuts_replace_the_found_ones(server: Server, clip: str) -> None:
    listed = parse(manual_cuts="1.5\n0:04.25 *\n", detector="none")
    prompt = {"load": load(clip), "parse": listed, "edit": edit(), "json": text(["edit", 1])}
    board = json.loads(server.success(prompt).texts("json"))
    assert [t["time_s"] for t in board["transitions"]] == [1.5, 4.25]
    (server.base / "input" / "cuts.txt").write_text("5.0\n")
    prompt["parse"] = parse(manual_cuts="cuts.txt")
    board = json.loads(server.success(prompt).texts("json"))
    assert [t["time_s"] for t in board["transitions"]] == [5.0]


def test_stop_button_ends_a_long_parse(server: Server, long_clip: str) -> None:
    prompt_id = server.queue({"load": load(long_clip), "parse": parse(), "edit": edit(),
                              "json": text(["edit", 1])})  # fmt: skip
    until = time.monotonic() + 30
    while not server.get("/queue")["queue_running"] and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.5)
    start_s = time.monotonic()
    server.post("/interrupt", {})
    run = server.wait_for(prompt_id)
    assert run.status == "error" and "execution_interrupted" in run.messages
    assert run.messages["execution_interrupted"]["node_type"] == "VeM_ParseShots"
    assert time.monotonic() - start_s < 5


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"load": load("absent.mp4")}, "no file 'absent.mp4' in ComfyUI's input folder"),
        ({"load": load("../server.log")}, "outside ComfyUI's input folder"),
        ({"load": load("/etc/hostname")}, "outside ComfyUI's input folder"),
        ({"parse": parse(manual_cuts="../cuts.edl")}, "outside ComfyUI's input folder"),
        ({"edit": edit(saved_json="{")}, "not valid JSON: line 1"),
        ({"plan": plan(tempo_low_bpm=150.0, tempo_high_bpm=90.0)}, "the lower tempo comes first"),
    ],
)
def test_wrong_widgets_are_refused_before_the_run(
    server: Server, clip: str, changed: dict[str, Node], words: str
) -> None:
    prompt = {"load": load(clip), "parse": parse(), "edit": edit(), "plan": plan()}
    refusal = server.refusal({**prompt, **changed, "bpm": text(["plan", 1])})
    assert words in refusal


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"load": load("notes.mp4")}, "Load Video: "),
        ({"parse": parse(manual_cuts="1:2x")}, "Parse Shots: Line 1 of the cut list"),
        ({"edit": edit(shot_notes="9: what?")}, "Storyboard: There is no shot 9"),
        ({"load": load("clip.mp4", start_s=60.0)}, "Load Video: The video lasts 8.00 s"),
    ],
)
def test_errors_begin_with_the_node_and_end_in_a_sentence(
    server: Server, clip: str, changed: dict[str, Node], sentence: str
) -> None:
    (server.base / "input" / "notes.mp4").write_text("This is no video.")
    prompt = {"load": load(clip), "parse": parse(), "edit": edit(), "plan": plan()}
    run = server.run({**prompt, **changed, "bpm": text(["plan", 1])})
    assert run.status == "error" and run.error.startswith(sentence)
    assert run.error.endswith(".") and "Traceback" not in run.error and "\n" not in run.error
