"""The nodes of the trained model in a real ComfyUI; mostly a random model stands in for it."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.core.engine.audible import write_audible_model
from vem_core.places import BOX, DEFAULT_MODEL

from .conftest import CLIP_S, CUTS_S
from .server import Server
from .test_nodes import Node, edit, load, node, parse, plan, sound_of
from .test_workflows import run_workflow

PARTS = ("drums", "bass", "harmony", "keys", "lead", "strings")
needs_weights = pytest.mark.skipif(
    not (BOX / DEFAULT_MODEL).is_file(), reason=f"the weights {DEFAULT_MODEL} are not in the box"
)


@pytest.fixture(scope="module")
def models(server: Server) -> Path:
    """ComfyUI's models/vem, with a random model in it."""
    folder = server.base / "models" / "vem"
    folder.mkdir(parents=True, exist_ok=True)
    write_audible_model(folder / "random.safetensors")
    return folder


def sample(**changes: Any) -> Node:
    widgets = {
        "model": ["model", 0],
        "storyboard": ["edit", 0],
        "beat_plan": ["plan", 0],
        "style": "auto",
        "key": "auto",
        "seed": 3,
        "steps": 4,
        "cfg": 1.5,
        "storyboard_strength": 1.0,
        "beat_strength": 1.5,
    }
    return node("VeM_SampleMusic", **widgets | changes)


def decode(latents: str, **changes: Any) -> Node:
    widgets = {"model": ["model", 0], "latents": [latents, 0]}
    return node("VeM_DecodeAudio", **widgets | dict.fromkeys(PARTS, "style's own") | changes)


def save(music: str, prefix: str) -> Node:
    return node(
        "VeM_SaveScore",
        music=[music, 1],
        filename_prefix=prefix,
        midi=True,
        stems=False,
        stem_format="flac",
    )


def graph(clip: str, checkpoint: str = "random.safetensors", **more: Node) -> dict[str, Node]:
    return {
        "load": load(clip),
        "parse": parse(),
        "edit": edit(),
        "plan": plan(),
        "model": node("VeM_LoadModel", checkpoint=checkpoint),
        "sample": sample(),
        "decode": decode("sample"),
        "save": save("decode", "VeM/first"),
    } | more


def midi_of(server: Server, run: Any, name: str) -> bytes:
    return (server.base / "output" / "VeM" / run.texts(name)).read_bytes()


def test_sampled_music_redone_shots_and_what_stays_in_memory(
    server: Server, models: Path, clip: str
) -> None:
    prompt = graph(
        clip,
        again=sample(seed=8, earlier=["sample", 0], redo_shots="2"),
        decoded=decode("again", lead="flute"),
        saved=save("decoded", "VeM/redone"),
        sound=node("PreviewAudio", audio=["decode", 0]),
    )
    run = server.success(prompt)
    for name in ("decode", "decoded"):
        assert server.file(run.outputs[name]["images"][0])
        assert "hits" in run.texts(name)
    first, redone = midi_of(server, run, "save"), midi_of(server, run, "saved")
    assert first.startswith(b"MThd") and first != redone
    samples, rate = sound_of(server.file(run.outputs["sound"]["audio"][0]))
    assert samples.size / rate == pytest.approx(CLIP_S, abs=0.05) and np.abs(samples).max() > 0.01
    assert "Requested to load VemNetworks" in server.log()
    # another shot in a second run: the model and the first music are kept
    prompt["again"] = sample(seed=8, earlier=["sample", 0], redo_shots="1, 3-4")
    later = server.success(prompt)
    assert {"model", "sample", "decode"} <= later.cached
    assert midi_of(server, later, "saved") != redone
    # ComfyUI may free what it holds; the model comes back by itself
    server.post("/free", {"unload_models": True})
    prompt["again"] = sample(seed=8, earlier=["sample", 0], redo_shots="2")
    prompt["saved"] = save("decoded", "VeM/after")
    assert midi_of(server, server.success(prompt), "saved") == redone


def test_own_models_are_listed_and_change_with_their_file(
    server: Server, models: Path, clip: str
) -> None:
    options = server.get("/object_info/VeM_LoadModel")["VeM_LoadModel"]["input"]["required"]
    kind, *rest = options["checkpoint"]
    listed = kind if isinstance(kind, list) else rest[0]["options"]
    assert DEFAULT_MODEL in listed and "random.safetensors" in listed
    shutil.copy(models / "random.safetensors", models / "mine.safetensors")
    prompt = graph(clip, "mine.safetensors")
    server.success(prompt)
    time.sleep(0.05)
    shutil.copy(models / "random.safetensors", models / "mine.safetensors")
    assert "model" not in server.success(prompt).cached


def test_wrong_models_get_one_sentence(server: Server, models: Path, clip: str) -> None:
    whole = (models / "random.safetensors").read_bytes()
    (models / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    save_file({"weight": torch.zeros(2)}, models / "foreign.safetensors")
    for name, words in (("cut", "cut short or not a"), ("foreign", "is not a model of VeM")):
        run = server.run(graph(clip, f"{name}.safetensors"))
        assert run.status == "error" and run.error.startswith("Load VeM Model: "), run.messages
        assert words in run.error and run.error.endswith(".") and "\n" not in run.error
    refusal = server.refusal(graph(clip, "gone.safetensors"))
    assert "no model 'gone.safetensors'" in refusal and str(models) in refusal
    refusal = server.refusal(graph(clip, "../../vem-score.safetensors"))
    assert "no model '../../vem-score.safetensors'" in refusal


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"redo_shots": "2"}, "Shots to do again are named, but no earlier music is connected."),
        ({"earlier": ["sample", 0]}, "No shot is named."),
        ({"earlier": ["sample", 0], "redo_shots": "9"}, "There is no shot 9"),
        ({"earlier": ["sample", 0], "redo_shots": "2", "style": "jazz"}, "The style is set to"),
        (
            {"earlier": ["sample", 0], "redo_shots": "2", "beat_plan": ["other", 0]},
            "The earlier music lies on other beats",
        ),
    ],
)
def test_what_cannot_be_done_again(
    server: Server, models: Path, clip: str, changes: dict[str, Any], sentence: str
) -> None:
    prompt = graph(
        clip,
        edit=edit(style="house"),
        other=plan(fixed_tempo_bpm=100.0),
        again=sample(**changes),
        decoded=decode("again"),
        saved=save("decoded", "VeM/never"),
    )
    run = server.run(prompt)
    assert run.status == "error" and run.error.startswith(f"Sample Music: {sentence}"), run.messages
    del prompt["save"]  # with a valid output beside it the prompt would run for that one
    refusal = server.refusal(prompt | {"again": sample(redo_shots="two")})
    assert "is no shot; needed are numbers from 1 on" in refusal


def test_stop_button_ends_sampling_within_a_second(
    server: Server, models: Path, long_clip: str
) -> None:
    prompt = graph(long_clip, sample=sample(steps=1000))
    before = {name: prompt[name] for name in ("load", "parse", "edit", "plan")}
    server.success(before | {"bpm": node("PreviewAny", source=["plan", 1])})
    prompt_id = server.queue(prompt)
    time.sleep(3.0)  # all but the model is in the cache; sampling takes a minute
    start_s = time.monotonic()
    server.post("/interrupt", {})
    run = server.wait_for(prompt_id)
    assert "execution_interrupted" in run.messages, run.messages
    assert run.messages["execution_interrupted"]["node_type"] == "VeM_SampleMusic"
    assert time.monotonic() - start_s < 3  # a second, and what a busy machine adds


def with_model(checkpoint: str, clip: str) -> dict[str, str]:
    return {"VeM_LoadVideo": clip, "VeM_LoadModel": checkpoint}


@pytest.mark.parametrize(
    "checkpoint", ["random.safetensors", pytest.param(DEFAULT_MODEL, marks=needs_weights)]
)
@pytest.mark.parametrize("name", ["score_a_video", "redo_one_shot"])
def test_workflows_of_the_model(
    server: Server, models: Path, clip: str, name: str, checkpoint: str
) -> None:
    ids, run = run_workflow(server, name, with_model(checkpoint, clip))
    film = server.file(run.outputs[ids["VeM_MuxVideo"]]["images"][0])
    samples, rate = sound_of(film)
    assert samples.size / rate == pytest.approx(CLIP_S, abs=1024 / rate)
    assert np.abs(samples[: rate // 2]).max() > 0.01
    assert server.file(run.outputs[ids["VeM_DecodeAudio"]]["images"][0])
    assert f"{len(CUTS_S)} hits" in run.texts(ids["VeM_DecodeAudio"])
