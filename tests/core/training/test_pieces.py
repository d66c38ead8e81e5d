"""Baked music is read back as it was composed, and clips are what the denoiser expects."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from vem_core.codecs.score.latent_codec import CodecConfig, ScoreCodec
from vem_core.codecs.score.tensor import score_to_tensor, tensor_to_score
from vem_core.composing.style import style_names
from vem_core.engine.themes import invent_themes
from vem_core.errors import InputError
from vem_core.training import pieces as training_pieces
from vem_core.training.clips import ClipBatches, encode_clips
from vem_core.training.pieces import BakeSettings, bake, compose_piece, read_pieces
from vem_core.training.storyboards import StoryboardSettings
from vem_core.types import PARTS

SETTINGS = BakeSettings(
    n_pieces=3,
    pieces_per_shard=2,
    seed=5,
    storyboards=StoryboardSettings(shortest_s=9.0, longest_s=14.0),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pieces")
    bake(folder, SETTINGS)
    return folder


def test_baked_pieces_are_the_composed_ones(folder: Path) -> None:
    pieces = list(read_pieces(folder))
    assert len(pieces) == 3 and len(list(folder.glob("*.safetensors"))) == 2
    for index in (0, 2):
        composed = compose_piece(index, SETTINGS)
        piece, score = pieces[index], composed.score
        assert piece.storyboard == composed.storyboard and piece.style == score.style
        assert piece.plan.beats_s == pytest.approx(composed.plan.beats_s)
        assert piece.key == score.key
        themes = invent_themes(piece.storyboard, piece.plan, piece.style, piece.key, composed.seed)
        assert np.array_equal(piece.themes.parts["lead"].places, themes.parts["lead"].places)
        wanted = score_to_tensor(score)
        assert np.array_equal(piece.tensor.chords, wanted.chords)
        for part in PARTS:
            assert np.array_equal(piece.tensor.parts[part].places, wanted.parts[part].places)
            np.testing.assert_allclose(
                piece.tensor.parts[part].values, wanted.parts[part].values, rtol=1e-6
            )
        back = tensor_to_score(piece.tensor, piece.plan, piece.style, piece.key)
        assert [n.pitch for n in back.notes("lead")] == [n.pitch for n in score.notes("lead")]


def test_what_is_baked_is_kept_and_other_settings_are_refused(folder: Path) -> None:
    before = [path.stat().st_mtime_ns for path in sorted(folder.glob("*.safetensors"))]
    bake(folder, SETTINGS)
    assert before == [path.stat().st_mtime_ns for path in sorted(folder.glob("*.safetensors"))]
    with pytest.raises(InputError, match="baked with other settings"):
        bake(folder, replace(SETTINGS, seed=6))
    with pytest.raises(InputError, match="no baked music"):
        list(read_pieces(folder / "nothing"))


def test_music_of_another_composer_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_next_seed(storyboard, plan, style, key, seed):
        return invent_themes(storyboard, plan, style, key, seed + 1)

    monkeypatch.setattr(training_pieces, "invent_themes", of_next_seed)
    with pytest.raises(InputError, match="another version of the composer"):
        list(read_pieces(folder))


def test_batches_are_crops_of_one_length_drawn_by_the_generator_alone(folder: Path) -> None:
    torch.manual_seed(0)
    codec = ScoreCodec(CodecConfig(width=16, slot_width=8))
    clips = encode_clips(read_pieces(folder), codec, style_names())
    batches = ClipBatches(clips, batch_frames=64)

    def draw(seed: int):
        return batches.draw(torch.Generator().manual_seed(seed))

    for seed in range(5):
        z, batch = draw(seed)
        n, channels, length = z.shape
        assert n == 64 // length and channels == codec.n_channels
        assert batch.frames.shape[:2] == (n, length) == batch.visibility.shape[:2]
        torch.testing.assert_close(batch.visibility.sum(dim=2), torch.ones(n, length))
        again, other = draw(seed)
        assert torch.equal(z, again) and torch.equal(batch.texts, other.texts)
    assert any(clip.condition.reference.shape[1] for clip in clips)
