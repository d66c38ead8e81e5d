"""The aligner's clips show what their labels say, and its training goes on where it stopped."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vem_core.checkpoint import load_aligner
from vem_core.errors import InputError
from vem_core.rhythm.aligner import AlignerConfig
from vem_core.training import aligner_clips
from vem_core.training.aligner_clips import (
    AlignerBatches,
    BakedClips,
    ClipSettings,
    bake_clips,
    make_clip,
    soft_targets,
)
from vem_core.training.aligner_edits import SHARP, Join
from vem_core.training.aligner_photos import Photos
from vem_core.training.aligner_stage import AlignerTrainSettings, aligner_loss, train_aligner
from vem_core.training.loop import LoopSettings

SETTINGS = ClipSettings(n_clips=4, clips_per_shard=2, n_ticks=64, seed=7)


def painted() -> Photos:
    """Stands in for the sample photographs, whose packages need not be installed."""
    random = np.random.default_rng(0)
    return Photos(pixels=tuple(random.integers(0, 256, (6, 90, 160, 3), dtype=np.uint8)))


@pytest.fixture
def clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(aligner_clips, "load_photos", lambda *, held_out: painted())
    bake_clips(tmp_path / "clips", SETTINGS)
    return tmp_path / "clips"


def test_a_clip_is_the_same_again_and_its_cuts_are_where_it_says() -> None:
    ratios = []
    for index in range(12):
        clip = make_clip(index, SETTINGS, painted())
        assert len(clip.ticks) == len(clip.kinds) == len(clip.durations_s)
        change = np.abs(np.diff(clip.frames.astype(np.int16), axis=0)).mean(axis=(1, 2, 3))
        ratios += [
            change[tick - 1] / max(np.median(change), 1.0)
            for tick, kind in zip(clip.ticks, clip.kinds, strict=True)
            if kind == "cut"
        ]
    assert np.array_equal(make_clip(11, SETTINGS, painted()).frames, clip.frames)
    assert len(ratios) > 5 and np.median(ratios) > 4  # a tick off, and it would be about 1


def test_every_slow_transition_begins_with_the_old_and_ends_with_the_new() -> None:
    a, b = np.full((54, 96, 3), 60, np.uint8), np.full((54, 96, 3), 200, np.uint8)
    for kind in ("dissolve", "black", "white", "wipe", "slide"):
        for heading in (0.3, 2.0, 3.5, 5.0, 6.0):
            join = Join(kind=kind, time_s=2.0, duration_s=1.0, heading=heading, softness=0.3)
            first, last = join.blend(a, b, 1.501), join.blend(a, b, 2.499)
            assert abs(first.mean() - 60) < 6 and abs(last.mean() - 200) < 6, (kind, heading)


def test_labels_are_soft_by_what_is_stated() -> None:
    target = soft_targets(np.array([10, 30]), ("cut", "dissolve"), np.array([0.0, 1.0]), 40)
    assert target[8:13].tolist() == pytest.approx([0, 0.25, 1, 0.25, 0])
    reach = 4 / 3 + 0.15 * 16
    assert target[30] == 1 and target[33] == pytest.approx(1 - 3 / reach) and target[34] == 0


def test_crops_turned_back_in_time_keep_their_labels(clips: Path) -> None:
    baked = BakedClips(clips)
    sharp = [c for c in map(baked.__getitem__, range(len(baked))) if set(c.kinds) & set(SHARP)]
    assert sharp
    frames, targets = AlignerBatches(baked, 64, 48).draw(torch.Generator().manual_seed(0))
    again = AlignerBatches(baked, 64, 48).draw(torch.Generator().manual_seed(0))[0]
    assert torch.equal(frames, again) and frames.shape == (64, 48, 36, 64, 3)
    change = (frames[:, 1:].short() - frames[:, :-1].short()).abs().float().mean(dim=(2, 3, 4))
    labelled = targets[:, 1:] == 1
    beside = torch.zeros_like(labelled)
    beside[:, 1:] = labelled[:, :-1] & ~labelled[:, 1:]
    assert change[labelled].median() > 2 * change[beside].median()


def test_the_loss_is_equation_9_with_a_weight() -> None:
    logits, f = torch.tensor([[0.3, -1.2, 2.0]]), torch.tensor([[1.0, 0.25, 0.0]])
    p = logits.sigmoid()
    plain = -(3 * f * p.log() + (1 - f) * (1 - p).log()).mean()
    torch.testing.assert_close(aligner_loss(logits, f, 3.0), plain)


def test_training_stopped_and_resumed_gives_the_same_weights(clips: Path, tmp_path: Path) -> None:
    loop = LoopSettings(steps=4, warmup_steps=1, log_every=1, save_every=2)
    network = AlignerConfig(channels=(16, 16, 16), head_width=8, activation_width=8)
    settings = AlignerTrainSettings(
        clips=SETTINGS, network=network, loop=loop, batch_clips=2, crop_ticks=32
    )
    whole = load_aligner(train_aligner(tmp_path / "whole", clips, settings))

    def stop(share: float) -> None:
        if share > 0.3 + 0.7 * 0.7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_aligner(tmp_path / "cut", clips, settings, progress=stop)
    resumed = load_aligner(train_aligner(tmp_path / "cut", clips, settings))
    assert resumed.config == network
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    with pytest.raises(InputError, match="training with other settings"):
        train_aligner(tmp_path / "cut", clips, replace(settings, batch_clips=3))
