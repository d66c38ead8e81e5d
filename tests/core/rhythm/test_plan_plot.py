"""The picture of a plan shows every transition, at any length."""

import io

import numpy as np
import pytest
from matplotlib.collections import PathCollection

from vem_core.plotting import HIT, MISS
from vem_core.rhythm.plan_plot import draw_plan
from vem_core.rhythm.plan_settings import PlanSettings
from vem_core.rhythm.tempo_map import plan_beats

from .boards import board, random_cuts


@pytest.mark.parametrize(
    ("duration_s", "median_s", "n_rows"), [(0.04, 2.5, 1), (18.0, 2.5, 1), (90.0, 2.0, 2)]
)
def test_every_transition_is_in_the_picture(
    duration_s: float, median_s: float, n_rows: int
) -> None:
    from matplotlib.colors import to_rgba

    cuts = random_cuts(2, duration_s, median_s)
    storyboard = board(cuts, duration_s, starred=cuts[1:2])
    plan = plan_beats(storyboard, PlanSettings(hit_unit="beat", tempo_room=0.03))
    figure = draw_plan(storyboard, plan)
    assert len(figure.axes) == n_rows + 1
    shown = {HIT: [], MISS: []}
    for axes in figure.axes[:-1]:
        for points in axes.collections:
            for colour, times in shown.items():
                if isinstance(points, PathCollection) and np.allclose(
                    points.get_facecolor()[0], to_rgba(colour)
                ):
                    times += [float(x) for x, _ in np.asarray(points.get_offsets())]
    assert sorted(shown[HIT]) == [hit.transition_s for hit in plan.hits]
    assert sorted(shown[MISS]) == [miss.transition_s for miss in plan.misses]
    picture = io.BytesIO()
    figure.savefig(picture)
    assert picture.tell() > 5_000
