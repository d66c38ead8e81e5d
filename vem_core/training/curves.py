"""Loss curves as a picture."""

import json
from pathlib import Path

from ..plotting import TEXT, new_figure, save_figure, style_axes

ASIDE = ("step", "learning_rate", "seconds")


def draw_curves(metrics: Path, output: Path) -> None:
    """Draw every loss of a metrics.jsonl over the steps, on a logarithmic scale."""
    lines = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
    figure = new_figure(1000, 560)
    axes = figure.subplots()
    names = [name for name in lines[-1] if name not in ASIDE] if lines else []
    for name in names:
        points = [(line["step"], line[name]) for line in lines if line.get(name, 0) > 0]
        if points:
            steps, losses = zip(*points, strict=True)
            width, color = (2.2, TEXT) if name == "loss" else (1.0, None)
            axes.plot(steps, losses, label=name, lw=width, color=color)
    axes.set_yscale("log")
    axes.set_xlabel("step")
    style_axes(axes, "Losses")
    if names:
        axes.legend(fontsize=9, ncols=2)
    save_figure(figure, output)
