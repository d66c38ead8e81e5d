"""Effects: equaliser, compressor, place and reverb of a part; the finished mix's compressor."""

import math
from typing import Any

import numpy as np
import torch

from ...types import Audio
from .instruments import PartMix, Room
from .packages import load_pedalboard

_REVERB_LOW_CUT_HZ = 180.0
_REVERB_GAIN = 0.55
"""Brings the reverb of a full send to about the level of what was sent."""


def process_part(sound: np.ndarray, mix: PartMix, room: Room, sample_rate: int) -> np.ndarray:
    """(C, T) dry part to its (2, T) stem: low cut, shelf, compressor, place, saturation, reverb."""
    board = _board(mix)
    sound = board(np.ascontiguousarray(sound), sample_rate)
    stem = _place(sound, mix)
    saturate(stem, 10 ** (mix.ceiling_db / 20))
    send = mix.send * room.scale
    if send > 0:
        stem += send * _reverb(stem, mix, room, sample_rate)
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
    bent = knee + (ceiling - knee) * np.tanh((np.abs(loud) - knee) / (ceiling - knee))
    sound[over] = np.sign(loud) * bent


def _reverb(stem: np.ndarray, mix: PartMix, room: Room, sample_rate: int) -> np.ndarray:
    """The room alone; nothing under 100 Hz goes into it, where it would only blur the kick."""
    pb = load_pedalboard()
    chain = [pb.HighpassFilter(_REVERB_LOW_CUT_HZ)] if mix.low_cut_hz < 100 else []
    chain.append(
        pb.Reverb(
            room_size=room.size, damping=room.damping, wet_level=1.0, dry_level=0.0, width=1.0
        )
    )
    board = pb.Pedalboard(chain)
    return np.float32(_REVERB_GAIN) * board(np.ascontiguousarray(stem), sample_rate)


def master(mix: Audio) -> Audio:
    """Glue for the finished mix: a slow, gentle compressor over all parts together.

    Stems add up to the mix before this step. Loudness and true peak are set where music meets the
    picture's sound (audio/mixing), so nothing is limited here.
    """
    pb = load_pedalboard()
    board = pb.Pedalboard([pb.Compressor(-16.0, 1.6, 25.0, 250.0)])
    sound = board(np.ascontiguousarray(mix.waveform.numpy()), mix.sample_rate)
    return Audio(waveform=torch.from_numpy(sound), sample_rate=mix.sample_rate)
