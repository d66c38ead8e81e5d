"""How loud a short sound is (K-weighted, ITU-R BS.1770-5, annex 1), and how far out of tune."""

import numpy as np
from pyloudnorm import Meter

from .cut import Cut


def loudness_db(samples: np.ndarray, sample_rate: int, window_s: float = 0.4) -> float:
    """K-weighted level in dB of the loudest `window_s` of (C, T) samples, full scale 1.

    A sound shorter than the window counts with silence after it: what is short is less loud.
    """
    weighted = np.atleast_2d(samples).astype(np.float64)
    n = max(1, round(window_s * sample_rate))
    weighted = np.pad(weighted, ((0, 0), (0, n)))
    for stage in Meter(sample_rate)._filters.values():
        weighted = np.stack([stage.apply_filter(row) for row in weighted])
    power = (weighted**2).mean(axis=0)
    total = np.concatenate([[0.0], np.cumsum(power)])
    windows = (total[n:] - total[:-n]) / n
    return float(10 * np.log10(windows.max() + 1e-12))


def held(cut: Cut, seconds: float) -> np.ndarray:
    """(C, T) samples of a cut held for some time: its loop unrolled; full scale 1."""
    n = round(seconds * cut.sample_rate)
    index = np.arange(max(n, 1))
    if cut.loop is None:
        index = index[: cut.samples.shape[1]]
    else:
        start, end = cut.loop
        index[end:] = start + (index[end:] - start) % (end - start)
    return cut.samples[:, index] / 32768


def pitch_error(cut: Cut, widest_cents: int = 80) -> float:
    """How many cents a held note sounds above what `root_key` says, by the sum of its partials.

    Eight partials, square roots of magnitudes, over 0.1 to 0.8 s; `widest_cents` to either side.
    """
    sound = held(cut, 0.8).mean(axis=0)[round(0.1 * cut.sample_rate) :]
    n = 1 << 18
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), n))
    f0 = 440 * 2 ** ((cut.root_key - 69) / 12) / cut.sample_rate * n
    cents = np.arange(-widest_cents, widest_cents + 1)
    partials = f0 * np.arange(1, 9)[:, None] * 2 ** (cents / 1200)
    partials = partials[partials.max(axis=1) < n / 2 - 1]
    scores = np.sqrt(spectrum[np.rint(partials).astype(int)]).sum(axis=0)
    return float(cents[int(np.argmax(scores))])
