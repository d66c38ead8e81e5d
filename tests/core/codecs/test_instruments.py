"""The bank and the catalogue: whole, in tune, level, and without seams that click."""

import numpy as np
import pytest

from vem_core.codecs.score.instruments import (
    Instrument,
    find_instrument,
    instrument_names,
    load_catalogue,
    style_instruments,
)
from vem_core.codecs.score.percussion import SOUNDS
from vem_core.codecs.score.sampler import Event, Player
from vem_core.codecs.score.soundbank import FOLDER, SoundBank, read_flac
from vem_core.codecs.score.voices import make_voice
from vem_core.errors import InputError, MediaError
from vem_core.types import PARTS

RATE = 44100
PITCHED = instrument_names("lead")
STRUCK = ("grand piano", "electric piano", "vibraphone", "nylon guitar", "pluck", "bell", "harp")


def player_of(bank: SoundBank) -> Player:
    return Player(bank=bank, catalogue=load_catalogue(), sample_rate=RATE, check=lambda: None)


def play(bank: SoundBank, instrument: Instrument, pitch: int, seconds: float) -> np.ndarray:
    """(T,) the middle of one note of 0.9 times `seconds`."""
    event = Event(start=0, stop=round(0.9 * seconds * RATE), pitch=pitch, velocity=100)
    sound = player_of(bank).play([event], instrument, round(seconds * RATE))
    return sound.mean(axis=0)


def test_the_bank_is_whole_small_and_has_its_licence(bank: SoundBank) -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 15e6
    assert "MIT license" in (FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    for name, zones in bank.zones.items():
        decoded = read_flac(FOLDER / f"{name.replace(' ', '_')}.flac")
        assert decoded.shape == (bank.n_channels[name], sum(zone.length for zone in zones))
        for zone in zones:
            assert zone.loop is None or 0 <= zone.loop[0] < zone.loop[1] <= zone.length


def test_a_damaged_bank_gets_one_sentence(tmp_path) -> None:
    (tmp_path / "piano.flac").write_bytes(b"no music")
    with pytest.raises(MediaError, match=r"piano\.flac.*Install VeM again"):
        read_flac(tmp_path / "piano.flac")
    with pytest.raises(MediaError, match="sound bank is missing"):
        SoundBank(tmp_path)


def test_every_style_has_a_set_for_every_part_and_every_drum_a_sound(bank: SoundBank) -> None:
    catalogue = load_catalogue()
    assert len(catalogue.sets) >= 10
    for style in catalogue.sets:
        chosen = style_instruments(style)
        assert set(chosen) == set(PARTS)
        for part, name in chosen.items():
            assert find_instrument(name, part).name == name
    for kit in (i for i in catalogue.instruments.values() if i.kit):
        assert set(catalogue.percussion.values()) <= set(kit.kit)
        assert {d.sound for d in kit.kit.values()} <= set(SOUNDS) | set(bank.drums)
    assert set(catalogue.aliases.values()) <= set(catalogue.instruments)


def test_other_words_and_near_names_are_understood() -> None:
    assert find_instrument("rhodes", "keys").name == "electric piano"
    with pytest.raises(InputError, match=r"Near by: .*grand piano"):
        find_instrument("grand pianno", "keys")


@pytest.mark.parametrize("name", PITCHED)
def test_every_instrument_speaks_finite_and_level(bank: SoundBank, name: str) -> None:
    instrument = load_catalogue().instruments[name]
    low, high = instrument.keys
    for pitch in (low, (low + high) // 2, high):
        sound = play(bank, instrument, pitch, 0.6)
        assert np.isfinite(sound).all()
        level_db = 20 * np.log10(np.abs(sound).max())
        assert -30 < level_db < 0, f"{name} peaks at {level_db:.1f} dBFS on {pitch}"


@pytest.mark.parametrize("name", STRUCK)
def test_what_is_struck_speaks_within_three_milliseconds(bank: SoundBank, name: str) -> None:
    instrument = load_catalogue().instruments[name]
    level = np.abs(play(bank, instrument, 72, 0.5))
    assert np.argmax(level > 0.1 * level.max()) / RATE < 0.003


@pytest.mark.parametrize(
    "name", ["grand piano", "violin", "flute", "trumpet", "harp", "supersaw", "choir"]
)
def test_instruments_are_in_tune(bank: SoundBank, name: str) -> None:
    instrument = load_catalogue().instruments[name]
    for pitch in (62, 69, 76):
        sound = play(bank, instrument, pitch, 1.2)[RATE // 8 :]
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 19))
        cents = np.arange(-100, 101)
        f0 = 440 * 2 ** ((pitch - 69) / 12 + cents / 1200)
        bins = np.rint(f0 * np.arange(1, 5)[:, None] / RATE * (1 << 19)).astype(int)
        score = np.sqrt(spectrum[bins]).sum(axis=0)
        assert abs(cents[int(np.argmax(score))]) <= 20, f"{name} on {pitch}"


@pytest.mark.parametrize("name", ["string ensemble", "choir", "grand piano", "cello"])
def test_loops_neither_click_nor_stop(bank: SoundBank, name: str) -> None:
    """A click is a jump in the second difference; a held note has none beyond its own roughness."""
    instrument = load_catalogue().instruments[name]
    voice = make_voice(instrument, 55, 6 * RATE, bank, RATE)
    sound = (voice.dark + voice.edge)[0]
    rough = np.abs(np.diff(sound, 2))[RATE // 2 :]
    blocks = rough[: len(rough) // 4410 * 4410].reshape(-1, 4410).max(axis=1)
    assert (blocks[1:-1] < 4 * np.maximum(blocks[:-2], blocks[2:])).all()
    assert np.abs(sound[-RATE:]).max() > 1e-4


def test_random_notes_are_finite_and_repeatable(bank: SoundBank) -> None:
    """A small part of the trial of benchmarks/render.py."""
    rng = np.random.default_rng(7)
    names = rng.permutation(PITCHED)[:4]
    for name in names:
        low, high = load_catalogue().instruments[str(name)].keys
        starts = rng.integers(-2000, 3 * RATE, 12)
        events = [
            Event(
                start=int(start),
                stop=int(start + rng.integers(1, RATE)),
                pitch=int(rng.integers(low - 12, high + 13)),
                velocity=int(rng.integers(1, 128)),
            )
            for start in starts
        ]
        instrument = load_catalogue().instruments[str(name)]
        one = player_of(bank).play(events, instrument, 3 * RATE)
        two = player_of(bank).play(events, instrument, 3 * RATE)
        assert np.isfinite(one).all() and np.array_equal(one, two)
        assert np.abs(one).max() < 30
