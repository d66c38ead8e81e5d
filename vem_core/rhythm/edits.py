"""Music cut and joined at bar lines: a timeline that is read in pieces and never held whole.

Conventions: positions in samples of the music's rate; times in seconds. The timeline starts with
the first beat of the first stretch at 0; what the music holds before it is at negative positions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Audio, Samples, SoundStream, samples_of

FADE_S = 0.05
GUARD_S = 0.004
"""A join fades over FADE_S and is done GUARD_S before the beat, so the new attack is whole."""
ALIGN_S = 0.008
"""A stretch may be moved this much so that its waveform runs on in phase."""
BLOCK = 1 << 17
"""Samples in a block of a stream."""
_SHORTEST_FADE_S = 0.005
_LIKE = 0.3
"""Below this correlation no alignment is better than another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Consecutive music."""

    music_start: int
    """Sample of the music at the stretch's first beat."""
    start: int
    """Where that sample lies on the timeline."""
    fade_start: int = 0
    fade_stop: int = 0
    """Over these samples of the timeline the stretch before fades out; not used by the first."""
    fades_in: bool = True
    """Whether it fades in meanwhile; a file's first attack enters at once."""
    likeness: float = 0.0
    """Correlation of the two sides over the fade, in [0, 1]; sets the curve between equal gain and
    equal power."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """A place where the edited music leaves the original order."""

    time_s: float
    """On the edited timeline."""
    music_from_s: float
    music_to_s: float


class Edit:
    """The edited music: read() gives any part of it."""

    def __init__(
        self,
        music: Audio | Samples,
        beats_s: np.ndarray,
        path: Sequence[int],
        *,
        fade_s: float = FADE_S,
    ):
        """
        music: the original; beats_s: (K,) its beats; path: the beat that starts each interval to be
        played. Where path[i + 1] != path[i] + 1, the music jumps.
        """
        self._fade_s = fade_s
        self._wave = samples_of(music).values
        self.sample_rate = music.sample_rate
        starts = [0, *(i for i in range(1, len(path)) if path[i] != path[i - 1] + 1)]
        samples = np.rint(np.asarray(beats_s) * music.sample_rate).astype(int)
        self.stretches: list[Stretch] = []
        self.joins: list[Join] = []
        times: list[float] = []
        for start, stop in zip(starts, [*starts[1:], len(path)], strict=True):
            first, last = path[start], path[stop - 1] + 1
            if self.stretches:
                stretch = self._joined(times[-1], samples[path[start - 1] + 1], samples[first])
                came_from_s = float(beats_s[path[start - 1] + 1])
                self.joins.append(
                    Join(
                        time_s=times.pop(),
                        music_from_s=came_from_s,
                        music_to_s=float(beats_s[first]),
                    )
                )
            else:
                stretch = Stretch(music_start=int(samples[first]), start=0)
            self.stretches.append(stretch)
            offset_s = (stretch.start - stretch.music_start) / self.sample_rate
            times += [float(t) + offset_s for t in beats_s[first : last + 1]]
        self.beats_s = np.array(times)
        """(len(path) + 1,) beats of the edited timeline."""

    @property
    def n_channels(self) -> int:
        return self._wave.shape[0]

    def _joined(self, time_s: float, old: int, new: int) -> Stretch:
        """A stretch that starts at music sample `new` where the old one reached sample `old`."""
        rate = self.sample_rate
        start, guard = round(time_s * rate), round(GUARD_S * rate)
        reach, fade = round(ALIGN_S * rate), round(self._fade_s * rate)
        shortest = round(_SHORTEST_FADE_S * rate)
        fade = min(fade, min(old, new) - guard - reach)
        if fade < shortest:  # nothing to fade in before the beat
            pair = (self._music(at, shortest).mean(axis=0) for at in (old, new))
            alike = float(np.clip(_likeness(*pair)[0], 0, 1))
            return Stretch(
                music_start=new,
                start=start,
                fade_start=start,
                fade_stop=start + shortest,
                fades_in=alike > _LIKE,
                likeness=alike,
            )
        before = self._wave[:, old - guard - fade : old - guard].mean(axis=0)
        around = self._wave[:, new - guard - fade - reach : new - guard + reach].mean(axis=0)
        likeness = _likeness(before, around)
        best = int(likeness.argmax())
        shift = best - reach if likeness[best] > _LIKE else 0
        # Its phase runs on when moved by `shift`; its beats move along and are stretched back.
        return Stretch(
            music_start=new,
            start=start - shift,
            fade_start=start - guard - fade,
            fade_stop=start - guard,
            likeness=float(np.clip(likeness[shift + reach], 0, 1)),
        )

    def read(self, start: int, stop: int) -> np.ndarray:
        """(C, stop - start) float32 of the timeline; silence where the music has nothing."""
        out = np.zeros((self.n_channels, stop - start), np.float32)
        for index, stretch in enumerate(self.stretches):
            after = self.stretches[index + 1] if index + 1 < len(self.stretches) else None
            low = max(stretch.fade_start, start) if index else start
            high = min(after.fade_stop, stop) if after else stop
            if low >= high:
                continue
            sound = self._music(low - stretch.start + stretch.music_start, high - low)
            position = np.arange(low, high)
            if index and stretch.fades_in and low < stretch.fade_stop:
                sound *= _gain(position - stretch.fade_start, stretch)
            if after and high > after.fade_start:
                sound *= _gain(after.fade_stop - 1 - position, after)
            out[:, low - start : high - start] += sound
        return out

    def stream(self, n_samples: int) -> SoundStream:
        """The timeline's first `n_samples`, read as they are asked for."""

        def blocks() -> Iterator[np.ndarray]:
            for start in range(0, n_samples, BLOCK):
                yield self.read(start, min(start + BLOCK, n_samples))

        return SoundStream(
            sample_rate=self.sample_rate,
            n_samples=n_samples,
            open=blocks,
            n_channels=self.n_channels,
        )

    def _music(self, start: int, n: int) -> np.ndarray:
        sound = np.zeros((self.n_channels, n), np.float32)
        low, high = max(start, 0), min(start + n, self._wave.shape[1])
        if low < high:
            sound[:, low - start : high - start] = self._wave[:, low:high]
        return sound


def _gain(position: np.ndarray, into: Stretch) -> np.ndarray:
    """Fade-in whose sum with its mirror image has constant power for two sounds this much alike."""
    x = np.clip((position + 0.5) / (into.fade_stop - into.fade_start), 0, 1)
    rise, fall = np.sin(0.5 * np.pi * x), np.cos(0.5 * np.pi * x)
    power = rise**2 + fall**2 + 2 * into.likeness * rise * fall
    return (rise / np.sqrt(power)).astype(np.float32)


def _likeness(before: np.ndarray, around: np.ndarray) -> np.ndarray:
    """Normalised correlation of `before` with each window of `around` of its length."""
    n, n_fft = len(before), 1 << int(np.ceil(np.log2(len(before) + len(around))))
    spectrum = np.fft.rfft(around, n_fft) * np.conj(np.fft.rfft(before, n_fft))
    products = np.fft.irfft(spectrum, n_fft)[: len(around) - n + 1]
    sums = np.cumsum(np.concatenate([[0.0], around.astype(float) ** 2]))
    energy = np.sqrt(np.maximum(sums[n:] - sums[:-n], 0) * float((before.astype(float) ** 2).sum()))
    return products / np.maximum(energy, 1e-9)
