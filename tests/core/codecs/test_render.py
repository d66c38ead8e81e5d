"""Scores as sound: exact lengths and places, stems that add up, errors that help."""

import numpy as np
import pytest
import torch
from small_scores import make_score, note

from vem_core.codecs.score import effects
from vem_core.codecs.score.effects import master
from vem_core.codecs.score.instruments import load_catalogue, part_mix
from vem_core.codecs.score.render import RenderSettings, render, score_instruments
from vem_core.codecs.score.soundbank import SoundBank
from vem_core.errors import InputError
from vem_core.types import Music, Note, Part, Score
from vem_core.units import beats_to_seconds

RATE = 44100


def band() -> Score:
    return make_score(
        {
            "drums": [note(s, 36 if s % 8 == 0 else 38, 1) for s in range(0, 32, 4)],
            "bass": [note(s, 40 + s // 8, 8) for s in range(0, 32, 8)],
            "harmony": [note(0, p, 32) for p in (60, 64, 67)],
            "lead": [note(s, 72 + s % 5, 3, offset_steps=0.1) for s in range(0, 32, 2)],
        }
    )


def stem_of(music: Music, part: str) -> np.ndarray:
    return dict(music.stems)[part].waveform.numpy()


def first_sound_s(sound: np.ndarray) -> float:
    """Where the level first comes within 30 dB of the peak."""
    level = np.abs(sound).max(axis=0)
    return float(np.argmax(level > 0.03 * level.max())) / RATE


def test_stems_add_up_to_the_mix_sample_for_sample(bank: SoundBank) -> None:
    music = render(band(), bank=bank)
    total = torch.zeros_like(music.mix.waveform)
    for _, stem in music.stems:
        total += stem.waveform
    assert torch.equal(total, music.mix.waveform)
    assert [name for name, _ in music.stems] == ["drums", "bass", "harmony", "lead"]
    assert all(float(stem.waveform.abs().max()) > 0.01 for _, stem in music.stems)


@pytest.mark.parametrize("duration_s", [3.33333, 0.01, 4.0])
def test_length_is_exact_and_nothing_is_cut_with_a_click(
    bank: SoundBank, duration_s: float
) -> None:
    score = make_score({"harmony": [note(0, 60, 64)]}, duration_s=duration_s)
    music = render(score, bank=bank)
    assert music.mix.waveform.shape == (2, round(duration_s * RATE))
    assert float(music.mix.waveform[:, -1].abs().max()) < 1e-3


def test_the_end_dies_away_but_a_last_accent_keeps_its_strength(bank: SoundBank) -> None:
    def end_level(notes: list[Note], fade_s: float) -> float:
        score = make_score({"harmony": notes}, style="ambient")
        sound = stem_of(render(score, RenderSettings(end_fade_s=fade_s), bank=bank), "harmony")
        return float(np.sqrt((sound[:, -RATE // 5 : -RATE // 10] ** 2).mean()))

    held = [note(0, 60, 64)]
    assert end_level(held, 1.5) < 0.3 * end_level(held, 0.0)
    accent = [note(0, 60, 4), note(29, 72, 64)]
    assert end_level(accent, 1.5) > 0.8 * end_level(accent, 0.0)


def test_the_same_score_gives_the_same_samples_with_any_number_of_threads(
    bank: SoundBank,
) -> None:
    one = render(band(), RenderSettings(n_threads=1), bank=bank)
    two = render(band(), RenderSettings(n_threads=3), bank=SoundBank())
    assert torch.equal(one.mix.waveform, two.mix.waveform)


def test_notes_start_on_the_tempo_map_within_milliseconds(bank: SoundBank) -> None:
    beats_s = (-0.3, 0.41, 0.87, 1.5, 2.2, 2.71, 3.3, 4.1)
    for step, offset in ((5, 0.0), (10, -0.37), (19, 0.81)):
        score = make_score(
            {"drums": [note(step, 37, 1, offset_steps=offset)]}, beats_s=beats_s, downbeats=(1, 5)
        )
        sound = stem_of(render(score, bank=bank), "drums")
        wanted_s = beats_to_seconds((step + offset) / 4, beats_s)
        assert abs(first_sound_s(sound) - wanted_s) < 0.005
        assert not sound[:, : int(wanted_s * RATE) - 1].any(), "it sounds before its time"


def test_what_began_before_the_picture_sounds_on_from_its_middle(bank: SoundBank) -> None:
    beats_s = tuple(0.5 * i - 0.4 for i in range(10))
    music = render(make_score({"bass": [note(0, 40, 16)]}, beats_s=beats_s), bank=bank)
    sound = stem_of(music, "bass")
    assert np.abs(sound[:, : RATE // 10]).max() > 0.02
    assert np.abs(np.diff(sound[0, :50])).max() < 0.02, "it starts with a click"


def test_a_hard_touch_is_louder_and_brighter(bank: SoundBank) -> None:
    def level_and_edge(velocity: int) -> tuple[float, float]:
        score = make_score({"keys": [note(0, 60, 16, velocity)]})
        spectrum = np.abs(np.fft.rfft(stem_of(render(score, bank=bank), "keys")[0])) ** 2
        high = np.arange(len(spectrum)) * RATE / 176400 > 2000
        return 10 * np.log10(spectrum.sum()), spectrum[high].sum() / spectrum.sum()

    soft, hard = level_and_edge(40), level_and_edge(112)
    assert hard[0] - soft[0] > 8.0
    assert hard[1] > 2 * soft[1]


def test_a_closed_hat_ends_the_open_one(bank: SoundBank) -> None:
    def tail(notes: list) -> float:
        sound = stem_of(render(make_score({"drums": notes}), bank=bank), "drums")
        return float((sound[:, int(0.75 * RATE) : int(1.2 * RATE)] ** 2).mean())

    open_hat, choked = note(0, 46, 1), note(4, 42, 1, velocity=1)
    assert tail([open_hat, choked]) < 0.05 * tail([open_hat])


def test_a_riser_ends_where_its_note_ends(bank: SoundBank) -> None:
    keys = load_catalogue().percussion
    score = make_score({"drums": [note(8, keys["riser"], 8)]}, style="house")
    sound = np.abs(stem_of(render(score, bank=bank), "drums")).max(axis=0)
    hit = 2 * RATE
    before, after = sound[hit - RATE // 10 : hit].max(), sound[hit + RATE // 2 :].max()
    assert before > 8 * after
    assert sound[hit - RATE : hit - RATE // 2].max() < before


def test_a_line_on_a_monophonic_instrument_never_overlaps(bank: SoundBank) -> None:
    def level_of_first_pitch(following: list) -> float:
        score = make_score(
            {"lead": [note(0, 72, 24), *following]}, instruments=(("lead", "square lead"),)
        )
        sound = stem_of(render(score, bank=bank), "lead")[0, RATE : 2 * RATE]
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        return float(spectrum[520:528].max())

    assert level_of_first_pitch([note(4, 76, 20)]) < 0.03 * level_of_first_pitch([])


def test_another_instrument_changes_one_part_only(bank: SoundBank) -> None:
    one = render(band(), bank=bank)
    other = render(make_score(dict(band().parts), instruments=(("lead", "violin"),)), bank=bank)
    assert torch.equal(dict(one.stems)["bass"].waveform, dict(other.stems)["bass"].waveform)
    assert not torch.equal(dict(one.stems)["lead"].waveform, dict(other.stems)["lead"].waveform)
    assert score_instruments(band())["lead"] == load_catalogue().sets["jazz"]["lead"]


def test_loud_scores_are_turned_down_alike(bank: SoundBank) -> None:
    crowd: dict[Part, list[Note]] = {
        "drums": [note(s, p, 1, 127) for s in range(0, 32, 2) for p in (36, 38, 49, 41, 45)],
        "bass": [note(s, p, 8, 127) for s in range(0, 32, 4) for p in (28, 33, 40)],
    }
    music = render(make_score(crowd, style="rock"), bank=bank)
    assert float(music.mix.waveform.abs().max()) <= 10 ** (-1 / 20) + 1e-6


def test_master_keeps_length_and_is_no_louder_than_it_should(bank: SoundBank) -> None:
    mix = render(band(), bank=bank).mix
    mastered = master(mix)
    assert mastered.waveform.shape == mix.waveform.shape
    assert torch.isfinite(mastered.waveform).all()
    assert float(mastered.waveform.abs().max()) <= float(mix.waveform.abs().max()) + 1e-4


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"instruments": (("lead", "vioiln"),)}, "no instrument 'vioiln'.*violin"),
        ({"instruments": (("drums", "grand piano"),)}, "cannot play the part 'drums'"),
        ({"style": "polka"}, "style 'polka'.*jazz"),
    ],
)
def test_what_cannot_be_played_gets_one_sentence(bank: SoundBank, changes, match: str) -> None:
    with pytest.raises(InputError, match=match):
        render(make_score(dict(band().parts), **changes), bank=bank)


def test_a_drum_that_the_kit_lacks_is_named(bank: SoundBank) -> None:
    with pytest.raises(InputError, match="key 100, which 'jazz kit' lacks"):
        render(make_score({"drums": [note(0, 100)]}), bank=bank)


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="sample rate is 10 Hz"):
        RenderSettings(sample_rate=10)
    with pytest.raises(InputError, match="threads is 0"):
        RenderSettings(n_threads=0)


def test_progress_rises_and_may_interrupt(bank: SoundBank) -> None:
    shares: list[float] = []
    render(band(), progress=shares.append, bank=bank)
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1

    def stop(share: float) -> None:
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(band(), progress=stop, bank=bank)


def test_blocks_of_the_effects_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    sound = rng.normal(0, 0.3, (1, 3 * RATE)).astype(np.float32)
    mix, room = part_mix("harmony", "jazz"), load_catalogue().rooms["default"]
    stem = effects.process_part(sound, mix, room, RATE)
    monkeypatch.setattr(effects, "_BLOCK", sound.shape[1])
    assert np.array_equal(stem, effects.process_part(sound, mix, room, RATE))


def test_a_silent_score_is_silence(bank: SoundBank) -> None:
    music = render(make_score({"lead": []}), bank=bank)
    assert not music.mix.waveform.any() and music.stems == ()
