"""One pass over a sound of any length: what the metrics need to know of it, in flat memory.

Beats and onsets are found in sections of two minutes, each heard with some seconds more on both
sides; what is kept of a section are times and slow curves, a few kilobytes a second. Loudness and
faults are measured at the file's own rate.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..audio.loudness import LevelMeter, Levels
from ..audio.streams import fold_to_stereo
from ..metrics.delivery import Delivery, DeliveryMeter
from ..rhythm.harmony import FEATURE_RATE_HZ, features
from ..rhythm.onsets import FRAME_RATE_HZ, RATE, OnsetCurves, analysis_sound, onset_curves
from ..rhythm.tracking import BeatTrack, TrackSettings, track_beats
from ..types import Progress, Samples, SoundStream, no_progress

SECTION_S = 120.0
OVERLAP_S = 6.0
"""Heard beyond a section on both sides, so that beats at its edges have neighbours."""
ENVELOPE_HZ = 20
_LEAST_ONSET = 0.08
"""Height of the flux over its surroundings, where the strongest tenth has a mean of 1."""
_ONSET_REACH = 3
"""Frames of 10 ms to both sides that an onset must be the highest of."""
_JOIN_S = 0.5


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Heard:
    """What a sound holds, on the clock of the picture."""

    duration_s: float
    sample_rate: int
    n_channels: int
    track: BeatTrack
    onsets_s: np.ndarray
    """(N,) where something begins."""
    strengths: np.ndarray
    """(F,) onset strength at FRAME_RATE_HZ, 0 or more; about 1 at a strong onset."""
    chroma: np.ndarray
    """(F, 12) at FEATURE_RATE_HZ, from A."""
    envelope: np.ndarray
    """(F,) peak of each frame at ENVELOPE_HZ, full scale 1."""
    levels: Levels
    delivery: Delivery

    def energy(self) -> tuple[np.ndarray, float]:
        """(F,) mean K-weighted energy of 50 ms, and its rate in Hz."""
        per = max(round(self.sample_rate / 32 / 20), 1)  # Levels hold windows of 32 samples
        n = len(self.levels.energy) // per
        rows = self.levels.energy[: n * per].reshape(n, per)
        return rows.sum(axis=1) / (per * 32), self.sample_rate / 32 / per


def listen(
    stream: SoundStream,
    *,
    picture_s: float,
    sound_s: float | None = None,
    settings: TrackSettings | None = None,
    progress: Progress = no_progress,
) -> Heard:
    """Hear a sound once, block by block.

    `picture_s`: length of the picture; `sound_s`: length of the sound where the stream is padded or
    cut to the picture's, for the error of length.
    """
    settings = settings or TrackSettings()
    delivery = DeliveryMeter(stream.sample_rate, stream.n_channels)
    levels = LevelMeter(stream.sample_rate, 2)
    sections = _Sections(stream.sample_rate, settings)
    envelope = _Envelope(stream.sample_rate)
    n_heard, n_levels = 0, 0
    held = np.zeros((2, 0), np.float32)
    for block in _joined(stream):
        delivery.add(block)
        stereo = fold_to_stereo(np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0))
        envelope.add(stereo)
        sections.add(stereo)
        held = np.concatenate([held, stereo], axis=1)
        n_levels = held.shape[1] // 32 * 32  # the meter takes whole windows
        levels.add(held[:, :n_levels])
        held = held[:, n_levels:]
        n_heard += block.shape[1]
        progress(min(0.9 * n_heard / stream.sample_rate / max(picture_s, 1e-3), 0.9))
    levels.add(held)
    found = sections.finish()
    measured = delivery.finish(picture_s)
    if sound_s is not None:
        measured = _with_length(measured, sound_s, picture_s)
    return Heard(
        duration_s=n_heard / stream.sample_rate if sound_s is None else sound_s,
        sample_rate=stream.sample_rate,
        n_channels=stream.n_channels,
        track=found.track,
        onsets_s=found.onsets_s,
        strengths=found.strengths,
        chroma=found.chroma,
        envelope=envelope.finish(),
        levels=levels.finish(),
        delivery=measured,
    )


def _with_length(delivery: Delivery, sound_s: float, picture_s: float) -> Delivery:
    from dataclasses import replace

    return replace(delivery, duration_s=sound_s, length_error_ms=1000 * (sound_s - picture_s))


def _joined(stream: SoundStream) -> Iterator[np.ndarray]:
    """The blocks of a stream in pieces of half a second or more: decoders give 20 ms."""
    held: list[np.ndarray] = []
    n_held = 0
    for block in stream.open():
        held.append(block)
        n_held += block.shape[1]
        if n_held >= _JOIN_S * stream.sample_rate:
            yield np.concatenate(held, axis=1)
            held, n_held = [], 0
    if held:
        yield np.concatenate(held, axis=1)


class _Envelope:
    """Peaks for a picture of the sound."""

    def __init__(self, rate: int):
        self._size = max(rate // ENVELOPE_HZ, 1)
        self._held = np.zeros(0, np.float32)
        self._peaks: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        loudest = np.concatenate([self._held, np.abs(block).max(axis=0)])
        n = len(loudest) // self._size
        self._peaks.append(loudest[: n * self._size].reshape(n, self._size).max(axis=1))
        self._held = loudest[n * self._size :]

    def finish(self) -> np.ndarray:
        rest = [self._held.max(keepdims=True)] if len(self._held) else []
        return np.concatenate([*self._peaks, *rest]) if self._peaks or rest else np.zeros(0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Section:
    """What was found in a section, on the clock of the whole; without its overlaps."""

    track: BeatTrack
    beats_s: np.ndarray
    downbeats_s: np.ndarray
    onsets_s: np.ndarray
    strengths: np.ndarray
    chroma: np.ndarray
    duration_s: float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Found:
    track: BeatTrack
    onsets_s: np.ndarray
    strengths: np.ndarray
    chroma: np.ndarray


class _Sections:
    """Gathers the sound at the rate of analysis and hands it on section by section."""

    def __init__(self, rate: int, settings: TrackSettings):
        import soxr

        self._settings = settings
        self._resampler = None if rate == RATE else soxr.ResampleStream(rate, RATE, 2, "float32")
        self._held: list[np.ndarray] = []
        self._n_held = 0
        self._start = 0
        """Index at RATE of the first sample held."""
        self._core = 0
        """Index at RATE where the next section begins."""
        self._found: list[_Section] = []

    def add(self, stereo: np.ndarray) -> None:
        if self._resampler is not None:
            frames = np.ascontiguousarray(stereo.T)
            stereo = self._resampler.resample_chunk(frames).T
        self._take(stereo)

    def _take(self, stereo: np.ndarray) -> None:
        self._held.append(stereo)
        self._n_held += stereo.shape[1]
        # a section is heard once the next one would be at least as long as the overlap
        whole = round((SECTION_S + 2 * OVERLAP_S) * RATE)
        while self._start + self._n_held - self._core >= whole:
            self._hear(self._core + round(SECTION_S * RATE))

    def finish(self) -> _Found:
        if self._resampler is not None:
            self._take(self._resampler.resample_chunk(np.zeros((0, 2), np.float32), last=True).T)
        if self._start + self._n_held > self._core or not self._found:
            self._hear(None)
        return _join(self._found)

    def _hear(self, core_end: int | None) -> None:
        """Find what is in the section up to `core_end`, or in all the rest."""
        joined = np.concatenate(self._held, axis=1) if self._held else np.zeros((2, 0), np.float32)
        end = self._start + joined.shape[1]
        core = (self._core, end if core_end is None else core_end)
        heard_to = end if core_end is None else min(core_end + round(OVERLAP_S * RATE), end)
        part = joined[:, : heard_to - self._start]
        self._found.append(_find(part, self._start, core, self._settings, last=core_end is None))
        kept_from = max(core[1] - round(OVERLAP_S * RATE), self._start)
        self._held = [joined[:, kept_from - self._start :].copy()]
        self._n_held = self._held[0].shape[1]
        self._start, self._core = kept_from, core[1]


def _find(
    part: np.ndarray, start: int, core: tuple[int, int], settings: TrackSettings, *, last: bool
) -> _Section:
    """Beats, onsets and curves of `part`, whose first sample is `start`; only those in `core`."""
    samples = Samples(values=np.ascontiguousarray(part, np.float32), sample_rate=RATE)
    track = track_beats(samples, settings)
    sound = analysis_sound(samples)
    curves = onset_curves(sound)
    offset_s, low_s, high_s = (n / RATE for n in (start, *core))
    high_s = math.inf if last else high_s
    frames = _inside(curves.n_frames, FRAME_RATE_HZ, core, start)
    chroma = features(sound).chroma
    onsets_s = find_onsets_s(curves) + offset_s
    beats_s = np.array(track.beats_s) + offset_s
    downbeats_s = np.array(track.downbeats_s) + offset_s
    return _Section(
        track=track,
        beats_s=beats_s[(beats_s >= low_s) & (beats_s < high_s)],
        downbeats_s=downbeats_s[(downbeats_s >= low_s) & (downbeats_s < high_s)],
        onsets_s=onsets_s[(onsets_s >= low_s) & (onsets_s < high_s)],
        strengths=np.maximum(curves.total[frames], 0.0),
        chroma=chroma[_inside(len(chroma), FEATURE_RATE_HZ, core, start)],
        duration_s=(core[1] - core[0]) / RATE,
    )


def _inside(n_frames: int, rate_hz: int, core: tuple[int, int], start: int) -> slice:
    """Frames of a part that lie in its core; sections begin at whole frames of all curves."""
    first = round((core[0] - start) / RATE * rate_hz)
    return slice(first, min(first + round((core[1] - core[0]) / RATE * rate_hz), n_frames))


def find_onsets_s(curves: OnsetCurves) -> np.ndarray:
    """Times of the peaks of the flux that stand out of their surroundings."""
    total = curves.total
    padded = np.pad(total, _ONSET_REACH, constant_values=-np.inf)
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * _ONSET_REACH + 1).max(axis=1)
    return np.flatnonzero((total >= around) & (total > _LEAST_ONSET)) / FRAME_RATE_HZ


def _join(sections: list[_Section]) -> _Found:
    """One track out of those of all sections; tempo and confidence are their weighted median and
    mean."""
    beats_s = np.concatenate([s.beats_s for s in sections])
    downbeats_s = np.concatenate([s.downbeats_s for s in sections])
    weights = np.array([max(s.duration_s, 1e-6) for s in sections])
    longest = max(
        (s for s in sections if s.track.has_beat) if len(beats_s) else sections,
        key=lambda s: s.duration_s,
    )
    share = weights / weights.sum()
    track = BeatTrack(
        beats_s=tuple(map(float, beats_s)),
        downbeats=tuple(np.flatnonzero(np.isin(beats_s, downbeats_s)).tolist()),
        beats_per_bar=longest.track.beats_per_bar,
        division=longest.track.division,
        tempo_bpm=60 / float(np.median(np.diff(beats_s))) if len(beats_s) > 1 else 0.0,
        confidence=float(share @ [s.track.confidence for s in sections]),
        downbeat_confidence=float(share @ [s.track.downbeat_confidence for s in sections]),
        tracker=longest.track.tracker,
        reason=longest.track.reason,
    )
    return _Found(
        track=sections[0].track if len(sections) == 1 else track,
        onsets_s=np.concatenate([s.onsets_s for s in sections]),
        strengths=np.concatenate([s.strengths for s in sections]),
        chroma=np.concatenate([s.chroma for s in sections]),
    )
