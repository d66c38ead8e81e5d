"""From frames to a storyboard: tiling, features, keyframes, moods, manual cuts, consumers."""

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from vem_core.errors import InputError
from vem_core.parsing.contact_sheet import chosen_shots, draw_contact_sheet, layout
from vem_core.parsing.parse import ParsedVideo, parse_frames, parse_video
from vem_core.parsing.sampling import RateSampler
from vem_core.parsing.settings import ParseSettings
from vem_core.parsing.storyboard import storyboard_from_json, storyboard_to_json
from vem_core.plotting import save_figure
from vem_core.types import Transition

from .scenes import at_times, film, scene

FPS = Fraction(25)


def flat(colour: tuple[int, int, int], n_frames: int) -> list[np.ndarray]:
    return [np.full((90, 160, 3), colour, np.uint8)] * n_frames


def parsed(frames: list[np.ndarray], settings: ParseSettings | None = None) -> ParsedVideo:
    return parse_frames(film(frames), FPS, settings or ParseSettings())


def test_shots_tile_the_clip_and_it_comes_back_from_json() -> None:
    board = parsed([*scene(1, 40), *scene(2, 30), *scene(3, 50)]).storyboard
    assert [(s.start_s, s.end_s) for s in board.shots] == [(0.0, 1.6), (1.6, 2.8), (2.8, 4.8)]
    assert storyboard_from_json(storyboard_to_json(board)) == board


def test_features_say_what_is_seen() -> None:
    red, grey = parsed([*flat((250, 20, 20), 40), *flat((60, 60, 60), 40)]).storyboard.shots
    assert red.picture.saturation > 0.9 and red.picture.warmth == 1.0
    assert red.picture.hues[0] == 1.0
    assert red.picture.brightness == pytest.approx(250 / 255, abs=0.01)
    assert grey.picture.saturation < 0.01 and sum(grey.picture.hues) == 0.0
    assert red.motion.mean == grey.motion.mean == 0.0


@pytest.mark.parametrize("speed", [0.0, 2.0, 4.0])
def test_motion_is_in_widths_per_second(speed: float) -> None:
    (shot,) = parsed(scene(4, 60, speed)).storyboard.shots
    assert shot.motion.mean == pytest.approx(np.hypot(1, 0.3) * speed * 25 / 160, rel=0.2, abs=0.01)


def test_calm_and_frantic_differ() -> None:
    calm = parsed([*flat((90, 110, 140), 100)]).storyboard.shots
    frantic = parsed([f for seed in range(8) for f in scene(seed, 12, 5.0)]).storyboard.shots
    mean = np.mean([shot.affect.arousal for shot in frantic])
    assert calm[0].affect.arousal < 0.2 and mean > 0.6


def test_brightness_lifts_valence_as_valdez_and_mehrabian_have_it() -> None:
    dark, bright = parsed([*flat((50, 40, 40), 100), *flat((230, 200, 90), 100)]).storyboard.shots
    assert dark.affect.valence < -0.5 < 0.5 < bright.affect.valence


def test_keyframes_are_of_their_shot_sharp_and_not_black() -> None:
    import cv2

    whole = scene(1, 70)
    focusing = [cv2.GaussianBlur(f, (0, 0), 5 - i / 10) for i, f in enumerate(whole[:40])]
    sharp = whole[40:]
    result = parsed([*focusing, *sharp, *flat((0, 0, 0), 12), *flat((40, 200, 60), 40)])
    first, last = result.keyframes[0], result.keyframes[-1]
    assert 1.4 <= first.time_s < 2.8
    shown = whole[round(first.time_s * 25)]
    assert np.abs(first.pixels.astype(int) - shown).mean() < 8
    assert np.abs(last.pixels.reshape(-1, 3).mean(0) - (40, 200, 60)).max() < 6
    assert [k.time_s for k in result.keyframes] == [
        s.picture.keyframe_s for s in result.storyboard.shots
    ]


def test_manual_cuts_replace_or_join_the_found_ones() -> None:
    frames = [*scene(1, 40), *scene(2, 60)]
    mine = (Transition(time_s=0.8, starred=True), Transition(time_s=1.64))
    alone = parsed(frames, ParseSettings(manual_cuts=mine)).storyboard
    assert alone.transitions == mine
    assert [s.start_s for s in alone.shots] == [0.0, 0.8, 1.64]
    joined = parsed(
        frames, ParseSettings(manual_cuts=mine[:1], manual_mode="add", shortest_shot_s=0.2)
    ).storyboard
    assert [t.time_s for t in joined.transitions] == [0.8, 1.6]
    assert joined.transitions[0].starred
    with pytest.raises(InputError, match=r"cut at 9\.000 s, but the clip lasts 4\.000 s"):
        parsed(frames, ParseSettings(manual_cuts=(Transition(time_s=9.0),)))


def test_keyframes_of_a_long_video_stay_few_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes at 5 frames a second: what is settled is thinned out on the way."""
    from vem_core.parsing import keyframes
    from vem_core.parsing.small import shrink, shrink_picture

    monkeypatch.setattr(keyframes, "BUDGET_BYTES", 10_000)
    picker = keyframes.KeyframePicker(160)
    before = None
    cuts_s = [float(t) for t in range(2, 120, 2)]
    for frame in at_times(scene(2, 600, 0.1), [i / 5 for i in range(600)], 0.2):
        before = shrink(frame, shrink_picture(frame), before)
        picker.see(before, frame.pixels)
        picker.settle(frame.time_s - 8.0, cuts_s)
        assert picker.n_held <= len(cuts_s) + keyframes.KEPT_PER_STRETCH + 8 * 5
    edges_s = [0.0, *cuts_s, 120.0]
    spans = [keyframes.Span(start_s=a, end_s=b) for a, b in itertools.pairwise(edges_s)]
    picked = picker.pick(spans)
    assert all(s.start_s <= k.time_s < s.end_s for s, k in zip(spans, picked, strict=True))
    assert picked[0].pixels.shape[1] in (40, 80)


def test_the_sampler_ticks_evenly() -> None:
    seen: list[tuple[float, int]] = []
    sampler = RateSampler(
        lambda time_s, pixels: seen.append((time_s, int(pixels[0, 0, 0]))), width=8, height=6
    )
    frames = at_times(
        [flat((10 * i, 0, 0), 1)[0] for i in range(5)], [0, 0.1, 0.15, 0.5, 0.52], 0.2
    )
    parse_frames(frames, FPS, ParseSettings(), (sampler,))
    assert [time_s for time_s, _ in seen] == [i / 16 for i in range(12)]
    assert [value for _, value in seen] == [0, 0, 10, *[20] * 5, 30, *[40] * 3]


def test_interrupting_ends_the_pass_at_once(tmp_path: Path) -> None:
    from tests.core.video.clips import Clip, write_clip

    path = write_clip(tmp_path / "clip.mp4", Clip(shots=(((200, 30, 30), 50),)))
    calls = []

    def stop(share: float) -> None:
        calls.append(share)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parse_video(path, progress=stop)
    path.unlink()
    assert len(calls) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"detector": "psychic"},
        {"sensitivity": 2.0},
        {"shortest_shot_s": float("nan")},
        {"manual_mode": "subtract"},
        {"keyframe_width": 0},
    ],
)
def test_bad_settings_get_a_sentence(settings: dict) -> None:
    with pytest.raises(InputError):
        ParseSettings(**settings)


@pytest.mark.parametrize("shape", [(90, 160), (160, 90), (100, 100)])
@pytest.mark.parametrize("n_shots", [1, 2, 12, 300])
def test_contact_sheet_fits_any_number_of_shots(n_shots: int, shape: tuple[int, int]) -> None:
    pictures = [np.zeros((*shape, 3), np.uint8)] * len(chosen_shots(n_shots))
    columns, width, height = layout(pictures)
    assert 1 <= columns <= len(pictures) <= 30 and width >= 50 and height <= 900
    assert len(set(chosen_shots(n_shots))) == len(pictures)


def test_contact_sheet_shows_the_keyframes(tmp_path: Path) -> None:
    import cv2

    result = parsed([*flat((240, 30, 30), 40), *flat((30, 30, 240), 40)])
    save_figure(draw_contact_sheet(result), tmp_path / "sheet.png")
    image = cv2.imread(str(tmp_path / "sheet.png"))
    assert image is not None and image.shape[1] == 1000
    for blue, red in ((30, 240), (240, 30)):
        like = np.abs(image.astype(int) - (blue, 30, red)).max(axis=2) < 20
        assert like.sum() > 20_000
