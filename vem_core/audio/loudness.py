"""Integrated loudness (ITU-R BS.1770-5) and true peak of sound of any length, block by block.

The K-weighting filters are pyloudnorm's. Energies and peaks are kept per window of 32 samples: from
them follow both the gated loudness and what a slow gain would make of it, without touching the
samples again.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import MissingPackageError
from ..types import Audio, stream_of
from .streams import BLOCK

WINDOW = 32
"""Samples per value of energy and peak: 0.7 ms at 48 kHz."""

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
_OFFSET = -0.691
_OVERSAMPLING = 4
_FFT = 1 << 14
_MARGIN = 512
_CORE = _FFT - 2 * _MARGIN


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Levels:
    """Energy and peak of a sound per window of WINDOW samples."""

    sample_rate: int
    n_samples: int
    energy: np.ndarray
    """(K,) float32: K-weighted squares, summed over channels and the window's samples."""
    peaks: np.ndarray
    """(K,) float32: highest true peak of any channel in the window."""

    @property
    def loudness_lufs(self) -> float | None:
        """Integrated loudness; None where nothing is louder than the absolute gate."""
        return gated_loudness(self.energy, self.sample_rate, self.n_samples)

    @property
    def true_peak_dbtp(self) -> float | None:
        """True peak; None for silence."""
        return to_db(float(self.peaks.max(initial=0.0)))

    def amplified(self, gain_db: float) -> "Levels":
        """The levels of the same sound with a static gain."""
        gain = from_db(gain_db)
        return replace(
            self, energy=self.energy * np.float32(gain**2), peaks=self.peaks * np.float32(gain)
        )


def to_db(amplitude: float) -> float | None:
    """Decibels of an amplitude; None for 0, which has none."""
    return float(20 * np.log10(amplitude)) if amplitude > 0 else None


def from_db(level_db: float) -> float:
    """Amplitude of a level in decibels."""
    return float(10 ** (level_db / 20))


def measure(audio: Audio) -> Levels:
    """Levels of a whole mono or stereo sound."""
    meter = LevelMeter(audio.sample_rate, audio.n_channels)
    for block in stream_of(audio).open():
        meter.add(block)
    return meter.finish()


class LoudnessMeter:
    """Takes (C, n) float32 blocks, n a multiple of WINDOW but for the last, and gives energies.

    Mono and stereo only: surround weights are not applied, sound is folded down before.
    """

    def __init__(self, sample_rate: int, n_channels: int = 2):
        self.sample_rate = sample_rate
        self.n_samples = 0
        self._weighting = _k_weighting(sample_rate)
        self._state = np.zeros((len(self._weighting), n_channels, 2), np.float32)
        self._energy: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        from scipy.signal import sosfilt

        if block.shape[1] == 0:
            return
        assert self.n_samples % WINDOW == 0, "only the last block may be uneven"
        self.n_samples += block.shape[1]
        weighted, self._state = sosfilt(self._weighting, block, axis=-1, zi=self._state)
        squares = np.einsum("ct,ct->t", weighted, weighted)
        # (T,) -> (K, WINDOW), the last one filled up with zeros
        windows = np.pad(squares, (0, -squares.size % WINDOW)).reshape(-1, WINDOW)
        self._energy.append(windows.sum(axis=1))

    def finish(self) -> np.ndarray:
        """(K,) float32 energies, as in Levels."""
        return np.concatenate(self._energy) if self._energy else np.zeros(0, np.float32)

    def loudness_lufs(self) -> float | None:
        """Integrated loudness of what was added."""
        return gated_loudness(self.finish(), self.sample_rate, self.n_samples)


class LevelMeter:
    """Takes blocks as LoudnessMeter does, and gives Levels: energies and true peaks."""

    def __init__(self, sample_rate: int, n_channels: int = 2):
        self._loudness = LoudnessMeter(sample_rate, n_channels)
        self._peaks = _PeakMeter(n_channels)

    def add(self, block: np.ndarray) -> None:
        self._loudness.add(block)
        self._peaks.add(block)

    def finish(self) -> Levels:
        energy = self._loudness.finish()
        return Levels(
            sample_rate=self._loudness.sample_rate,
            n_samples=self._loudness.n_samples,
            energy=energy,
            peaks=self._peaks.finish(energy.size),
        )


class _PeakMeter:
    """True peak per window: interpolation by 4 through the FFT, in tapered chunks.

    The interpolator is a sinc of 32 samples under a Kaiser window, the one of ffmpeg's ebur128: it
    keeps the samples and rolls off at half the sample rate. What lies close to that frequency
    reads differently with every interpolator, by up to 2 dB on noisy attacks.
    """

    def __init__(self, n_channels: int):
        self._held = np.zeros((n_channels, _MARGIN), np.float32)
        self._peaks: list[np.ndarray] = []
        ramp = np.sin(np.linspace(0, np.pi / 2, _MARGIN // 2, dtype=np.float32)) ** 2
        self._taper = np.ones(_FFT, np.float32)
        self._taper[: ramp.size] = ramp
        self._taper[-ramp.size :] = ramp[::-1]
        self._response = _interpolator_response()

    def add(self, block: np.ndarray) -> None:
        held = np.concatenate([self._held, block], axis=1)
        n_chunks = max(0, (held.shape[1] - 2 * _MARGIN) // _CORE)
        for start in range(0, n_chunks, 8):
            self._measure(held, start, min(start + 8, n_chunks))
        self._held = held[:, n_chunks * _CORE :]

    def finish(self, n_windows: int) -> np.ndarray:
        rest = self._held.shape[1] - _MARGIN
        padding = -rest % _CORE + _MARGIN
        self.add(np.zeros((self._held.shape[0], padding), np.float32))
        peaks = np.concatenate(self._peaks) if self._peaks else np.zeros(0, np.float32)
        return peaks[:n_windows]

    def _measure(self, held: np.ndarray, first: int, last: int) -> None:
        from scipy.fft import irfft, rfft

        chunks = np.stack(
            [held[:, i * _CORE : i * _CORE + _FFT] for i in range(first, last)], axis=1
        )
        spectrum = np.asarray(rfft(chunks * self._taper, axis=-1))
        images = np.conj(spectrum[..., -2::-1])  # of zeros between the samples, up to their rate
        stuffed = np.concatenate([spectrum, images], axis=-1) * self._response
        fine = np.abs(np.asarray(irfft(stuffed, _FFT * _OVERSAMPLING, axis=-1)))
        self._peaks.append(_window_peaks(fine).max(axis=0))


def _window_peaks(fine: np.ndarray) -> np.ndarray:
    """(C, chunks, T) magnitudes, oversampled -> (C, windows): tops of parabolas through the peaks.

    On their grid alone, four values a sample read up to 0.7 dB too little at high frequencies.
    """
    margin, size = _MARGIN * _OVERSAMPLING, WINDOW * _OVERSAMPLING
    core = fine[..., margin:-margin]
    windows = core.reshape(*core.shape[:2], -1, size)
    at = windows.argmax(axis=-1) + margin + np.arange(windows.shape[2]) * size
    before, top, after = (np.take_along_axis(fine, at + i, axis=-1) for i in (-1, 0, 1))
    bend = 2 * top - before - after
    is_peak = (before <= top) & (after <= top) & (bend > 0)
    rise = np.where(is_peak, (after - before) ** 2 / (8 * np.where(is_peak, bend, 1)), 0)
    return (top + rise).reshape(fine.shape[0], -1)


def _interpolator_response() -> np.ndarray:
    """(_FFT + 1,) float32: response of the interpolator from 0 Hz to the sample rate."""
    offset = np.arange(-16 * _OVERSAMPLING, 16 * _OVERSAMPLING + 1) / _OVERSAMPLING
    kernel = np.sinc(offset) * np.kaiser(offset.size, 9.0)
    centred = np.zeros(_FFT * _OVERSAMPLING)
    centred[np.round(offset * _OVERSAMPLING).astype(int)] = kernel
    return np.fft.rfft(centred).real[: _FFT + 1].astype(np.float32)


def gated_loudness(energy: np.ndarray, sample_rate: int, n_samples: int) -> float | None:
    """Integrated loudness of energies per window, gated as BS.1770 says.

    Sound shorter than one block of 400 ms is taken as one block. None where no block passes the
    absolute gate.
    """
    total = np.zeros(energy.size + 1)
    np.cumsum(energy, out=total[1:])
    step = 0.1 * sample_rate
    n_steps = int(n_samples / step + 1e-9)
    if n_steps < 4:
        power = total[-1:] / max(n_samples, 1)
    else:
        edges = np.arange(n_steps + 1) * step / WINDOW
        sums = np.interp(edges, np.arange(total.size), total)
        power = (sums[4:] - sums[:-4]) / (4 * step)
    power = power[power > 10 ** ((ABSOLUTE_GATE_LUFS - _OFFSET) / 10)]
    if power.size == 0:
        return None
    power = power[power > power.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
    return float(_OFFSET + 10 * np.log10(power.mean()))


def _k_weighting(sample_rate: int) -> np.ndarray:
    """(2, 6) second-order sections of the K-weighting: high shelf, then high pass.

    Parameters that give the standard's 48 kHz coefficients, and their like at every other rate
    (Brecht De Man, "Evaluation of implementations of the EBU R128 loudness measurement", 2018).
    """
    try:
        from pyloudnorm import IIRfilter
    except ImportError as error:
        raise MissingPackageError("pyloudnorm", "Measuring loudness") from error
    shelf = IIRfilter(
        3.99984385397, 0.7071752369554193, 1681.9744509555319, sample_rate, "high_shelf_DeMan"
    )
    high_pass = IIRfilter(
        0.0, 0.5003270373253953, 38.13547087613982, sample_rate, "high_pass_DeMan"
    )
    return np.asarray(
        [np.concatenate([stage.b, stage.a]) for stage in (shelf, high_pass)], dtype=np.float32
    )


assert BLOCK % WINDOW == 0 and _CORE % WINDOW == 0
