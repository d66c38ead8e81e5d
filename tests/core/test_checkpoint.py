"""Weights on disk: what was saved is what is loaded, and what does not fit gets one sentence."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.core.engine.tiny import tiny_condition, tiny_model
from vem_core.checkpoint import WeightsError, load_model, save_model
from vem_core.engine.sampling import SampleSettings
from vem_core.errors import MissingWeightsError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_model(path, tiny_model())
    return path


def rewrite(path: Path, header: dict[str, str], drop: str = "") -> None:
    tensors = {name: value for name, value in load_file(path).items() if name != drop}
    save_file(tensors, path, metadata=header)


def header_of(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as stored:
        return stored.metadata()


def test_a_saved_model_makes_the_same_music(path: Path) -> None:
    model = load_model(path)
    assert model.name == "tiny" and model.styles == tiny_model().styles
    settings = SampleSettings(steps=3)
    made = model.sample(tiny_condition(), settings).z
    again = load_model(path).sample(tiny_condition(), settings).z
    assert torch.equal(made, again)
    # float16 on disk
    torch.testing.assert_close(
        made, tiny_model().sample(tiny_condition(), settings).z, atol=0.05, rtol=0.05
    )


def test_a_missing_file_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(MissingWeightsError, match=r"no model 'none.safetensors' in the folder"):
        load_model(tmp_path / "none.safetensors")


@pytest.mark.parametrize("keep", [0, 6, 200, -100])
def test_a_truncated_file_gets_one_sentence(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsError, match="cut short or not a"):
        load_model(path)


def test_foreign_and_other_versions_are_refused(path: Path) -> None:
    header = header_of(path)
    foreign = path.with_name("foreign.safetensors")
    save_file({"weight": torch.zeros(2)}, foreign)
    with pytest.raises(WeightsError, match="not a model of VeM"):
        load_model(foreign)
    path.with_name("text.safetensors").write_text("hello, this is no model at all")
    with pytest.raises(WeightsError, match="cannot be read as a model"):
        load_model(path.with_name("text.safetensors"))
    config = json.loads(header["denoiser"])
    wider = {**header, "denoiser": json.dumps({**config, "width": 32})}
    rewrite(path, wider)
    with pytest.raises(WeightsError, match="does not fit this version"):
        load_model(path)
    rewrite(path, {**header, "denoiser": json.dumps({**config, "speed": 1})})
    with pytest.raises(WeightsError, match="speed missing or unknown"):
        load_model(path)
    rewrite(path, header, drop="denoiser.exit.weight")
    with pytest.raises(WeightsError, match="does not fit this version"):
        load_model(path)
