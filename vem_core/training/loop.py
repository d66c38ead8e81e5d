"""The training loop: the same for every stage, and the same result however often it was stopped.

Batch and noise of a step depend on (seed, step) alone, and the state (weights, averages, optimiser,
step) is written whole, so a run that was killed goes on from its last state as if nothing happened.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ..errors import InputError
from ..files import whole_file
from ..types import Progress, no_progress
from .crew import Crew

Losses = dict[str, torch.Tensor]
DRAW_EVERY_S = 60.0
LossOf = Callable[[int, torch.Generator], Losses]
"""(step, generator of this step) -> named losses; 'loss' is the one to lower."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LoopSettings:
    """How to train; saved beside the weights."""

    steps: int = 20_000
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    seed: int = 0
    bfloat16: bool = False
    """Autocast to bfloat16; off where the processor has no instructions for it."""
    log_every: int = 50
    save_every: int = 500


def learning_rate_at(step: int, settings: LoopSettings) -> float:
    """Linear warm-up, then a cosine to zero."""
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    share = (step - settings.warmup_steps) / max(settings.steps - settings.warmup_steps, 1)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))


class Trainer:
    """Trains the parameters of `model` that need gradients, and keeps their moving average.

    In a crew the first process alone writes; the losses in its log are those of its own items.
    """

    def __init__(
        self,
        model: nn.Module,
        loss_of: LossOf,
        settings: LoopSettings,
        folder: Path,
        crew: Crew | None = None,
    ):
        self.model = model
        self.crew = crew or Crew()
        self.loss_of = loss_of
        self.settings = settings
        self.folder = folder
        self.step = 0
        self._drawn = -math.inf
        trained = [p for p in model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            trained,
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
            betas=(0.9, 0.99),
        )
        self.average = {name: value.clone() for name, value in model.state_dict().items()}
        folder.mkdir(parents=True, exist_ok=True)
        if self._state_path.exists():
            self._load()

    @property
    def _state_path(self) -> Path:
        return self.folder / "state.pt"

    @property
    def metrics_path(self) -> Path:
        """One JSON object a line: step, learning rate, losses, seconds."""
        return self.folder / "metrics.jsonl"

    def run(self, *, until: int | None = None, progress: Progress = no_progress) -> None:
        """Train up to step `until` (default: all steps), saving and logging on the way.

        Whatever `progress` raises ends the run; what was saved stays.
        """
        until = min(until or self.settings.steps, self.settings.steps)
        device = next(self.model.parameters()).device
        sums: Losses = {}
        n_summed, started = 0, time.monotonic()
        self.model.train()
        while self.step < until:
            progress(self.step / self.settings.steps)
            with torch.autocast(device.type, torch.bfloat16, enabled=self.settings.bfloat16):
                losses = self.loss_of(self.step, self._generator())
            self._update(losses["loss"])
            for name, value in losses.items():  # summed where they are: reading them would wait
                sums[name] = sums.get(name, 0.0) + value.detach().float()
            n_summed += 1
            log = self.step % self.settings.log_every == 0
            save = self.step % self.settings.save_every == 0 or self.step == until
            if log or save:
                self._check(sums)
            if log and self.crew.leads:
                means = {name: value.item() / n_summed for name, value in sums.items()}
                self._log(means, time.monotonic() - started)
            if log:
                sums, n_summed, started = {}, 0, time.monotonic()
            if save:
                self.crew.wait()  # nobody runs ahead of a state that is not yet written
                if self.crew.leads:
                    self.save()

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.step)

    def _check(self, sums: Losses) -> None:
        """Before anything is written: no state with broken weights replaces a sound one."""
        if sums and not torch.isfinite(sums["loss"]):
            raise InputError(
                f"The loss is not a finite number by step {self.step}. Lower the learning rate."
            )

    def _update(self, loss: torch.Tensor) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(self.step, self.settings)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        trained = self.optimizer.param_groups[0]["params"]
        self.crew.mean_gradients(trained)
        nn.utils.clip_grad_norm_(trained, self.settings.gradient_clip)
        self.optimizer.step()
        self.step += 1
        # early averages would remember the random start for long
        decay = min(self.settings.ema_decay, self.step / (self.step + 10))
        with torch.no_grad():
            state = self.model.state_dict()
            floats = [name for name, value in state.items() if value.is_floating_point()]
            follow = get_ema_multi_avg_fn(decay)
            follow([self.average[n] for n in floats], [state[n] for n in floats], self.step)
            for name in state.keys() - set(floats):
                self.average[name].copy_(state[name])

    def _log(self, means: dict[str, float], seconds: float) -> None:
        line = {
            "step": self.step,
            "learning_rate": learning_rate_at(self.step - 1, self.settings),
            **{name: round(value, 6) for name, value in means.items()},
            "seconds": round(seconds, 3),
        }
        with self.metrics_path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Write the state and the curve of the losses."""
        state = {
            "step": self.step,
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        with whole_file(self._state_path) as temporary:
            torch.save(state, temporary)
        last = self.step >= self.settings.steps
        if self.metrics_path.exists() and (last or time.monotonic() - self._drawn > DRAW_EVERY_S):
            from .curves import draw_curves

            draw_curves(self.metrics_path, self.folder / "losses.png")
            self._drawn = time.monotonic()

    def _load(self) -> None:
        state = torch.load(self._state_path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(state["model"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]
        if self.metrics_path.exists():  # lines of steps that will be done again
            lines = self.metrics_path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if json.loads(line)["step"] <= self.step]
            with whole_file(self.metrics_path) as temporary:
                temporary.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
