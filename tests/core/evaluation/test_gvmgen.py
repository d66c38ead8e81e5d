"""GVMGen's evaluation model: what it computes, and what it can and cannot learn."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from vem_core.errors import InputError
from vem_core.evaluation import gvmgen
from vem_core.evaluation.gvmgen import GvmgenConfig, GvmgenNet

TINY = GvmgenConfig(
    seconds=6, video_width=10, music_width=7, width=24, n_layers=2, n_heads=2, dropout=0.1,
    learning_rate=3e-3, batch_size=16, n_epochs=60, test_batch=8,
)  # fmt: skip


def pairs(n: int, *, same_all_along: bool) -> tuple[np.ndarray, np.ndarray]:
    """(n, 6, 10) and (n, 6, 7): two views of one hidden thing."""
    rng = np.random.default_rng(0)
    views = rng.normal(size=(4, 10)), rng.normal(size=(4, 7))
    hidden = rng.normal(size=(n, 1 if same_all_along else 6, 4)).repeat(
        6 if same_all_along else 1, axis=1
    )
    return (hidden @ views[0]).astype(np.float32), (hidden @ views[1]).astype(np.float32)


def test_one_layer_is_the_published_formula() -> None:
    """Written out: one head, one layer; the attention is shared, the values are crossed."""
    config = replace(TINY, n_layers=1, n_heads=1)
    torch.manual_seed(0)
    net = GvmgenNet(config).eval()
    video, music = torch.randn(3, 6, 10), torch.randn(3, 6, 7)
    block: Any = net.blocks[0]
    with torch.inference_mode():
        logits, attention = net(video, music)
        v, m = net.video_in(video), net.music_in(music)
        q, k = block.video_norms[0](v), block.music_norms[0](m)
        weights = block.attention.in_proj_weight.chunk(3)
        query, key = q @ weights[0].T, k @ weights[1].T
        expected = torch.softmax(query @ key.transpose(1, 2) / math.sqrt(24), dim=-1)
        assert attention == pytest.approx(expected, abs=1e-5)
        out = block.attention.out_proj
        v = v + out(expected @ (k @ weights[2].T))
        m = m + out(expected @ (q @ weights[2].T))
        v, m = (
            v + block.video_mlp(block.video_norms[1](v)),
            m + block.music_mlp(block.music_norms[1](m)),
        )
        z_v = torch.einsum("btd,t->bd", v, net.video_out.weight[0]) + net.video_out.bias
        z_m = torch.einsum("btd,t->bd", m, net.music_out.weight[0]) + net.music_out.bias
        assert logits == pytest.approx(z_v @ z_m.T / 0.07, rel=1e-3, abs=1e-4)


def test_relevance_is_learnt_and_leaks() -> None:
    """As published the video has heard its music before it is asked for it: held-out pairs are told
    apart, but so are videos with the music of others. The control says so."""
    video, music = pairs(56, same_all_along=True)
    untrained = gvmgen.cmr(GvmgenNet(TINY).eval(), video[40:], music[40:])
    net = gvmgen.train(TINY, video[:40], music[:40], aligning=False)
    score, rank = gvmgen.cmr(net, video[40:], music[40:])
    assert score > 0.6 > untrained[0] and rank < 0.1
    assert gvmgen.cmr(net, video[40:], np.roll(music[40:], 1, axis=0))[0] > 0.5
    again = gvmgen.train(TINY, video[:40], music[:40], aligning=False)
    assert gvmgen.cmr(again, video[40:], music[40:]) == pytest.approx((score, rank))


def test_without_positions_time_is_seen_through_content_alone() -> None:
    """A clip that stays the same cannot be aligned as published, and can be with positions."""
    video, music = pairs(40, same_all_along=True)
    found = gvmgen.compare(TINY, video, music)
    assert found["as published"].ta_diagonal == pytest.approx(1 / 6, abs=1e-3)
    assert found["with positions"].ta_diagonal > 0.9
    assert found["with positions"].ta_error < found["as published"].ta_error
    assert found["as published"].cmr_batch == 8
    assert found["as published"].cmr_wrong > 0
    changing = pairs(40, same_all_along=False)
    assert gvmgen.evaluate(TINY, *changing).ta_diagonal > 0.4


def test_features_that_do_not_fit_are_refused() -> None:
    video, music = pairs(4, same_all_along=True)
    with pytest.raises(InputError, match=r"needed are \(pairs, 6, 10\) and \(pairs, 6, 7\)"):
        gvmgen.evaluate(TINY, music, video)
    with pytest.raises(InputError, match="There are 1 pairs"):
        gvmgen.evaluate(TINY, video[:1], music[:1])
    with pytest.raises(InputError, match="cannot be divided among 5 heads"):
        replace(TINY, n_heads=5)
