"""Saved workflows keep opening, every text has its languages, the registry's rules hold."""

import copy
import subprocess
import sys

import pytest

from .server import ROOT, Server

sys.path.insert(0, str(ROOT / "scripts"))
from make_locales import (  # pyright: ignore[reportMissingImports]
    SCRIPTS,
    complaints,
    english,
    read_locale,
    texts,
)
from snapshot_nodes import (  # pyright: ignore[reportMissingImports]
    CHANGELOG,
    not_owned_up,
    read_snapshot,
    replaced_nodes,
    snapshot_of,
    what_breaks,
)

RENEW = "renew it: python scripts/snapshot_nodes.py --server ADDRESS"


def test_nothing_breaks_saved_workflows(server: Server) -> None:
    old, new = read_snapshot(), snapshot_of(server.get("/object_info"))
    changelog = CHANGELOG.read_text(encoding="utf-8")
    assert not_owned_up(what_breaks(old, new), changelog, replaced_nodes(server.address)) == []
    assert new == old, f"tests/comfy/nodes.json is out of date; {RENEW}"


def test_breaking_changes_are_found() -> None:
    old = read_snapshot()
    assert what_breaks(old, old) == []
    new = copy.deepcopy(old)
    widgets = new["VeM_PlanBeats"]["widgets"]
    widgets[0]["default"] = 90.0
    new["VeM_MixAudio"]["widgets"].insert(1, {"name": "new", "type": "INT"})
    new["VeM_MuxVideo"]["sockets"].pop("audio")
    new["VeM_Compose"]["widgets"][0]["options"] = ["auto"]
    new["VeM_LoadVideo"]["outputs"].reverse()
    del new["VeM_SaveScore"]
    found = what_breaks(old, new)
    assert {name for name, _ in found} == {
        "VeM_PlanBeats.tempo_low_bpm",
        "VeM_MixAudio.loudness_lufs",
        "VeM_MuxVideo.audio",
        "VeM_Compose.style",
        "VeM_LoadVideo",
        "VeM_SaveScore",
    }
    named = " ".join(name for name, _ in found)
    assert not_owned_up(found, named, {"VeM_SaveScore"}) == []
    assert not_owned_up(found, named, set()) == [
        "the node VeM_SaveScore is gone, and no NodeReplace names it"
    ]
    assert len(not_owned_up(found, "", {"VeM_SaveScore"})) == len(found)
    widgets.append({"name": "one more", "type": "INT", "default": 0})
    widgets[0]["default"] = old["VeM_PlanBeats"]["widgets"][0]["default"]
    assert not any(name.startswith("VeM_PlanBeats") for name, _ in what_breaks(old, new))


def test_every_text_has_its_languages(server: Server) -> None:
    source = english(server.get("/object_info"))
    # 0.3.64 tells no tooltips of outputs; what it does tell is the same
    assert texts(source).items() <= texts(read_locale("en")).items(), "run scripts/make_locales.py"
    for language in SCRIPTS:
        assert complaints(language, read_locale(language), read_locale("en")) == []
    served = server.get("/i18n")
    for language in ("en", *SCRIPTS):
        for node_id in source:
            assert served[language]["nodeDefs"][node_id] == read_locale(language)[node_id]
        assert served[language]["nodeCategories"]["VeM"]


def test_search_finds_nodes_by_other_words(server: Server) -> None:
    nodes = {k: v for k, v in server.get("/object_info").items() if k.startswith("VeM_")}
    if "search_aliases" not in nodes["VeM_Compose"]:
        return  # 0.3.64 knows none
    words = {word.lower() for entry in nodes.values() for word in entry["search_aliases"]}
    assert all(entry["search_aliases"] for entry in nodes.values())
    assert words >= {"soundtrack", "bgm", "beat sync", "scene detection", "ducking", "export midi"}


def test_registry_metadata_is_complete() -> None:
    """All but the address of the repository, which whoever publishes the pack gives."""
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    about, pack = project["project"], project["tool"]["comfy"]
    assert about["name"] == "vem" and about["license"] and about["description"]
    assert any(line.startswith("Environment :: GPU") for line in about["classifiers"])
    assert pack["PublisherId"] and pack["DisplayName"] and pack["requires-comfyui"]
    changelog = CHANGELOG.read_text(encoding="utf-8")
    assert f"## {about['version']}" in changelog


def test_registry_security_rules_hold() -> None:
    """What `comfy node validate` warns of, and installing packages while ComfyUI runs."""
    rules = "S102,S307,E702,S602,S605"
    checked = ["__init__.py", "nodes", "vem_core"]
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", rules, *checked]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    pip = [
        path
        for name in checked
        for path in ([ROOT / name] if name.endswith(".py") else (ROOT / name).rglob("*.py"))
        if "ensurepip" in (text := path.read_text(encoding="utf-8")) or '"-m", "pip"' in text
    ]
    assert pip == []
