"""The sound of any media file, on the clock of its picture."""

import logging
from dataclasses import dataclass

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer

from ..errors import InputError, MediaError
from ..types import Audio, Samples, audio_of, check_seconds
from ..units import seconds_to_samples
from .decoding import Damage, SoundRun, decode_sound, find_origin
from .opening import Source, find_picture, find_sound, open_media, source_name

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sound:
    """What could be read of a file's sound, and what could not."""

    samples: Samples | None
    """None where the file has no sound at all, or none in the window."""
    warning: str = ""
    """One sentence for the creator where part of the sound is damaged; else empty."""

    @property
    def audio(self) -> Audio | None:
        return None if self.samples is None else audio_of(self.samples)


def read_sound(
    source: Source,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate: int | None = None,
) -> Sound:
    """Decode the sound of a media file: (C, T) float32 in libav's order of channels.

    Sample 0 lies at `start_s` after the first frame shown, or after the first sample where the
    file has no picture: sound that starts later than the picture gets silence before it, sound
    that starts earlier loses its head. Gaps become silence. Packets that cannot be decoded are
    passed over (silence) and named in `warning`; the rest of the sound is used.
    `sample_rate` resamples; by default the file's own rate stays.

    Raises:
        InputError: the window or the rate is not usable.
        MediaError: not a media file; or its sound cannot be decoded at all.
    """
    check_seconds("The start of the window", start_s)
    if duration_s is not None:
        check_seconds("The duration of the window", duration_s)
    if sample_rate is not None and not 1_000 <= sample_rate <= 768_000:
        raise InputError(f"The sample rate is {sample_rate} Hz; needed is 1000 to 768000 Hz.")
    name = source_name(source)
    origin_s = find_origin(source) + start_s
    with open_media(source) as container:
        stream = find_sound(container)
        if stream is None and find_picture(container) is None:
            raise MediaError(f"{name} holds neither sound nor picture. Choose another file.")
        if stream is None:
            return Sound(samples=None)
        if stream.codec_context is None:
            raise MediaError(
                f"The sound of {name} is in a format that cannot be decoded here. Convert it, for"
                " example to WAV."
            )
        rate = sample_rate or stream.rate
        canvas = _Canvas(rate, duration_s, _expected(container, stream, start_s))
    damage = _fill(canvas, source, origin_s)
    if not canvas.n_samples and damage.n_packets:
        raise MediaError(
            f"The sound of {name} cannot be decoded; it is damaged. Remove the sound from the"
            " file, or export it again."
        )
    return Sound(samples=canvas.samples(), warning=damage.sentence(name, origin_s))


def read_audio(
    source: Source,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    sample_rate: int | None = None,
) -> Audio | None:
    """`read_sound` for callers without a place to show its warning; it goes to the log."""
    sound = read_sound(source, start_s=start_s, duration_s=duration_s, sample_rate=sample_rate)
    if sound.warning:
        _log.warning(sound.warning)
    return sound.audio


def _expected(container: InputContainer, stream: AudioStream, start_s: float) -> float:
    """Seconds of sound that the file states from `start_s` on; 0 where it states none."""
    if stream.duration and stream.time_base:
        return max(0.0, float(stream.duration * stream.time_base) - start_s)
    if container.duration:
        return max(0.0, container.duration / av.time_base - start_s)
    return 0.0


class _Canvas:
    """Samples placed by time; one growing array, so that long sound is held once."""

    def __init__(self, rate: int, duration_s: float | None, expected_s: float):
        self.rate = rate
        self.limit = None if duration_s is None else seconds_to_samples(duration_s, rate)
        expected = seconds_to_samples(min(expected_s, 6 * 3600.0), rate) + rate
        self._capacity = expected if self.limit is None else min(expected, self.limit)
        self._samples: np.ndarray | None = None
        self.n_samples = 0

    @property
    def full(self) -> bool:
        return self.limit is not None and self.n_samples >= self.limit

    def place(self, samples: np.ndarray, at: int) -> None:
        """Put (C, T) float32 samples at index `at`; what lies before 0 or past the end is cut."""
        if at < 0:
            samples, at = samples[:, -at:], 0
        end = at + samples.shape[1]
        if self.limit is not None and end > self.limit:
            samples, end = samples[:, : max(0, self.limit - at)], self.limit
        if not samples.shape[1]:
            return
        if self._samples is None:
            self._samples = np.zeros((samples.shape[0], max(self._capacity, end)), np.float32)
        if end > self._samples.shape[1]:
            grown = np.zeros((self._samples.shape[0], end + end // 2), np.float32)
            grown[:, : self.n_samples] = self._samples[:, : self.n_samples]
            self._samples = grown
        n_channels = min(self._samples.shape[0], samples.shape[0])
        self._samples[:n_channels, at:end] = samples[:n_channels]
        self.n_samples = max(self.n_samples, end)

    def samples(self) -> Samples | None:
        if self._samples is None:
            return None
        return Samples(values=self._samples[:, : self.n_samples], sample_rate=self.rate)


def _fill(canvas: _Canvas, source: Source, origin_s: float) -> Damage:
    """Decode and place the sound from container time `origin_s` on."""
    run, damage = SoundRun(canvas, origin_s), Damage()
    for time_s, frames in decode_sound(source, origin_s):
        if frames is None:
            damage = damage.with_packet(time_s)
        for frame in frames or ():
            run.add(frame)
        if canvas.full:
            break
    run.finish()
    return damage
