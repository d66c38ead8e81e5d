"""Score <-> standard MIDI file, with the tempo map in it, so that a DAW shows our hits on its bars.

Tick 0 is the first beat of the plan, which may lie before the picture: a marker says where the
picture starts, and by how much the clip is to be moved. A tempo event stands on every beat whose
length changes, a time signature where a bar's length does. Chords are markers. What MIDI has no
event for (style, instruments, the exact floats) is JSON in a lyric of a track named 'VeM'; notes
changed in a DAW win over it.
"""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

from ...errors import InputError, MediaError
from ...files import whole_file
from ...types import METRES, PARTS, Chord, Key, Note, Part, Score
from ...units import seconds_to_beats
from .instruments import find_instrument, load_catalogue
from .midi_grid import (
    Signature,
    Tempos,
    beats_from_tempos,
    downbeats_from_signatures,
    signatures_of,
    tempos_of,
)
from .packages import load_symusic

Document = Any
"""A symusic.Score: symusic's own types name factories, not what they make."""

TICKS_PER_QUARTER = 3840
DATA_TRACK = "VeM"
VERSION = 1
_SAME_S = 0.0005
"""A tempo map read back within this of the stored one is the stored one."""


def score_to_midi(score: Score, path: str | Path) -> None:
    """Write a score to a MIDI file.

    Raises:
        InputError: a beat is too long for MIDI (16 s per quarter), or an instrument is not known.
        MediaError: the file cannot be written.
    """
    document = _document(score)
    _add_data(document, score)
    with whole_file(path) as temporary:
        document.dump_midi(str(temporary))


def midi_to_score(path: str | Path) -> Score:
    """Read a MIDI file: one of ours exactly as it was or was changed; others as far as they go.

    In a foreign file the parts follow from channels and programs, and the picture starts at tick 0.

    Raises:
        InputError: there is no such file, or it holds no notes.
        MediaError: it is not a MIDI file.
    """
    symusic = load_symusic()
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no MIDI file at '{path}'. Correct the path.")
    try:
        document: Document = symusic.Score(str(path))
    except (RuntimeError, ValueError, OSError) as error:
        raise MediaError(
            f"'{path.name}' is not a MIDI file that can be read ({error}). Choose another file."
        ) from error
    return _read(document)


def _document(score: Score) -> Document:
    """Notes, tempo map, bars, key and markers, without the data track."""
    symusic = load_symusic()
    document: Document = symusic.Score(TICKS_PER_QUARTER)
    step = TICKS_PER_QUARTER // 4
    quarters = score.metre.quarters_per_beat
    for tick, mspq in tempos_of(score.beats_s, quarters, TICKS_PER_QUARTER):
        document.tempos.append(symusic.Tempo(tick, mspq=mspq))
    for tick, numerator, denominator in _signatures(score):
        document.time_signatures.append(symusic.TimeSignature(tick, numerator, denominator))
    document.key_signatures.append(symusic.KeySignature(0, *_key_signature(score.key)))
    named = dict(score.instruments)
    catalogue = load_catalogue()
    fallback = catalogue.sets.get(score.style, {})
    for part, notes in score.parts:
        name = named.get(part) or fallback.get(part, "")
        program = find_instrument(name, part).program if name else 0
        track: Any = symusic.Track(
            name=f"{part}: {name}" if name else part, program=program, is_drum=part == "drums"
        )
        for note in notes:
            start = max(0, round((note.step + note.offset_steps) * step))
            duration = max(1, round(note.duration_steps * step))
            track.notes.append(symusic.Note(start, duration, note.pitch, note.velocity))
        document.tracks.append(track)
    for chord in score.chords:
        document.markers.append(symusic.TextMeta(chord.step * step, chord.symbol))
    _mark_picture(document, score)
    return document


def _mark_picture(document: Document, score: Score) -> None:
    symusic = load_symusic()
    per_beat = TICKS_PER_QUARTER * score.metre.quarters_per_beat
    for time_s, text in (
        (0.0, f"picture starts here: move the clip {-score.beats_s[0]:.6f} s before it"),
        (score.duration_s, "picture ends here"),
    ):
        tick = round(seconds_to_beats(time_s, score.beats_s) * per_beat)
        document.markers.append(symusic.TextMeta(tick, text))


def _signatures(score: Score) -> list[Signature]:
    return signatures_of(score.metre, score.downbeats, TICKS_PER_QUARTER)


_FIFTHS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
"""Sharps (+) or flats (-) of the major key on each pitch class."""


def _key_signature(key: Key) -> tuple[int, int]:
    """Sharps and the minor flag; modes are written as the major or minor key nearest in colour."""
    minor = key.mode in ("minor", "dorian")
    tonic = (key.tonic + 3) % 12 if minor else key.tonic
    return _FIFTHS[tonic], int(minor)


def _add_data(document: Document, score: Score) -> None:
    """Append the data track; the notes of a part go into it only where ticks cannot hold them."""
    symusic = load_symusic()
    read_back: Document = symusic.Score.from_midi(document.dumps_midi())
    exact = {}
    for (part, notes), track in zip(score.parts, _note_tracks(read_back, score), strict=True):
        if _notes_of(track, TICKS_PER_QUARTER / 4) != notes:
            rows = [[n.step, n.duration_steps, n.pitch, n.velocity, n.offset_steps] for n in notes]
            exact[part] = {"fingerprint": _fingerprint(track), "notes": rows}
    data = {
        "vem_score": VERSION,
        "style": score.style,
        "key": [score.key.tonic, score.key.mode],
        "metre": score.metre.name,
        "duration_s": score.duration_s,
        "parts": [part for part, _ in score.parts],
        "instruments": score.instruments,
        "beats_s": score.beats_s,
        "downbeats": score.downbeats,
        "chords": [[c.step, c.root, c.pitch_classes, c.symbol] for c in score.chords],
        "exact": exact,
    }
    track: Any = symusic.Track(name=DATA_TRACK)
    track.lyrics.append(symusic.TextMeta(0, json.dumps(data)))
    document.tracks.append(track)


def _note_tracks(document: Document, score: Score) -> list[Any]:
    """The track of each part; None for one that was lost because it holds no notes."""
    by_part = {track.name.split(":")[0]: track for track in document.tracks}
    return [by_part.get(part) for part, _ in score.parts]


def _rows(track: Any) -> list[tuple[int, int, int, int]]:
    if track is None:
        return []
    return sorted((n.time, n.duration, n.pitch, n.velocity) for n in track.notes)


def _fingerprint(track: Any) -> str:
    return hashlib.sha256(json.dumps(_rows(track)).encode()).hexdigest()[:16]


def _notes_of(track: Any, ticks_per_step: float) -> tuple[Note, ...]:
    """Notes on the grid: the nearest step, and what remains as offset."""
    notes = []
    for time, duration, pitch, velocity in _rows(track):
        if not velocity:
            continue
        step = math.floor(time / ticks_per_step + 0.5)
        notes.append(
            Note(
                step=step,
                duration_steps=max(duration, 1) / ticks_per_step,
                pitch=pitch,
                velocity=velocity,
                offset_steps=(time - step * ticks_per_step) / ticks_per_step,
            )
        )
    return tuple(sorted(notes, key=lambda n: (n.step, n.offset_steps, n.pitch)))


def _data_of(document: Document) -> dict[str, Any] | None:
    for track in document.tracks:
        for lyric in track.lyrics:
            if lyric.text.startswith('{"vem_score"'):
                data = json.loads(lyric.text)
                if data["vem_score"] != VERSION:
                    raise InputError(
                        f"The MIDI file was written by another version of VeM (its score has"
                        f" version {data['vem_score']}; this one reads {VERSION}). Update VeM."
                    )
                return data
    return None


def _read(document: Document) -> Score:
    data = _data_of(document)
    tempos: Tempos = [(t.time, t.mspq) for t in document.tempos]
    signatures = [(s.time, s.numerator, s.denominator) for s in document.time_signatures]
    if data is None:
        return _read_foreign(document, tempos, signatures)
    tpq = document.ticks_per_quarter
    metre = METRES[data["metre"]]
    stored = tuple(data["beats_s"])
    beats_s = beats_from_tempos(tempos, metre.quarters_per_beat * tpq, tpq, len(stored), stored[0])
    if max(abs(a - b) for a, b in zip(beats_s, stored, strict=True)) < _SAME_S:
        beats_s = stored
    downbeats = tuple(data["downbeats"])
    if signatures != signatures_of(metre, downbeats, tpq):
        downbeats = downbeats_from_signatures(signatures, metre, tpq, len(beats_s))
    by_part = {track.name.split(":")[0]: track for track in document.tracks}
    parts = []
    for part in data["parts"]:
        track = by_part.get(part)
        exact = data["exact"].get(part)
        if exact is not None and exact["fingerprint"] == _fingerprint(track):
            notes = tuple(_note(row) for row in exact["notes"])
        else:
            notes = _notes_of(track, tpq / 4)
        parts.append((part, notes))
    return Score(
        parts=tuple(parts),
        beats_s=beats_s,
        downbeats=downbeats,
        metre=metre,
        duration_s=data["duration_s"],
        style=data["style"],
        key=Key(tonic=data["key"][0], mode=data["key"][1]),
        chords=tuple(
            Chord(step=step, root=root, pitch_classes=tuple(classes), symbol=symbol)
            for step, root, classes, symbol in data["chords"]
        ),
        instruments=tuple((part, name) for part, name in data["instruments"]),
    )


def _note(row: list) -> Note:
    step, duration_steps, pitch, velocity, offset_steps = row
    return Note(
        step=step,
        duration_steps=duration_steps,
        pitch=pitch,
        velocity=velocity,
        offset_steps=offset_steps,
    )


def _read_foreign(document: Document, tempos: Tempos, signatures: list[Signature]) -> Score:
    tpq = document.ticks_per_quarter
    _, numerator, denominator = signatures[0] if signatures else (0, 4, 4)
    compound = denominator == 8 and numerator % 3 == 0
    metre = METRES["6/8" if compound else "3/4" if numerator == 3 else "4/4"]
    end = max((n.time + n.duration for t in document.tracks for n in t.notes), default=0)
    if not end:
        raise InputError("The MIDI file holds no notes. Choose another file.")
    per_beat = metre.quarters_per_beat * tpq
    beats_s = beats_from_tempos(tempos, per_beat, tpq, math.ceil(end / per_beat) + 1, 0.0)
    at = end / per_beat
    low = min(int(at), len(beats_s) - 2)
    duration_s = beats_s[low] + (at - low) * (beats_s[low + 1] - beats_s[low])
    parts: dict[Part, list[Note]] = {}
    programs: dict[Part, int] = {}
    for track in document.tracks:
        if len(track.notes):
            part = part_of(track.program, track.is_drum)
            parts.setdefault(part, []).extend(_notes_of(track, tpq / 4))
            programs.setdefault(part, track.program)
    sharps, minor = (
        (document.key_signatures[0].key, document.key_signatures[0].tonality)
        if len(document.key_signatures)
        else (0, 0)
    )
    tonic = (sharps * 7 + (9 if minor else 0)) % 12
    return Score(
        parts=tuple(
            (p, tuple(sorted(parts[p], key=lambda n: (n.step, n.offset_steps, n.pitch))))
            for p in PARTS
            if p in parts
        ),
        beats_s=beats_s,
        downbeats=downbeats_from_signatures(signatures, metre, tpq, len(beats_s)),
        metre=metre,
        duration_s=duration_s,
        style="",
        key=Key(tonic=tonic, mode="minor" if minor else "major"),
        instruments=tuple((p, instrument_of(programs[p], p)) for p in PARTS if p in programs),
    )


def part_of(program: int, is_drum: bool) -> Part:
    """The part that plays a General MIDI program."""
    if is_drum:
        return "drums"
    if 32 <= program < 40:
        return "bass"
    if 40 <= program < 56:
        return "strings"
    if 56 <= program < 88:
        return "lead"
    if 24 <= program < 32 or 88 <= program < 96 or 16 <= program < 24:
        return "harmony"
    return "keys"


def instrument_of(program: int, part: Part) -> str:
    """The instrument of the part whose General MIDI program is nearest."""
    instruments = load_catalogue().instruments.values()
    fitting = [i for i in instruments if bool(i.kit) == (part == "drums")]
    return min(fitting, key=lambda i: abs(i.program - program)).name
