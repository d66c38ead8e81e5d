"""Features of clock, text, picture and piece, against values worked out by hand."""

import numpy as np
import torch

from tests.core.engine.tiny import KEY, STYLES, tiny_plan, tiny_storyboard
from vem_core.encoders.clock import PLACES_IN_BAR, SUBFRAMES, encode_grid, encode_hits
from vem_core.encoders.overall import encode_overall, overall_width
from vem_core.encoders.picture import PICTURE_WIDTH, encode_pictures
from vem_core.encoders.text import LexiconText, encode_texts
from vem_core.engine.roles import LABELS, PLACES, encode_roles

BOARD = tiny_storyboard((4.0, 8.125, 12.0))
PLAN = tiny_plan(BOARD)
TIMES_S = torch.tensor(PLAN.beats_s, dtype=torch.float64)


def test_grid_features_count_through_the_bar() -> None:
    grid = encode_grid(PLAN, TIMES_S)
    places = grid[:, :PLACES_IN_BAR].argmax(dim=1)
    assert places.tolist() == [0, 1, 2, 3] * 6
    assert (grid[:, PLACES_IN_BAR + 2] == -1).all()  # beats of half a second
    assert grid[0, PLACES_IN_BAR + 3] < -0.9 and grid[-1, PLACES_IN_BAR + 3] > 0.9


def test_hits_stand_at_their_place_in_the_frame() -> None:
    hits = encode_hits(PLAN, BOARD, TIMES_S)
    curve = hits[:, :SUBFRAMES]
    expected = torch.zeros(24, SUBFRAMES)
    expected[8, 0] = 0.8  # 4.0 s opens frame 8
    # 8.125 s lies a quarter into frame 16: between the second and the third of six points
    expected[16, 1] = expected[16, 2] = 0.4
    torch.testing.assert_close(curve, expected, atol=1e-6, rtol=0)
    by_kind = hits[:, SUBFRAMES : SUBFRAMES + 4]
    assert by_kind.nonzero().tolist() == [[8, 0], [16, 0]]
    near = hits[:, SUBFRAMES + 4]
    assert near[8] == 1 and near[7] < near[8] and near[6] < near[7]
    no_hits = encode_hits(tiny_plan(tiny_storyboard((12.0,))), tiny_storyboard((12.0,)), TIMES_S)
    assert no_hits.abs().max() == 0


def test_grid_and_hits_share_nothing() -> None:
    """What switches the beats off must not leave them in the grid."""
    moved = tiny_storyboard((3.0, 9.0, 12.0))
    assert torch.equal(encode_grid(PLAN, TIMES_S), encode_grid(tiny_plan(moved), TIMES_S))


def test_text_is_read_through_the_lexicon() -> None:
    texts = encode_texts(BOARD, LexiconText(STYLES))
    assert texts.shape == (3, 3, 4 + len(STYLES))
    theme, tags, shot = texts.unbind(dim=1)
    assert (theme == theme[0]).all() and theme[0, 0] > 0.5 and theme[0, 1] == 1
    assert tags.abs().max() == 0  # the clip has no tags
    assert shot[0, 0] < 0 and shot[1, 4] == 1 and shot[2].abs().max() == 0


def test_pictures_and_overall_stay_near_one() -> None:
    pictures = encode_pictures(BOARD)
    assert pictures.shape == (3, PICTURE_WIDTH) and pictures.abs().max() <= 2
    overall = encode_overall(BOARD, PLAN, "rock", KEY, STYLES)
    assert overall.shape == (overall_width(STYLES),)
    assert overall[: len(STYLES)].tolist() == [0, 1]
    assert overall[len(STYLES) : len(STYLES) + 12].argmax() == KEY.tonic


def test_roles_name_phrases_and_count_their_bars() -> None:
    half = np.zeros(PLAN.n_beats, dtype=np.int64)
    half[3] = 2
    roles = encode_roles(BOARD, PLAN, half)
    assert roles[:5, -3].tolist() == [0, 0, 0, 1, 0]  # the second half of a slow beat
    assert roles.shape[0] == PLAN.n_beats
    assert (roles[:, : len(LABELS)].sum(dim=1) == 1).all()
    bars = roles[:, len(LABELS) : len(LABELS) + PLACES].argmax(dim=1)
    assert bars[:4].tolist() == [0, 0, 0, 0] and bars[4:8].tolist() == [1, 1, 1, 1]
    final = roles[:, -2]
    assert final[-1] == 1 and final[0] == 0
