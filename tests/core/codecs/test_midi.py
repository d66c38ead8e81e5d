"""Scores as MIDI files: exact there and back, the tempo map in the file, a DAW's changes kept."""

import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import symusic
from small_scores import make_score, note

from vem_core.codecs.score.midi import TICKS_PER_QUARTER, midi_to_score, score_to_midi
from vem_core.codecs.score.midi_grid import beats_from_tempos, tempos_of
from vem_core.errors import InputError, MediaError, MissingPackageError
from vem_core.types import METRES, Chord, Key, Note, Score
from vem_core.units import seconds_to_beats


def read_midi(path: Path) -> Any:
    """What another program sees in the file (symusic's types name factories, not documents)."""
    return symusic.Score(str(path))


def uneven_beats(n: int, first_s: float, seed: int = 0) -> tuple[float, ...]:
    gaps = np.random.default_rng(seed).uniform(0.4, 0.7, n - 1)
    return tuple(float(b) for b in first_s + np.concatenate([[0.0], np.cumsum(gaps)]))


def rich_score() -> Score:
    """A pickup, a bar of two beats, odd offsets, notes of one pitch inside each other, no keys."""
    rng = np.random.default_rng(1)
    lead = [
        note(
            int(step),
            int(rng.integers(60, 84)),
            float(rng.uniform(0.2, 9)),
            int(rng.integers(1, 128)),
            offset_steps=float(rng.normal(0, 0.2)),
        )
        for step in rng.integers(1, 60, 80)
    ]
    return make_score(
        {
            "drums": [note(s, 36, 1) for s in range(0, 60, 4)],
            "keys": [],
            "lead": lead,
            "strings": [note(0, 60, 40, 90), note(4, 60, 2, 50), note(0, 64, 40)],
        },
        beats_s=uneven_beats(18, -0.83),
        downbeats=(2, 6, 8, 12, 16),
        duration_s=7.5,
        key=Key(tonic=9, mode="dorian"),
        chords=(Chord(step=8, root=9, pitch_classes=(9, 0, 4, 7), symbol="Am7"),),
        instruments=(("lead", "violin"),),
    )


def compound_score() -> Score:
    return make_score(
        {"harmony": [note(0, 60, 6), note(6, 62, 6)]},
        beats_s=uneven_beats(9, 0.0),
        downbeats=(0, 2, 4, 5, 7),
        metre=METRES["6/8"],
        key=Key(tonic=6, mode="mixolydian"),
    )


@pytest.mark.parametrize("score", [rich_score(), compound_score()], ids=["4/4", "6/8"])
def test_there_and_back_is_exact(tmp_path: Path, score: Score) -> None:
    score_to_midi(score, tmp_path / "a.mid")
    assert midi_to_score(tmp_path / "a.mid") == score


def test_a_daw_finds_every_beat_where_the_plan_has_it(tmp_path: Path) -> None:
    """Read as a DAW does, by the tempo events alone, over ten minutes of uneven beats."""
    score = replace(rich_score(), beats_s=uneven_beats(1100, -0.5), duration_s=600.0)
    score_to_midi(score, tmp_path / "a.mid")
    events = [(t.time, t.mspq) for t in read_midi(tmp_path / "a.mid").tempos]
    time_s, played = score.beats_s[0], []
    for (tick, mspq), (end, _) in pairwise([*events, (1099 * TICKS_PER_QUARTER, 0)]):
        for beat in range(tick // TICKS_PER_QUARTER, end // TICKS_PER_QUARTER):
            played.append((beat, time_s + (beat * TICKS_PER_QUARTER - tick) * mspq / 3.84e9))
        time_s += (end - tick) / TICKS_PER_QUARTER * mspq / 1e6
    assert len(played) == 1099
    assert max(abs(t - score.beats_s[beat]) for beat, t in played) < 1e-4


def test_bars_and_names_are_what_a_daw_shows(tmp_path: Path) -> None:
    score_to_midi(rich_score(), tmp_path / "a.mid")
    document = read_midi(tmp_path / "a.mid")
    quarter = TICKS_PER_QUARTER
    signatures = [(s.time / quarter, s.numerator, s.denominator) for s in document.time_signatures]
    assert signatures == [(0, 2, 4), (2, 4, 4), (6, 2, 4), (8, 4, 4)]
    assert [t.name for t in document.tracks if len(t.notes)][:2] == [
        "drums: jazz kit",
        "lead: violin",
    ]
    assert [t.is_drum for t in document.tracks if len(t.notes)] == [True, False, False]
    assert (document.key_signatures[0].key, document.key_signatures[0].tonality) == (0, 1)
    texts = {m.text: m.time for m in document.markers}
    assert texts["Am7"] == 2 * quarter
    starts = [text for text in texts if text.startswith("picture starts here")]
    assert "0.830000 s before" in starts[0]
    assert texts[starts[0]] == round(seconds_to_beats(0.0, rich_score().beats_s) * quarter)


def test_what_was_changed_in_a_daw_is_read(tmp_path: Path) -> None:
    score = rich_score()
    score_to_midi(score, tmp_path / "a.mid")
    document = read_midi(tmp_path / "a.mid")
    lead = next(t for t in document.tracks if t.name.startswith("lead"))
    lead.notes[0].pitch = 48
    document.dump_midi(str(tmp_path / "b.mid"))
    changed = midi_to_score(tmp_path / "b.mid")
    assert any(n.pitch == 48 for n in changed.notes("lead"))
    assert len(changed.notes("lead")) == len(score.notes("lead"))
    assert changed.notes("drums") == score.notes("drums")
    assert changed.beats_s == score.beats_s and changed.downbeats == score.downbeats


def test_a_new_tempo_of_a_daw_is_read(tmp_path: Path) -> None:
    score_to_midi(make_score({"bass": [note(0, 40)]}), tmp_path / "a.mid")
    document = read_midi(tmp_path / "a.mid")
    document.tempos = [symusic.Tempo(0, mspq=250_000)]
    document.dump_midi(str(tmp_path / "b.mid"))
    assert midi_to_score(tmp_path / "b.mid").beats_s == pytest.approx(
        [0.25 * i for i in range(9)], abs=1e-6
    )


def test_a_file_of_another_program_becomes_parts(tmp_path: Path) -> None:
    document: Any = symusic.Score(480)
    for program, drum, pitch in ((0, True, 36), (33, False, 40), (73, False, 72)):
        track: Any = symusic.Track(program=program, is_drum=drum)
        track.notes.append(symusic.Note(480, 240, pitch, 90))
        document.tracks.append(track)
    document.tempos.append(symusic.Tempo(0, mspq=600_000))
    document.time_signatures.append(symusic.TimeSignature(0, 3, 4))
    document.key_signatures.append(symusic.KeySignature(0, 2, 0))
    document.dump_midi(str(tmp_path / "a.mid"))
    score = midi_to_score(tmp_path / "a.mid")
    assert [part for part, _ in score.parts] == ["drums", "bass", "lead"]
    assert score.notes("lead") == (Note(step=4, duration_steps=2, pitch=72, velocity=90),)
    assert dict(score.instruments)["lead"] == "flute"
    assert score.metre.name == "3/4" and score.key == Key(tonic=2, mode="major")
    assert score.duration_s == pytest.approx(0.9) and score.beats_s[1] == pytest.approx(0.6)


def test_tempo_events_and_back_agree_for_any_map() -> None:
    for seed in range(5):
        beats_s = uneven_beats(300, -0.1, seed)
        back = beats_from_tempos(tempos_of(beats_s, 1.5, 3840), 5760.0, 3840, 300, beats_s[0])
        assert max(abs(a - b) for a, b in zip(back, beats_s, strict=True)) < 2e-6


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "symusic", None)
    with pytest.raises(MissingPackageError, match="pip install symusic"):
        score_to_midi(rich_score(), tmp_path / "a.mid")


def test_errors_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "text.mid").write_text("not a MIDI file")
    with pytest.raises(MediaError, match=r"'text\.mid' is not a MIDI file"):
        midi_to_score(tmp_path / "text.mid")
    with pytest.raises(InputError, match="no MIDI file at"):
        midi_to_score(tmp_path / "absent.mid")
    empty: Any = symusic.Score(480)
    empty.dump_midi(str(tmp_path / "empty.mid"))
    with pytest.raises(InputError, match="holds no notes"):
        midi_to_score(tmp_path / "empty.mid")
    slow = make_score({"bass": [note(0, 40)]}, beats_s=(0.0, 20.0), downbeats=(0,))
    with pytest.raises(InputError, match="Beat 1 lasts 20 s"):
        score_to_midi(slow, tmp_path / "slow.mid")
    assert not (tmp_path / "slow.mid").exists()
    with pytest.raises(MediaError, match="does not exist"):
        score_to_midi(compound_score(), tmp_path / "no" / "a.mid")
