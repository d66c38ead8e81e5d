"""Faults of a finished sound that anyone hears, whatever the music.

Conventions
-----------
Sound is (C, T) float32, full scale 1, sample 0 at the first frame shown. DeliveryMeter takes it in
blocks of any length and keeps a few numbers; the functions below hand it a whole sound. Loudness
and true peak are those of audio/loudness.py (BS.1770) and are measured there. Nothing is repaired.

Metrics
-------
length_error_ms     Sound less picture. AAC and Opus frames alone may give some 20 ms.
silence_at_start_s  Until the first 10 ms louder than -60 dBFS; None where nothing is.
silence_at_end_s    After the last such 10 ms.
end_level_db        Level of the last 20 ms that are not digital silence, against the loudest
                    400 ms. A piece that was cut off stands near 0, one that ended or was faded
                    below -30.
cut_off             Whether end_level_db lies above -24 dB.
clipped_places      Runs of three or more samples of a channel at one and the same full scale.
dropouts            Stretches of digital silence of 1 ms to 2 s that begin and end in the middle of
                    sound: the 2 ms on both sides are louder than -50 dBFS. A rest is no dropout;
                    its sound dies away first.
broken_samples      Values that are not numbers.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..errors import InputError

_LEVEL_S = 0.01
_AUDIBLE = 10 ** (-60 / 20)
_DIGITAL = 1e-5
"""-100 dBFS: dither and lossy coders leave no less."""
_EDGE_S = 0.002
_EDGE = 10 ** (-50 / 20)
_GAP_S = (0.001, 2.0)
_END_S, _LOUD_S = 0.02, 0.4
CUT_OFF_DB = -24.0
_CLIP_RUN = 3
_FULL = 0.9999


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What was found, in the words of the module."""

    duration_s: float
    length_error_ms: float
    silence_at_start_s: float | None
    silence_at_end_s: float | None
    end_level_db: float | None
    """None in silence."""
    clipped_places: int
    dropouts_s: tuple[float, ...]
    """Where they begin."""
    broken_samples: int

    @property
    def cut_off(self) -> bool:
        return self.end_level_db is not None and self.end_level_db > CUT_OFF_DB

    def as_dict(self) -> dict[str, float | int | bool | list[float] | None]:
        """Every figure by name, ready for JSON."""
        figures = {name: getattr(self, name) for name in self.__slots__}
        return {**figures, "dropouts_s": list(self.dropouts_s), "cut_off": self.cut_off}


class DeliveryMeter:
    """Takes (C, n) blocks in order; its memory does not grow with the sound."""

    def __init__(self, sample_rate: int, n_channels: int):
        if sample_rate < 1 or n_channels < 1:
            raise InputError(
                f"The sound has {n_channels} channels at {sample_rate} Hz; needed are 1 or more of"
                " both."
            )
        self._rate = sample_rate
        self._n = 0
        self._n_broken = 0
        self._clips = _Clips(n_channels)
        self._gaps = _Gaps(sample_rate)
        self._levels = _Levels(sample_rate)

    def add(self, block: np.ndarray) -> None:
        """Take the next (C, n) samples."""
        finite = np.isfinite(block)
        if not finite.all():
            self._n_broken += int(block.size - np.count_nonzero(finite))
            block = np.where(finite, block, np.float32(0))
        if not block.shape[1]:
            return
        self._n += block.shape[1]
        self._clips.add(block)
        loudest = np.abs(block).max(axis=0)
        self._gaps.add(loudest)
        self._levels.add(np.square(block, dtype=np.float64).mean(axis=0), loudest)

    def finish(self, picture_s: float | None = None) -> Delivery:
        """The figures of all that was added; `picture_s`: length of the picture."""
        duration_s = self._n / self._rate
        start_s, end_s = self._levels.sounding_s()
        return Delivery(
            duration_s=duration_s,
            length_error_ms=0.0 if picture_s is None else 1000 * (duration_s - picture_s),
            silence_at_start_s=start_s,
            silence_at_end_s=None if end_s is None else max(duration_s - end_s, 0.0),
            end_level_db=self._levels.end_level_db(),
            clipped_places=self._clips.n_places,
            dropouts_s=tuple(self._gaps.found_s),
            broken_samples=self._n_broken,
        )


class _Clips:
    """Counts flat tops, per channel, across the edges of blocks."""

    def __init__(self, n_channels: int):
        self.n_places = 0
        self._held = np.zeros((n_channels, 0), np.float32)
        self._open = np.zeros(n_channels, bool)
        """Whether a run was counted that reaches into the held samples."""

    def add(self, block: np.ndarray) -> None:
        joined = np.concatenate([self._held, block], axis=1)
        full = np.abs(joined) >= _FULL
        level = joined[:, 1:] == joined[:, :-1]
        # a place is flat where this sample and the next two stand at one full scale
        flat = full[:, :-2] & level[:, :-1] & level[:, 1:]
        before = np.concatenate([self._open[:, None], flat[:, :-1]], axis=1)[:, : flat.shape[1]]
        self.n_places += int(np.count_nonzero(flat & ~before))
        if flat.shape[1]:
            self._open = flat[:, -1].copy()
        self._held = joined[:, max(joined.shape[1] - _CLIP_RUN + 1, 0) :].copy()


class _Gaps:
    """Finds digital silence with sound hard on both sides."""

    def __init__(self, rate: int):
        self.found_s: list[float] = []
        self._rate = rate
        self._edge = max(round(_EDGE_S * rate), 1)
        self._low, self._high = (max(round(s * rate), 1) for s in _GAP_S)
        self._held = np.zeros(0, np.float32)
        """As much of the end as a gap and both its edges may take."""
        self._offset = 0
        """Index of the first held sample in the sound."""
        self._judged = 0
        """Gaps that begin before this index have been looked at."""

    def add(self, loudest: np.ndarray) -> None:
        joined = np.concatenate([self._held, loudest])
        silent = np.concatenate([[False], joined < _DIGITAL, [False]])
        starts, ends = np.flatnonzero(np.diff(silent)).reshape(-1, 2).T
        lengths = ends - starts
        # a gap at the start of what is held lost its beginning, or has no sound before it
        whole = (starts >= self._edge) & (ends + self._edge <= len(joined))
        fits = (lengths >= self._low) & (lengths <= self._high)
        new = starts + self._offset >= self._judged
        for start, end in zip(starts[whole & fits & new], ends[whole & fits & new], strict=True):
            before = joined[start - self._edge : start].max()
            after = joined[end : end + self._edge].max()
            if min(before, after) > _EDGE:
                self.found_s.append(float((start + self._offset) / self._rate))
            self._judged = int(start + self._offset) + 1
        kept = self._high + 2 * self._edge
        self._offset += max(len(joined) - kept, 0)
        self._held = joined[-kept:]


class _Levels:
    """Levels of 10 ms: when sound begins and ends, and how loud it ends."""

    def __init__(self, rate: int):
        self._rate = rate
        self._window = max(round(_LEVEL_S * rate), 1)
        self._n_loud = max(round(_LOUD_S / _LEVEL_S), 1)
        self._n_end = max(round(_END_S / _LEVEL_S), 1)
        self._held = np.zeros(0)
        self._held_peak = np.zeros(0, np.float32)
        self._index = 0
        self._first: int | None = None
        self._last: int | None = None
        self._recent = np.zeros(0)
        """Energies of the last 400 ms, and the greatest mean of any such stretch."""
        self._loudest = 0.0
        self._ending = np.zeros(0)
        """Energies of the last 20 ms that were not digital silence."""

    def add(self, energy: np.ndarray, loudest: np.ndarray) -> None:
        energy = np.concatenate([self._held, energy])
        peaks = np.concatenate([self._held_peak, loudest])
        n = len(energy) // self._window
        self._take(
            energy[: n * self._window].reshape(n, -1).mean(axis=1) if n else np.zeros(0),
            peaks[: n * self._window].reshape(n, -1).max(axis=1) if n else np.zeros(0),
        )
        self._held, self._held_peak = energy[n * self._window :], peaks[n * self._window :]

    def _take(self, energies: np.ndarray, peaks: np.ndarray) -> None:
        if not len(energies):
            return
        audible = np.flatnonzero(energies > _AUDIBLE**2)
        if len(audible):
            self._first = self._index + audible[0] if self._first is None else self._first
            self._last = self._index + int(audible[-1])
        self._index += len(energies)
        sums = np.cumsum(np.concatenate([[0.0], self._recent, energies]))
        if len(sums) > self._n_loud:
            means = (sums[self._n_loud :] - sums[: -self._n_loud]) / self._n_loud
            self._loudest = max(self._loudest, float(means.max()))
        self._recent = np.concatenate([self._recent, energies])[-self._n_loud + 1 :]
        sounding = energies[peaks >= _DIGITAL]
        self._ending = np.concatenate([self._ending, sounding])[-self._n_end :]

    def sounding_s(self) -> tuple[float | None, float | None]:
        """When the first audible 10 ms begin and the last end."""
        if self._first is None or self._last is None:
            return None, None
        return self._first * self._window / self._rate, (self._last + 1) * self._window / self._rate

    def end_level_db(self) -> float | None:
        """Level of the end against the loudest 400 ms, or all of a shorter sound."""
        loudest = self._loudest or (float(self._recent.mean()) if len(self._recent) else 0.0)
        if loudest <= 0 or not len(self._ending):
            return None
        return 10 * math.log10(max(float(self._ending.mean()), 1e-20) / loudest)


def evaluate(
    waveform: np.ndarray, sample_rate: int, picture_s: float | None = None
) -> dict[str, float | int | bool | list[float] | None]:
    """Every figure of a whole (C, T) sound by name."""
    if np.ndim(waveform) != 2:
        raise InputError(
            f"The sound has the shape {np.shape(waveform)}; needed is (channels, samples)."
        )
    meter = DeliveryMeter(sample_rate, waveform.shape[0])
    meter.add(np.asarray(waveform, np.float32))
    return meter.finish(picture_s).as_dict()
