"""The latent codec: parts apart, near lossless once trained, clean notes out."""

import numpy as np
import pytest
import torch

from tests.core.codecs.test_score_tensor import make_plan, random_score
from vem_core.codecs.score.beats import BeatTable, units_to_values, values_to_units
from vem_core.codecs.score.chord_path import chord_path
from vem_core.codecs.score.cleaning import clean_part
from vem_core.codecs.score.latent_codec import CodecConfig, ScoreCodec
from vem_core.codecs.score.pitch_rows import INVERSIONS, SHAPES
from vem_core.codecs.score.tensor import SLOTS, score_to_tensor
from vem_core.errors import InputError
from vem_core.training.codec_stage import codec_figures, codec_losses
from vem_core.types import PARTS, Key, MusicLatents, Note

SMALL = CodecConfig(width=64, slot_width=24, noise=0.1)


def small_codec() -> ScoreCodec:
    torch.manual_seed(0)
    return ScoreCodec(SMALL)


def test_values_and_units_are_inverse() -> None:
    values = torch.tensor([[1.0, 0.1, -0.9], [80.0, 4.0, 0.0], [127.0, 64.0, 0.5]])
    torch.testing.assert_close(units_to_values(values_to_units(values)), values)
    assert values_to_units(values).abs().max() < 4


def test_a_batch_holds_the_notes_of_the_beats_in_the_order_asked() -> None:
    tensors = [score_to_tensor(random_score(seed)[0]) for seed in (0, 3)]
    table = BeatTable(tensors)
    assert table.n_beats == 16 and table.firsts == [0, 8, 16]
    batch = table.batch(np.array([9, 2, 9]))
    for part in PARTS:
        second = tensors[1].parts[part].places
        wanted = second[second[:, 0] == 1]
        notes = batch.parts[part]
        for beat in (0, 2):
            inside = notes.slot // SLOTS == beat
            assert (notes.slot[inside] % SLOTS).tolist() == wanted[:, 1].tolist()
            assert notes.row[inside].tolist() == wanted[:, 2].tolist()
    assert torch.equal(batch.chords[1], torch.from_numpy(tensors[0].chords[2]))


@pytest.mark.parametrize("part", PARTS)
def test_each_part_has_its_own_channels(part: str) -> None:
    codec = small_codec().eval()
    tensor = score_to_tensor(random_score(1)[0])
    before = codec.encode_tensor(tensor)
    tensor.parts[part].values[:, 0] = 5  # type: ignore[index]
    changed = (codec.encode_tensor(tensor) != before).any(dim=1).nonzero()[:, 0]
    own = codec.channels_of(part)
    assert len(changed) and own.start <= changed.min() and changed.max() < own.stop


def test_a_trained_codec_gives_back_what_it_was_given() -> None:
    tensor = score_to_tensor(random_score(0)[0])
    for part, notes in tensor.parts.items():  # few notes, so that a small codec learns in seconds
        tensor.parts[part] = type(notes)(places=notes.places[::4], values=notes.values[::4])
    table = BeatTable([tensor])
    codec = small_codec()
    batch = table.batch(np.tile(np.arange(8), 2))
    optimizer = torch.optim.Adam(codec.parameters(), lr=1e-2)
    for step in range(150):
        optimizer.zero_grad()
        codec_losses(codec, batch, torch.Generator().manual_seed(step))["loss"].backward()
        optimizer.step()
    figures = codec_figures(codec, table)
    assert min(figures[f"{part}_f1"] for part in PARTS) > 0.97, figures
    assert figures["chords_equal"] > 0.97


def test_latents_of_another_codec_or_plan_are_refused() -> None:
    codec = small_codec().eval()
    key = Key(tonic=0, mode="major")
    times_s = torch.linspace(0, 2, 5, dtype=torch.float64)
    foreign = MusicLatents(z=torch.zeros(8, 4), frame_times_s=times_s, codec="mel")
    with pytest.raises(InputError, match="codec 'mel' with 8 channels"):
        codec.decode(foreign, make_plan(4), "rock", key)
    own = MusicLatents(z=torch.zeros(codec.n_channels, 4), frame_times_s=times_s, codec="score")
    with pytest.raises(InputError, match="4 beats of 4 steps, the beat plan 5"):
        codec.decode(own, make_plan(5), "rock", key)


def test_chords_do_not_flicker_but_change_where_the_decoder_is_sure() -> None:
    sizes = (12, len(SHAPES), INVERSIONS)
    logits = [torch.zeros(4, SLOTS, size) for size in sizes]
    for part in logits:
        part[..., 0] = 3.0
    logits[0][1, 2, 7] = 5.0  # a doubt in the middle of a beat
    logits[0][2, 2:, 5] = 9.0  # a change in the middle of beat 3 that stays
    logits[0][3, :, 5] = 9.0
    path = chord_path(logits, steps_per_beat=4)
    assert path[:2, :, 0].max() == 0
    assert path[2, :, 0].tolist() == [0, 0, 5, 5, 5, 5] and (path[3, :, 0] == 5).all()
    assert path[..., 1:].max() == 0


def note(step: int, length: float, pitch: int = 60, velocity: int = 80) -> Note:
    return Note(step=step, duration_steps=length, pitch=pitch, velocity=velocity)


def lengths(notes: tuple[Note, ...]) -> list[tuple[int, float]]:
    return [(n.step, n.duration_steps) for n in notes]


def test_cleaning_ends_notes_where_they_should_end() -> None:
    # nearly legato becomes legato, odd lengths go to half steps, a line never overlaps
    line = (note(0, 3.7), note(4, 2.1), note(8, 9.0), note(12, 3.0))
    assert lengths(clean_part("lead", line, 16.0)) == [(0, 4), (4, 2), (8, 4), (12, 3)]
    # in chords only equal pitches may not overlap
    chords = (note(0, 6.6, 60), note(0, 6.6, 64), note(4, 2.0, 60))
    assert lengths(clean_part("harmony", chords, 16.0)) == [(0, 4), (0, 6.5), (4, 2)]


def test_cleaning_leaves_no_specks_and_nothing_past_the_end() -> None:
    notes = (note(0, 1.0, velocity=3), note(2, 400.0), note(15, 5.0, 62))
    assert lengths(clean_part("keys", notes, 14.6)) == [(2, 12.6)]
