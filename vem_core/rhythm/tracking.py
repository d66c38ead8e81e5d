"""Beats and downbeats of any music, and how sure they are.

The tracker is this project's own, on numpy alone: librosa 0.11's compiles for many seconds when
first called, reads a perfect 120 BPM as 117.5 and lies 40 ms late; benchmarks/tracking.py prints
both.
"""

from dataclasses import dataclass, field

import numpy as np

from ..types import Audio, Progress, Samples, no_progress, samples_of
from ..units import beat_s_to_bpm
from .bars import Bars, Division, beat_division, beat_signs, find_bars, given_bars
from .harmony import features
from .neural_beats import neural_beats
from .onsets import FRAME_RATE_HZ, RATE, OnsetCurves, analysis_sound, onset_curves
from .placing import find_attacks, smooth_pulse
from .pulse import Pulse, PulseWeights, autocorrelation, correlation_at, follow, read_pulses, smooth

SHORTEST_S = 3.0
"""Music shorter than this shows no beat."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BeatTrack:
    """Where the beats of a piece are. Without a findable beat, `beats_s` is empty."""

    beats_s: tuple[float, ...]
    downbeats: tuple[int, ...]
    """Indices into beats_s."""
    beats_per_bar: int
    division: Division
    """Halves or thirds of beats, and how much sounds there."""
    tempo_bpm: float
    """Median tempo; 0 without a beat."""
    confidence: float
    """0 no beat ... 1 plain beat."""
    downbeat_confidence: float
    """0 any beat could be the first of the bar ... 1 plain bars."""
    tracker: str
    """'vem' or 'beat_this'."""
    reason: str = ""
    """Why no beat was found, for people; empty where there is one."""

    @property
    def has_beat(self) -> bool:
        return len(self.beats_s) > 0

    @property
    def downbeats_s(self) -> tuple[float, ...]:
        return tuple(self.beats_s[i] for i in self.downbeats)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackSettings:
    """How to look for beats."""

    least_confidence: float = 0.3
    """Below this the music is said to have no findable beat."""
    weights: PulseWeights = field(default_factory=PulseWeights)
    neural: bool = True
    """Use beat_this where its package and its weights are on disk."""


def track_beats(
    audio: Audio | Samples,
    settings: TrackSettings | None = None,
    progress: Progress = no_progress,
) -> BeatTrack:
    """Beats of a piece of any length, rate and number of channels.

    beat_this finds the beats where it is allowed, installed and has its weights on disk (see
    neural_beats); else this module does. Either way they are moved onto the attacks beside them.
    """
    settings = settings or TrackSettings()
    audio = samples_of(audio)
    if not bool(np.isfinite(audio.values).all()):
        return _no_beat("the sound holds values that are not numbers")
    if audio.duration_s < SHORTEST_S:
        return _no_beat(f"it lasts {audio.duration_s:.1f} s; {SHORTEST_S:g} s or more are needed")
    sound = analysis_sound(audio)
    if not sound.any():
        return _no_beat("it is silent")
    curves = onset_curves(sound)
    progress(0.3)
    pulses = read_pulses(curves, settings.weights)
    progress(0.7)
    if not pulses:
        return _no_beat("nothing in it repeats regularly")
    confidence = pulse_confidence(pulses[0])
    if confidence < settings.least_confidence:
        return _no_beat("its onsets do not keep a regular pulse", confidence)
    neural = neural_beats(audio) if settings.neural else None
    if neural is not None and len(neural.beats_s) < 4:
        neural = None
    coarse_s = neural.beats_s if neural else _sounding(_local_beats(curves, pulses[0]), sound)
    beats_s = smooth_pulse(find_attacks(sound, coarse_s))
    beats_s = beats_s[(beats_s > -0.02) & (beats_s < audio.duration_s)]
    progress(0.9)
    bars = (
        _bars(sound, curves, beats_s) if neural is None else given_bars(beats_s, neural.downbeats_s)
    )
    return BeatTrack(
        beats_s=tuple(float(t) for t in np.maximum(beats_s, 0.0)),
        downbeats=bars.downbeats,
        beats_per_bar=bars.beats_per_bar,
        division=beat_division(curves, beats_s),
        tempo_bpm=beat_s_to_bpm(float(np.median(np.diff(beats_s)))),
        confidence=confidence,
        downbeat_confidence=float(np.clip(bars.clarity / 3, 0, 1)),
        tracker="vem" if neural is None else "beat_this",
    )


def _no_beat(reason: str, confidence: float = 0.0) -> BeatTrack:
    return BeatTrack(
        beats_s=(),
        downbeats=(),
        beats_per_bar=4,
        division=Division(parts=2, strength=0.0),
        tempo_bpm=0.0,
        confidence=confidence,
        downbeat_confidence=0.0,
        tracker="vem",
        reason=reason,
    )


def pulse_confidence(pulse: Pulse) -> float:
    """How sure the pulse is, in [0, 1]: how well the piece repeats at its beats and bars, less the
    share
    of a beat by which the beats had to leave the period to meet the onsets.

    Onsets at random repeat up to 0.14 with jumps of 0.02 to 0.05; quiet ballads repeat from 0.3 on.
    """
    repeats = max(pulse.evidence[1], pulse.evidence[2])
    jumps = np.maximum(np.abs(np.diff(pulse.beats) - pulse.period) - 1, 0).mean() / pulse.period
    return float(1 / (1 + np.exp(-(20 * (repeats - 0.2) - 40 * (jumps - 0.01)))))


def _local_beats(curves: OnsetCurves, pulse: Pulse) -> np.ndarray:
    """Beats in seconds, tracked again with the period of each place: a live band's tempo moves."""
    intervals = np.diff(pulse.beats)
    if len(intervals) < 8:
        return pulse.beats / FRAME_RATE_HZ
    padded = np.pad(intervals, 4, mode="edge").astype(float)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(padded, 9), axis=1)
    middles = (pulse.beats[1:] + pulse.beats[:-1]) / 2
    local = np.interp(np.arange(curves.n_frames), middles, medians)
    steady = np.abs(np.log(local / pulse.period)) < 0.03
    local[steady] = pulse.period  # the median of whole frames is coarser than the global period
    strength = smooth(curves.total)
    again = follow(strength, local[:, None])[0]
    return (again if _phase_agrees(again, pulse) else pulse.beats) / FRAME_RATE_HZ


def _phase_agrees(beats: np.ndarray, pulse: Pulse) -> bool:
    """Whether most beats lie near the pulse's own: the second pass must not choose the
    off-beats."""
    distance = np.abs(beats[:, None] - pulse.beats[None]).min(axis=1)
    return bool(np.mean(distance < 0.2 * pulse.period) > 0.7)


def _sounding(beats_s: np.ndarray, sound: np.ndarray) -> np.ndarray:
    """The beats between the first and the last sound."""
    loud = np.flatnonzero(np.abs(sound) > 0.004)
    if not len(loud):
        return beats_s
    first_s, last_s = loud[0] / RATE - 0.06, loud[-1] / RATE
    return beats_s[(beats_s >= first_s) & (beats_s <= last_s)]


def _bars(sound: np.ndarray, curves: OnsetCurves, beats_s: np.ndarray) -> Bars:
    period = float(np.median(np.diff(beats_s))) * FRAME_RATE_HZ
    correlation = autocorrelation(smooth(curves.total), round(5 * period) + 8)
    signs = beat_signs(curves, features(sound), beats_s)
    return find_bars(signs, {n: correlation_at(correlation, n * period) for n in (4, 3, 2)})
