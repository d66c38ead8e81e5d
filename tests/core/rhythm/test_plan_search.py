"""The fast searches against plain ones that try everything."""

import math
from itertools import combinations, pairwise, product

import numpy as np
import pytest

from vem_core.rhythm.plan_anchors import Path, make_anchors
from vem_core.rhythm.plan_bars import ODD_BARS, bar_shifts, plan_bars
from vem_core.rhythm.plan_search import search
from vem_core.rhythm.plan_settings import PlanCosts, PlanSettings
from vem_core.rhythm.plan_timing import centre_base, solve_grid
from vem_core.types import METRES

from .boards import board, random_cuts


def plain_search(
    cuts: list[float], duration_s: float, base_bpm: float, settings: PlanSettings
) -> float:
    """The least cost of all subsets, beat counts and places in the bar, one by one."""
    anchors = make_anchors(board(cuts, duration_s), settings)
    costs, n = settings.costs, len(anchors.times_s)
    _, shift = bar_shifts(settings.metre_value, costs.odd_bar)
    room = settings.tempo_room * 0.995
    best = math.inf
    for size in range(1, n + 1):
        for kept in combinations(range(n), size):
            skipped = anchors.skip_costs.sum() - anchors.skip_costs[list(kept)].sum()
            choices = []
            for a, b in pairwise(kept):
                length = (anchors.times_s[b] - anchors.times_s[a]) * base_bpm / 60
                around = range(max(1, round(length) - 1), round(length) + 2)
                choices.append([k for k in around if 1 - room <= k / length <= 1 + room])
                choices[-1] = [(k, math.log(length / k)) for k in choices[-1]]
            for steps in product(*choices):
                cost = skipped + sum(
                    (costs.tempo_offset + 2 * costs.tempo_step) * mean**2 / 0.06**2
                    for _, mean in steps
                )
                for places in product(range(settings.metre_value.beats_per_bar), repeat=size):
                    metre = sum(
                        anchors.downbeat_wishes[a] for a, p in zip(kept, places, strict=True) if p
                    )
                    for (k, _), (p, q) in zip(steps, pairwise(places), strict=True):
                        metre += shift[(q - p - k) % len(shift), 0]
                    best = min(best, cost + metre)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_the_cheapest_path(seed: int) -> None:
    settings = PlanSettings(
        hit_unit="beat",
        tempo_room=0.05,
        metre=("4/4", "3/4")[seed % 2],
        costs=PlanCosts(off_downbeat=0.5, odd_bar=0.3),
    )
    cuts = random_cuts(seed, 8.0)[:3]
    base_bpm = 100.0 + 7 * seed
    (path,) = search(make_anchors(board(cuts, 8.0), settings), [base_bpm], settings, levels=1)
    assert path.cost == pytest.approx(plain_search(cuts, 8.0, base_bpm, settings))


def plain_bars(first: int, wishes: dict[int, float], lengths: dict[int, float]) -> float:
    """Least cost from a downbeat on among 11 beats, every bar tried; the last may be cut off."""
    regular = next(iter(lengths))
    found = sum(w for b, w in wishes.items() if b > first) if first + regular >= 11 else math.inf
    for length, price in lengths.items():
        if first + length < 11:
            inside = sum(w for b, w in wishes.items() if first < b < first + length)
            found = min(found, price + inside + plain_bars(first + length, wishes, lengths))
    return found


@pytest.mark.parametrize("metre", METRES)
def test_bars_are_the_cheapest_of_all(metre: str) -> None:
    regular, price = METRES[metre].beats_per_bar, 0.4
    lengths = {regular: 0.0} | dict.fromkeys(ODD_BARS[metre], price)
    random = np.random.default_rng(3)
    for _ in range(8):
        beats = random.choice(11, 4, replace=False)
        wishes = {int(b): float(w) for b, w in zip(beats, random.random(4), strict=True)}
        bars = plan_bars(11, wishes, METRES[metre], price)
        pickups = [
            sum(w for b, w in wishes.items() if b < first) + plain_bars(first, wishes, lengths)
            for first in range(regular)
        ]
        assert bars.cost == pytest.approx(min(pickups))
        assert {b - a for a, b in pairwise(bars.downbeats)} <= set(lengths)


def test_the_tempo_curve_is_the_smoothest_one_through_the_hits() -> None:
    """Without bounds in reach, against the normal equations solved densely."""
    times_s = np.array([1.0, 3.1, 4.0, 7.2])
    path = Path(base_bpm=120, kept=(0, 1, 2, 3), units=(0, 8, 12, 25), divisions=2, cost=0.0)
    grid = solve_grid(path, times_s, 0.2, 120.0)
    assert grid.worst <= 0
    assert [grid.beats_s[0], grid.beats_s[4], grid.beats_s[6]] == pytest.approx(list(times_s[:3]))
    assert (grid.beats_s[12] + grid.beats_s[13]) / 2 == pytest.approx(7.2, abs=1e-9)
    n = 13
    constraints = np.zeros((3, n))
    constraints[0, :4] = constraints[1, 4:6] = constraints[2, 6:12] = 1
    constraints[2, 12] = 0.5
    lengths = np.diff(times_s) / 0.5
    steps = np.diff(np.eye(n), axis=0)
    quadratic = steps.T @ steps + np.eye(n) / 64
    pull = np.full(n, lengths.sum() / 12.5 / 64)
    system = np.block([[quadratic, constraints.T], [constraints, np.zeros((3, 3))]])
    expected = np.linalg.solve(system, np.concatenate([pull, lengths]))[:n] * 0.5
    assert np.diff(grid.beats_s) == pytest.approx(expected, abs=1e-8)


def test_the_tempo_curve_bends_to_the_room() -> None:
    """Stretches at both ends of a 6 % room: the curve may not overshoot."""
    times_s = np.array([0.0, 2.0 / 1.055, 2.0 / 1.055 + 2 / 0.945, 2.0 / 1.055 + 2 / 0.945 + 2])
    path = Path(base_bpm=120, kept=(0, 1, 2, 3), units=(0, 4, 8, 12), divisions=1, cost=0.0)
    grid = solve_grid(path, times_s, 0.06, 120.0)
    tempi = 60 / np.diff(grid.beats_s)
    assert grid.worst <= 1e-9
    assert tempi.min() >= 120 * 0.94 and tempi.max() <= 120 * 1.06
    assert [grid.beats_s[k] for k in (0, 4, 8, 12)] == pytest.approx(list(times_s), abs=1e-12)


def test_hits_that_contradict_each_other_are_found() -> None:
    """Beat, half-beat and beat, with the half-beat not in the middle."""
    times_s = np.array([0.0, 0.23, 0.5])
    path = Path(base_bpm=120, kept=(0, 1, 2), units=(0, 1, 2), divisions=2, cost=0.0)
    assert solve_grid(path, times_s, 0.1, 120.0).worst > 0.01
    agreed = solve_grid(path, np.array([0.0, 0.25, 0.5]), 0.1, 120.0)
    assert agreed.worst <= 1e-9 and agreed.beats_s == pytest.approx((0.0, 0.5))


def test_the_base_tempo_moves_to_the_middle_of_its_stretches() -> None:
    path = Path(base_bpm=118, kept=(0, 1, 2), units=(0, 4, 8), divisions=1, cost=0.0)
    times_s = np.array([0.0, 240 / 116, 240 / 116 + 240 / 126])
    assert centre_base(path, times_s, 0.06, (80, 160)) == pytest.approx(480 / times_s[-1])
    tight = centre_base(path, times_s, 0.0425, (80, 160))
    assert tight * (1 - 0.0425) <= 116 and tight * (1 + 0.0425) >= 126
    assert centre_base(path, times_s, 0.06, (80, 119.5)) == 119.5
