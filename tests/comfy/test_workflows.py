"""The shipped workflows: as the page saves them, turned into prompts, run whole."""

import copy
import json
import sys
from typing import Any

import numpy as np
import pytest

from .conftest import CLIP_S, CUTS_S, FPS
from .server import ROOT, Run, Server
from .test_nodes import picture_packets, sound_of

sys.path.insert(0, str(ROOT / "scripts"))
from make_workflows import PROMPTS, WORKFLOWS, make_workflow  # pyright: ignore[reportMissingImports]
from ui_to_api import (  # pyright: ignore[reportMissingImports]
    WorkflowError,
    ui_to_api,
    widget_names,
)


def read_workflow(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "workflows" / f"{name}.json").read_text(encoding="utf-8"))


def run_workflow(server: Server, name: str, files: dict[str, str]) -> tuple[dict[str, str], Run]:
    """Ids by node type, and the run; `files` gives each loader its file."""
    workflow = read_workflow(name)
    for node in workflow["nodes"]:
        if node["type"] in files:
            node["widgets_values"][0] = files[node["type"]]
    prompt = ui_to_api(workflow, server.get("/object_info"))
    return {node["class_type"]: key for key, node in prompt.items()}, server.success(prompt)


def test_workflows_are_what_the_script_writes(server: Server) -> None:
    object_info = server.get("/object_info")
    for name, boxes in WORKFLOWS.items():
        written, made = read_workflow(name), make_workflow(name, boxes, object_info)
        for old, new in zip(written["nodes"], made["nodes"], strict=True):
            if old["type"].startswith("VeM_"):
                continue
            # stock nodes of newer versions have other outputs, and widgets at the end
            old["outputs"] = new["outputs"] = []
            new["widgets_values"] = new["widgets_values"][: len(old["widgets_values"])]
        assert written == made, f"{name}.json is not up to date: run scripts/make_workflows.py"


def test_templates_are_offered(server: Server) -> None:
    offered = server.get("/workflow_templates")
    assert set(offered["vem"]) == set(WORKFLOWS)
    for name in WORKFLOWS:
        served = server.get(f"/api/workflow_templates/vem/{name}.json")
        assert served == read_workflow(name)


def test_parse_and_plan(server: Server, clip: str) -> None:
    ids, run = run_workflow(server, "parse_and_plan", {"VeM_LoadVideo": clip})
    for kind in ("VeM_ParseShots", "VeM_PlanBeats"):
        assert server.file(run.outputs[ids[kind]]["images"][0])


def test_snapped_film_keeps_every_picture_packet(server: Server, clip: str, music: str) -> None:
    files = {"VeM_LoadVideo": clip, "LoadAudio": music}
    ids, run = run_workflow(server, "snap_your_music", files)
    film = server.file(run.outputs[ids["VeM_MuxVideo"]]["images"][0])
    assert picture_packets(film) == picture_packets(server.base / "input" / clip)
    samples, rate = sound_of(film)
    assert samples.size / rate == pytest.approx(CLIP_S, abs=1024 / rate)
    assert f"of {len(CUTS_S)} hits" in run.texts(ids["VeM_SnapMusic"])
    report = run.texts(ids["VeM_ScoreMatch"])
    assert "chance gives" in report and str(FPS) not in report[:3]
    for kind in ("VeM_SnapMusic", "VeM_ScoreMatch", "VeM_MixAudio"):
        assert server.file(run.outputs[ids[kind]]["images"][0])


def test_composed_film_is_whole(server: Server, clip: str) -> None:
    ids, run = run_workflow(server, "compose_for_video", {"VeM_LoadVideo": clip})
    film = server.file(run.outputs[ids["VeM_MuxVideo"]]["images"][0])
    assert picture_packets(film) == picture_packets(server.base / "input" / clip)
    samples, rate = sound_of(film)
    assert samples.size / rate == pytest.approx(CLIP_S, abs=1024 / rate)
    assert np.abs(samples[: rate // 2]).max() > 0.01


def test_prompts_are_what_the_converter_makes(server: Server) -> None:
    object_info = server.get("/object_info")
    for name in WORKFLOWS:
        kept = json.loads((PROMPTS / f"{name}.json").read_text(encoding="utf-8"))
        made = ui_to_api(read_workflow(name), object_info)
        for prompt in (kept, made):
            for node in prompt.values():
                node.pop("_meta")  # stock nodes are titled differently by each version
                if node["class_type"] == "PreviewAny":
                    node["inputs"] = {"source": node["inputs"]["source"]}
        assert kept == made, f"{name}.json is not up to date: run scripts/make_workflows.py"


def test_film_whose_dialogue_stays(server: Server, clip: str) -> None:
    """The film speaks from 0.5 to 2.5 s: there it sounds as it did, and music fills the rest."""
    ids, run = run_workflow(server, "keep_the_dialogue", {"VeM_LoadVideo": clip})
    film = server.file(run.outputs[ids["VeM_MuxVideo"]]["images"][0])
    source = server.base / "input" / clip
    assert picture_packets(film) == picture_packets(source)
    (mixed, rate), (own, own_rate) = sound_of(film), sound_of(source)
    assert mixed.size / rate == pytest.approx(CLIP_S, abs=1024 / rate)
    said = own[round(1.0 * own_rate) : round(2.3 * own_rate)]
    heard = mixed[round(1.0 * rate) : round(2.3 * rate)]
    resampled = np.interp(np.linspace(0, 1, said.size), np.linspace(0, 1, heard.size), heard)
    assert np.corrcoef(said, resampled)[0, 1] > 0.7
    silent = own[round(3.2 * own_rate) : round(4.6 * own_rate)]
    filled = mixed[round(3.2 * rate) : round(4.6 * rate)]
    assert np.abs(silent).max() < 0.01 < np.sqrt(np.mean(np.square(filled)))
    assert server.file(run.outputs[ids["PreviewAudio"]]["audio"][0])


def encoded_images(server: Server) -> set[str]:
    return {path.name for path in (server.base / "temp").glob("vem-images*")}


def test_generated_clip_gets_music_and_runs_from_the_cache(server: Server) -> None:
    before = encoded_images(server)
    ids, run = run_workflow(server, "score_generated_clip", {})
    film = server.file(run.outputs[ids["VeM_MuxVideo"]]["images"][0])
    n_frames = 60 + 72 + 60
    assert len(picture_packets(film)) == n_frames
    samples, rate = sound_of(film)
    assert samples.size / rate == pytest.approx(n_frames / 24, abs=1024 / rate)
    assert len(encoded_images(server) - before) == 1, "encoded once, for all nodes"
    _, again = run_workflow(server, "score_generated_clip", {})
    assert again.cached >= set(ids.values())


def test_stems_and_midi_of_a_film(server: Server, clip: str) -> None:
    ids, run = run_workflow(server, "stems_and_midi", {"VeM_LoadVideo": clip})
    names = run.texts(ids["VeM_SaveScore"]).splitlines()
    folder = server.base / "output" / "VeM"
    assert (folder / names[0]).read_bytes().startswith(b"MThd")
    stems = [sound_of(folder / name) for name in names[1:]]
    assert len(stems) >= 3 and all(name.endswith(".wav") for name in names[1:])
    assert {samples.size / rate for samples, rate in stems} == {CLIP_S}
    assert server.file(run.outputs[ids["PreviewAudio"]]["audio"][0])


def test_converter_names_what_does_not_fit(server: Server) -> None:
    object_info = server.get("/object_info")
    workflow = read_workflow("compose_for_video")
    compose = next(node for node in workflow["nodes"] if node["type"] == "VeM_Compose")
    at = widget_names(object_info["VeM_Compose"]).index("seed")
    compose["widgets_values"][at] = 77
    prompt = ui_to_api(workflow, object_info)
    inputs = prompt[str(compose["id"])]["inputs"]
    assert inputs["seed"] == 77 and inputs["drums"] == "style's own"
    short = copy.deepcopy(workflow)
    short["nodes"][compose["id"] - 1]["widgets_values"].pop()
    with pytest.raises(WorkflowError, match="widget values"):
        ui_to_api(short, object_info)
    cut = copy.deepcopy(workflow)
    cut["nodes"][compose["id"] - 1]["inputs"][0]["link"] = None
    with pytest.raises(WorkflowError, match="nothing is given for storyboard"):
        ui_to_api(cut, object_info)
    compose["type"] = "VeM_Gone"
    with pytest.raises(WorkflowError, match="does not know the node 'VeM_Gone'"):
        ui_to_api(workflow, object_info)
