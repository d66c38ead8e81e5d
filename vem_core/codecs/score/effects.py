"""Effects: equaliser, compressor, place and reverb of a part; the finished mix's compressor."""

import math
from typing import Any

import numpy as np

from ...types import Audio, Samples, audio_of, samples_of
from .instruments import PartMix, Room
from .packages import load_pedalboard

_BLOCK = 1 << 16
_REVERB_LOW_CUT_HZ = 180.0
_REVERB_GAIN = 0.55
"""Brings the reverb of a full send to about the level of what was sent."""


def process_part(sound: np.ndarray, mix: PartMix, room: Room, sample_rate: int) -> np.ndarray:
    """(C, T) dry part to its (2, T) stem: low cut, shelf, compressor, place, saturation, reverb.

    The part goes through in blocks that fit into the processor's cache; the effects keep their
    state from one to the next, so that the blocks leave no trace.
    """
    board = _board(mix)
    ceiling, send = 10 ** (mix.ceiling_db / 20), np.float32(mix.send * room.scale * _REVERB_GAIN)
    reverb = _reverb(mix, room) if send > 0 else None
    stem = np.empty((2, sound.shape[1]), dtype=np.float32)
    for start in range(0, sound.shape[1], _BLOCK):
        piece = np.ascontiguousarray(sound[:, start : start + _BLOCK])
        piece = _place(board(piece, sample_rate, reset=start == 0), mix)
        saturate(piece, ceiling)
        out = stem[:, start : start + _BLOCK]
        if reverb is None:
            out[:] = piece
        else:
            np.multiply(reverb(piece, sample_rate, reset=start == 0), send, out=out)
            out += piece
    return stem


def _board(mix: PartMix) -> Any:
    pb = load_pedalboard()
    chain = [pb.HighpassFilter(mix.low_cut_hz)]
    if mix.shelf_db:
        chain.append(pb.HighShelfFilter(mix.shelf_hz, mix.shelf_db))
    if mix.compress_db:
        chain.append(pb.Compressor(mix.compress_db, 2.0, 12.0, 140.0))
    return pb.Pedalboard(chain)


def _place(sound: np.ndarray, mix: PartMix) -> np.ndarray:
    """Constant power for one channel; for two a balance that leaves the middle untouched."""
    gain = 10 ** (mix.level_db / 20)
    angle = math.pi / 4 * (1 + mix.pan)
    left, right = math.cos(angle), math.sin(angle)
    if len(sound) == 2:
        left, right = left * math.sqrt(2), right * math.sqrt(2)
    sides = np.array([[gain * left], [gain * right]], dtype=np.float32)
    return sides * sound


def saturate(sound: np.ndarray, ceiling: float) -> None:
    """Bend peaks over half of `ceiling` softly towards it, in place, as tape does."""
    knee = 0.5 * ceiling
    over = np.abs(sound) > knee
    loud = sound[over]
    if loud.size:
        bent = knee + (ceiling - knee) * np.tanh((np.abs(loud) - knee) / (ceiling - knee))
        sound[over] = np.sign(loud) * bent


def _reverb(mix: PartMix, room: Room) -> Any:
    """The room alone; nothing under 100 Hz goes into it, where it would only blur the kick."""
    pb = load_pedalboard()
    chain = [pb.HighpassFilter(_REVERB_LOW_CUT_HZ)] if mix.low_cut_hz < 100 else []
    chain.append(
        pb.Reverb(
            room_size=room.size, damping=room.damping, wet_level=1.0, dry_level=0.0, width=1.0
        )
    )
    return pb.Pedalboard(chain)


def master(mix: Audio) -> Audio:
    """Glue for the finished mix: a slow, gentle compressor over all parts together.

    Stems add up to the mix before this step. Loudness and true peak are set where music meets the
    picture's sound (audio/mixing), so nothing is limited here.
    """
    return audio_of(master_samples(samples_of(mix)))


def master_samples(mix: Samples) -> Samples:
    """`master` without tensors."""
    pb = load_pedalboard()
    board = pb.Pedalboard([pb.Compressor(-16.0, 1.6, 25.0, 250.0)])
    sound = board(np.ascontiguousarray(mix.values), mix.sample_rate)
    return Samples(values=sound, sample_rate=mix.sample_rate)
