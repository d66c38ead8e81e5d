"""Training that was killed ends as training that was not."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch import nn

from vem_core.errors import InputError
from vem_core.training.loop import LoopSettings, Losses, Trainer, learning_rate_at

SETTINGS = LoopSettings(steps=12, warmup_steps=3, log_every=2, save_every=5, learning_rate=0.05)


def make_trainer(folder: Path, settings: LoopSettings = SETTINGS) -> Trainer:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 1))

    def loss_of(step: int, generator: torch.Generator) -> Losses:
        x = torch.randn(16, 4, generator=generator)
        return {"loss": ((model(x)[:, 0] - x.sum(dim=1)) ** 2).mean()}

    return Trainer(model, loss_of, settings, folder)


def test_killed_and_resumed_training_is_bit_identical(tmp_path: Path) -> None:
    whole = make_trainer(tmp_path / "whole")
    whole.run()
    make_trainer(tmp_path / "cut").run(until=5)

    class Killed(Exception):
        pass

    def kill(share: float) -> None:
        if share >= 8 / 12:
            raise Killed

    cut = make_trainer(tmp_path / "cut")
    assert cut.step == 5
    with pytest.raises(Killed):
        cut.run(progress=kill)  # steps 6 to 8 are lost and will be done again
    resumed = make_trainer(tmp_path / "cut")
    assert resumed.step == 5
    resumed.run()
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
        assert torch.equal(whole.average[name], resumed.average[name]), name

    def steps(trainer: Trainer) -> list[int]:
        lines = trainer.metrics_path.read_text().splitlines()
        return [json.loads(line)["step"] for line in lines]

    assert steps(resumed) == steps(whole) == [2, 4, 6, 8, 10, 12]
    assert (tmp_path / "cut" / "losses.png").stat().st_size > 1000


def test_training_learns_and_the_average_follows(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, LoopSettings(steps=150, learning_rate=0.05, warmup_steps=5))
    before = trainer.loss_of(0, torch.Generator().manual_seed(1))["loss"].item()
    trainer.run()
    after = trainer.loss_of(0, torch.Generator().manual_seed(1))["loss"].item()
    assert after < before / 10
    trainer.model.load_state_dict(trainer.average)
    average = trainer.loss_of(0, torch.Generator().manual_seed(1))["loss"].item()
    assert average < before / 5


def test_the_learning_rate_warms_up_and_falls_to_zero() -> None:
    rates = [learning_rate_at(step, SETTINGS) for step in range(13)]
    assert rates[0] == pytest.approx(0.05 / 3) and rates[2] == pytest.approx(0.05)
    assert rates[3:] == sorted(rates[3:], reverse=True) and rates[12] == pytest.approx(0)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path)
    learn = trainer.loss_of
    trainer.loss_of = lambda step, generator: {"loss": learn(step, generator)["loss"] * math.nan}
    with pytest.raises(InputError, match="not a finite number by step 2"):
        trainer.run()
    assert not (tmp_path / "state.pt").exists()
