"""Working out a mix: levels of the sources, ducking, fades, the gain and the limiter.

Loudness is set by static gains alone, so that nothing undoes the ducking.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np

from ..errors import InputError
from ..types import Audio, Progress, SoundStream, check_seconds, no_progress, stream_of
from ..units import seconds_to_samples, seconds_to_timecode
from .ducking import FRAME_S, DuckSettings, SpeechMeter, duck_curve, find_activity
from .limiting import MOST_DRIVE_DB, Leveling, level_to
from .loudness import LevelMeter, Levels, LoudnessMeter, from_db
from .streams import SourceCheck, ahead, prepare

OwnSound = Literal["replace", "mix"]
KEPT_RATES = (44_100, 48_000)
MOST_LIFT_DB = 12.0
"""The own sound is not raised by more: what is quieter is atmosphere, not speech."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MixSettings:
    """How the sound of a film is mixed."""

    own_sound: OwnSound = "mix"
    """"mix": the own sound stays, music ducks under it; "replace": only the music is heard. To keep
    the own sound as a second track, replace here and add in the mux."""
    sample_rate: int | None = None
    """None: the music's own where that is 44.1 or 48 kHz, else 48 kHz."""
    fade_in_s: float = 0.1
    fade_out_s: float = 1.0
    loudness_lufs: float = -14.0
    true_peak_dbtp: float = -1.0
    music_level_db: float = 0.0
    """Music against the own sound; 0: equally loud before ducking."""
    duck: DuckSettings = field(default_factory=DuckSettings)

    def __post_init__(self) -> None:
        check_seconds("The fade-in", self.fade_in_s)
        check_seconds("The fade-out", self.fade_out_s)
        for name, value, low, high in (
            ("The loudness to reach (LUFS)", self.loudness_lufs, -60.0, -5.0),
            ("The highest true peak (dBTP)", self.true_peak_dbtp, -20.0, 0.0),
            ("The level of the music (dB)", self.music_level_db, -40.0, 40.0),
        ):
            if not math.isfinite(value) or not low <= value <= high:
                raise InputError(
                    f"{name} is {value}; needed is a number between {low:g} and {high:g}."
                    " Correct it."
                )
        if self.own_sound not in get_args(OwnSound):
            raise InputError(
                f"The own sound cannot be treated by '{self.own_sound}'; needed is one of"
                f" {', '.join(get_args(OwnSound))}."
            )
        if self.sample_rate is not None and not 8_000 <= self.sample_rate <= 192_000:
            raise InputError(
                f"The mix cannot have a sample rate of {self.sample_rate} Hz; needed is 8000 to"
                " 192000 Hz. Take 48000."
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MixPlan:
    """A mix worked out but not yet rendered; `blocks` renders it, as often as wanted."""

    music: SoundStream
    sample_rate: int
    n_samples: int
    fade_in: int
    fade_out: int
    music_end: int
    """Where the fade-out is complete; fades and end in samples."""
    music_gain: float = 1.0
    own: SoundStream | None = None
    own_gain: float = 1.0
    duck: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """(N,) linear gain on the music per FRAME_S; empty: no ducking."""
    leveling: Leveling | None = None
    ducks_s: tuple[tuple[float, float], ...] = ()
    notes: tuple[str, ...] = ()

    def blocks(self, check: SourceCheck | None = None) -> Generator[np.ndarray]:
        """(2, n) float32 blocks of the mix, `n_samples` in sum; `check` is told of the music."""
        music = prepare(self.music, self.sample_rate, self.n_samples, check)
        own = None
        if self.own is not None:
            own = prepare(self.own, self.sample_rate, self.n_samples)
        start = 0
        for block in music:
            stop = start + block.shape[1]
            mixed = block * self._music_envelope(start, stop)
            if own is not None:
                mixed += next(own) * np.float32(self.own_gain)
            if self.leveling is not None:
                mixed *= self.leveling.gain(start, stop)
            yield mixed
            start = stop

    def _music_envelope(self, start: int, stop: int) -> np.ndarray:
        envelope = np.full(stop - start, self.music_gain, np.float32)
        index = np.arange(start, stop)
        if start < self.fade_in:
            rise = np.clip(index / self.fade_in, 0, 1)
            envelope *= np.sin(rise * (np.pi / 2)).astype(np.float32)
        if stop > self.music_end - self.fade_out:
            fall = np.clip((self.music_end - index) / max(self.fade_out, 1), 0, 1)
            envelope *= np.sin(fall * (np.pi / 2)).astype(np.float32)
        if self.duck.size:
            frames = index / (FRAME_S * self.sample_rate)
            first, last = int(frames[0]), int(frames[-1]) + 2
            near = self.duck[first:last]
            envelope *= np.interp(frames - first, np.arange(near.size), near).astype(np.float32)
        return envelope


def plan_mix(
    music: Audio | SoundStream,
    own: Audio | SoundStream | None,
    duration_s: float,
    settings: MixSettings | None = None,
    progress: Progress = no_progress,
) -> MixPlan:
    """Everything about a mix but its samples; holds no sound of its own.

    Raises:
        InputError: an empty or unreadable source, or an impossible duration.
    """
    settings = settings or MixSettings()
    music = stream_of(music) if isinstance(music, Audio) else music
    own = stream_of(own) if isinstance(own, Audio) else own
    rate = settings.sample_rate or (
        music.sample_rate if music.sample_rate in KEPT_RATES else 48_000
    )
    check_seconds("The duration of the film", duration_s)
    n_samples = seconds_to_samples(duration_s, rate)
    if n_samples == 0:
        raise InputError(
            f"The film lasts {duration_s:g} s; there is nothing to mix to. Choose a longer film."
        )
    draft = _Draft(settings, rate, n_samples)
    if own is None or settings.own_sound == "replace":
        return draft.without_own(music, progress)
    return draft.with_own(music, own, progress)


class _Draft:
    """The passes over the sources that lead to a MixPlan."""

    def __init__(self, settings: MixSettings, rate: int, n_samples: int):
        self._settings = settings
        self._rate = rate
        self._n_samples = n_samples
        self._notes: list[str] = []

    def without_own(self, music: SoundStream, progress: Progress) -> MixPlan:
        check = SourceCheck()
        plan = self._plan(music)
        levels = _levels(plan, progress, check)
        self._judge("The music", check)
        return self._leveled(plan, levels)

    def with_own(self, music: SoundStream, own: SoundStream, progress: Progress) -> MixPlan:
        own_lufs, speech = self._hear_own(own, lambda share: progress(share / 3))
        music_lufs = self._hear_music(music, lambda share: progress((1 + share) / 3))
        wanted = self._settings.loudness_lufs
        own_db = 0.0 if own_lufs is None else min(wanted - own_lufs, MOST_LIFT_DB)
        music_db = 0.0 if music_lufs is None else wanted - music_lufs
        if own_lufs is None:
            self._notes.append("The film's own sound is silent; only the music is heard.")
        elif wanted - own_lufs > MOST_LIFT_DB:
            self._notes.append(
                f"The film's own sound is quiet ({own_lufs:.1f} LUFS); it was raised by"
                f" {MOST_LIFT_DB:g} dB and not fully to the level of the music."
            )
        duck = self._settings.duck
        spans = find_activity(speech * from_db(own_db) ** 2, duck) if duck.depth_db > 0 else []
        curve_db = duck_curve(spans, self._n_samples / self._rate, duck)
        plan = replace(
            self._plan(music),
            own=own,
            own_gain=from_db(own_db),
            music_gain=from_db(music_db + self._settings.music_level_db),
            duck=10 ** (curve_db / 20) if spans else np.zeros(0),
            ducks_s=self._inside(spans),
        )
        levels = _levels(plan, lambda share: progress((2 + share) / 3))
        return self._leveled(plan, levels)

    def _hear_own(self, own: SoundStream, progress: Progress) -> tuple[float | None, np.ndarray]:
        """Loudness and speech-band power of the own sound."""
        check, loudness, speech = SourceCheck(), LoudnessMeter(self._rate), SpeechMeter(self._rate)
        for block in self._told(prepare(own, self._rate, self._n_samples, check), progress):
            loudness.add(block)
            speech.add(block)
        self._judge("The film's own sound", check)
        return loudness.loudness_lufs(), speech.finish()

    def _hear_music(self, music: SoundStream, progress: Progress) -> float | None:
        check, loudness = SourceCheck(), LoudnessMeter(self._rate)
        for block in self._told(prepare(music, self._rate, self._n_samples, check), progress):
            loudness.add(block)
        self._judge("The music", check)
        return loudness.loudness_lufs()

    def _told(self, blocks: Iterator[np.ndarray], progress: Progress) -> Iterator[np.ndarray]:
        done = 0
        for block in blocks:
            yield block
            done += block.shape[1]
            progress(done / self._n_samples)

    def _plan(self, music: SoundStream) -> MixPlan:
        """The music alone, with its fades."""
        end = self._n_samples
        if music.n_samples is not None:
            if music.n_samples == 0:
                raise InputError("The music is empty: it has no samples. Choose another sound.")
            end = min(end, math.ceil(music.n_samples * self._rate / music.sample_rate))
        missing_s = (self._n_samples - end) / self._rate
        if missing_s > 0.05:
            self._notes.append(
                f"The music ends at {seconds_to_timecode(end / self._rate)},"
                f" {missing_s:.1f} s before the picture; silence follows."
            )
        fade_in = seconds_to_samples(self._settings.fade_in_s, self._rate)
        fade_out = seconds_to_samples(self._settings.fade_out_s, self._rate)
        if fade_in + fade_out > end:
            shrink = end / (fade_in + fade_out)
            fade_in, fade_out = int(fade_in * shrink), int(fade_out * shrink)
            self._notes.append(
                f"The fades are longer than the music; they were shortened to"
                f" {fade_in / self._rate:.2f} s and {fade_out / self._rate:.2f} s."
            )
        return MixPlan(
            music=music,
            sample_rate=self._rate,
            n_samples=self._n_samples,
            fade_in=fade_in,
            fade_out=fade_out,
            music_end=end,
        )

    def _judge(self, name: str, check: SourceCheck) -> None:
        """Refuse a source that is not sound; note what was mended."""
        if check.n_samples == 0:
            raise InputError(f"{name} is empty: it has no samples. Choose another sound.")
        if check.n_broken > 0.1 * check.n_values:
            raise InputError(
                f"{name} is broken: {check.n_broken / check.n_values:.0%} of its samples are not"
                " numbers. Make or export it again."
            )
        if check.n_broken:
            self._notes.append(
                f"{name} has {check.n_broken} samples that are not numbers; they were set to"
                " silence."
            )
        if check.n_clipped > 2:
            self._notes.append(
                f"{name} is clipped at {check.n_clipped} places; that distortion was in it before."
            )
        if check.peak > 8:
            self._notes.append(
                f"{name} peaks at {20 * np.log10(check.peak):.0f} dB over full scale; it was"
                " turned down."
            )

    def _inside(self, spans: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
        """The spans cut at the end of the film; says so where the music is hardly ever up."""
        duration_s = self._n_samples / self._rate
        cut = tuple((start_s, min(end_s, duration_s)) for start_s, end_s in spans)
        down_s = sum(end_s - start_s for start_s, end_s in cut)
        if down_s > 0.9 * duration_s:
            self._notes.append(
                f"The music is ducked during {down_s / duration_s:.0%} of the film, since its own"
                " sound hardly pauses. Raise the threshold of ducking to duck under speech only."
            )
        return cut

    def _leveled(self, plan: MixPlan, levels: Levels) -> MixPlan:
        wanted = self._settings.loudness_lufs
        leveling = level_to(levels, wanted, self._settings.true_peak_dbtp)
        reached = leveling.loudness_lufs
        if reached is None:
            self._notes.append("The mix is silent: nothing in it is loud enough to be heard.")
        elif abs(reached - wanted) > 0.3:
            self._notes.append(
                f"The mix ends at {reached:.1f} LUFS instead of {wanted:g}: its peaks stand so far"
                f" above the rest that more than {MOST_DRIVE_DB:g} dB of limiting would be needed."
            )
        elif leveling.gain_db > 40:
            self._notes.append(
                f"The sound is very quiet; it was raised by {leveling.gain_db:.0f} dB, its noise"
                " with it."
            )
        return replace(plan, leveling=leveling, notes=tuple(self._notes))


def _levels(plan: MixPlan, progress: Progress, check: SourceCheck | None = None) -> Levels:
    meter = LevelMeter(plan.sample_rate)
    done = 0
    for block in ahead(plan.blocks(check)):
        meter.add(block)
        done += block.shape[1]
        progress(done / plan.n_samples)
    return meter.finish()
