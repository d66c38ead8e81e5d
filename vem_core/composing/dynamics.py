"""Loudness and timing: velocities from arousal, accents and phrases; swing and human offsets."""

import numpy as np

from ..types import Note, Part
from .draft import Dice, Tone
from .form import Form
from .grid import Grid
from .hits import BIG, Gesture
from .style import Style

_FLOOR, _REACH = 0.20, 0.72
_CONTRAST = 0.4
"""How far the arousal of a shot is moved away from the mean: flat clips need shape, too."""
_LONGEST_OFFSET = 0.9


def loudness_curve(grid: Grid, form: Form, gestures: tuple[Gesture, ...]) -> np.ndarray:
    """(n_steps,) share of full velocity: arousal, the arch of the phrase, swells into hits."""
    drive = grid.arousal + _CONTRAST * (grid.arousal - grid.arousal.mean())
    curve = _FLOOR + _REACH * np.clip(drive, 0.0, 1.0)
    for phrase in form.phrases:
        steps = np.arange(max(phrase.start, 0), min(phrase.end, grid.n_steps))
        if len(steps) > grid.bar_steps:
            place = (steps - steps[0]) / len(steps)
            curve[steps] *= 0.96 + 0.07 * np.sin(np.pi * np.minimum(place / 0.7, 1.0) * 0.5)
    for gesture in gestures:
        if gesture.size == BIG:
            start = max(gesture.step - grid.bar_steps, grid.first)
            n = gesture.step - start
            if n > 1:  # a swell towards what comes, not above it
                goal = max(float(curve[gesture.step]), float(curve[start]))
                ramp = np.linspace(0.0, 0.35, n) ** 1.5
                part = curve[start : gesture.step]
                curve[start : gesture.step] = part + ramp * np.maximum(goal - part, 0.04)
    return np.clip(curve, 0.05, 1.0)


def swing_offset(step: int, start: int, style: Style) -> float:
    """Steps by which a place off the beat comes late; long pairs stretch, short ones follow."""
    pair = style.swing_steps
    at = (step - start) % pair
    long = pair * style.swing
    if at <= pair / 2:
        return at * long / (pair / 2) - at
    return long + (at - pair / 2) * (pair - long) / (pair / 2) - at


def perform(
    part: Part, tones: list[Tone], grid: Grid, style: Style, curve: np.ndarray, dice: Dice
) -> tuple[Note, ...]:
    """Notes with velocity and offset; on a hit every player is together and on time."""
    rng = dice.roll("perform " + part)
    level = style.levels[part]
    swings = grid.beat == 4
    notes = []
    shift_of: dict[int, float] = {}
    luck = rng.normal(size=(len(tones), 2)).tolist()
    for tone, (push, grain) in zip(tones, luck, strict=True):
        if tone.step not in shift_of:
            shift = min(max(push * style.human, -0.14), 0.14) + style.late.get(part, 0.0)
            if swings:
                shift += swing_offset(tone.step, grid.bar_at(tone.step).start, style)
            shift_of[tone.step] = 0.0 if tone.hit else shift
        offset = shift_of[tone.step] + (0.0 if tone.hit and part == "drums" else tone.late)
        if tone.step == grid.first:
            offset = max(offset, 0.0)
        offset = min(max(offset, -_LONGEST_OFFSET), _LONGEST_OFFSET)
        share = float(curve[tone.step]) * level * (1.0 + 0.3 * tone.accent + 0.03 * grain)
        share *= 1.0 + 0.06 * tone.hit
        length = min(tone.length, grid.end - tone.step - offset)
        if length <= 0.05:
            continue
        notes.append(
            Note(
                step=tone.step,
                duration_steps=length,
                pitch=tone.pitch,
                velocity=min(max(round(127 * share), 8), 127),
                offset_steps=offset,
            )
        )
    return tuple(sorted(notes, key=lambda note: (note.step, note.offset_steps, note.pitch)))
