"""A film's own sound as a stream: decoded again for every pass, so that length costs no memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..types import SoundStream
from ..units import seconds_to_samples
from .opening import Source
from .sound import read_sound

WINDOW_S = 60.0
"""Decoded at a time; whole seconds, so that every window starts on a sample at any rate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmSound:
    """What is heard in a film."""

    stream: SoundStream | None
    """None where the film is silent by itself."""
    warnings: list[str] = field(default_factory=list)
    """What of it could not be decoded, a sentence each; complete once the stream was read."""


def open_film_sound(source: Source, duration_s: float, window_s: float = WINDOW_S) -> FilmSound:
    """The own sound of a film from its first frame on, for `duration_s` seconds.

    Blocks are (C, n) float32 at the file's rate; stretches without sound are silence. `window_s`:
    whole seconds.

    Raises:
        MediaError: the file is not a media file, or a whole window of it cannot be decoded.
    """
    warnings: list[str] = []

    def window(start_s: float) -> np.ndarray | None:
        length_s = min(window_s, duration_s - start_s)
        sound = read_sound(source, start_s=start_s, duration_s=length_s, sample_rate=rate)
        if sound.warning and sound.warning not in warnings:
            warnings.append(sound.warning)
        return None if sound.audio is None else sound.audio.waveform.numpy()

    def blocks() -> Iterator[np.ndarray]:
        start_s = 0.0
        while start_s < duration_s:
            end_s = min(start_s + window_s, duration_s)
            wanted = seconds_to_samples(end_s, rate) - seconds_to_samples(start_s, rate)
            samples = window(start_s)
            if samples is None:
                yield np.zeros((n_channels, wanted), np.float32)
            else:
                yield np.pad(samples[:, :wanted], ((0, 0), (0, max(0, wanted - samples.shape[1]))))
            start_s = end_s

    rate, n_channels = 0, 0
    start_s = 0.0
    while start_s < duration_s:  # sound may set in long after the picture
        first = read_sound(source, start_s=start_s, duration_s=min(window_s, duration_s - start_s))
        if first.audio is not None:
            rate, n_channels = first.audio.sample_rate, first.audio.n_channels
            break
        start_s += window_s
    if not rate:
        return FilmSound(stream=None)
    stream = SoundStream(
        sample_rate=rate,
        n_samples=seconds_to_samples(duration_s, rate),
        open=blocks,
        n_channels=n_channels,
    )
    return FilmSound(stream=stream, warnings=warnings)
