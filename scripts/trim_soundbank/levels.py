"""How loud a short sound is: K-weighted level of its loudest window (ITU-R BS.1770-5, annex 1)."""

import numpy as np
from pyloudnorm import Meter


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
