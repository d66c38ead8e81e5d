"""Values that cross between stages: frozen, checked once at construction.

All times are float seconds from the first frame shown; intervals are half-open:
start_s <= t < end_s. Shape letters of the project: B batch, C channels, T samples or tokens,
L latent frames, F video frames, S shots, D features, H W pixels.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, get_args

from .errors import InputError

if TYPE_CHECKING:  # neither is loaded by those who only plan: torch takes seconds and 700 MB
    import numpy as np
    import torch

Progress = Callable[[float], None]
"""Told the share done, in [0, 1]. It may raise to interrupt; a stage then frees what it holds."""

TransitionKind = Literal["cut", "dissolve", "fade", "flash"]
HitUnit = Literal["downbeat", "beat", "half-beat"]
Part = Literal["drums", "bass", "harmony", "keys", "lead", "strings"]
Mode = Literal["major", "minor", "dorian", "mixolydian"]
PARTS: tuple[Part, ...] = get_args(Part)
SCALES: dict[Mode, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}
"""Steps of each mode above its tonic."""

LONGEST_CLIP_S = 24 * 3600.0


def no_progress(share: float) -> None:
    """The Progress that tells nobody."""


def check_seconds(name: str, value: float, *, low: float = 0.0) -> None:
    """Raise InputError unless `value` is a plausible time in seconds."""
    if not math.isfinite(value) or value < low:
        raise InputError(
            f"{name} is {value}; it must be a number of seconds, {low:g} or more. Correct it."
        )
    if value > LONGEST_CLIP_S:
        raise InputError(
            f"{name} is {value:g} s, more than a day. Were milliseconds given? Seconds are needed."
        )


def check_share(name: str, value: float, *, low: float = 0.0) -> None:
    """Raise InputError unless `value` lies in [low, 1]."""
    if not math.isfinite(value) or not low <= value <= 1.0:
        raise InputError(f"{name} is {value}; it must lie between {low:g} and 1. Correct it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """A place where the picture changes on purpose."""

    time_s: float
    """A cut: the first frame of the new shot. Dissolve, fade, flash: the middle."""
    kind: TransitionKind = "cut"
    duration_s: float = 0.0
    strength: float = 1.0
    """How much the picture changes, in [0, 1]."""
    starred: bool = False
    """The creator wants the music to hit this one before all others."""

    def __post_init__(self) -> None:
        check_seconds("The time of a transition", self.time_s)
        check_seconds("The duration of a transition", self.duration_s)
        check_share("The strength of a transition", self.strength)
        if self.kind not in get_args(TransitionKind):
            raise InputError(
                f"A transition is of kind '{self.kind}'; needed is one of"
                f" {', '.join(get_args(TransitionKind))}. Correct it."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Affect:
    """Mood in the plane of Russell's circumplex."""

    valence: float
    """-1 gloomy ... 0 neutral ... 1 happy."""
    arousal: float
    """0 calm ... 1 intense."""

    def __post_init__(self) -> None:
        check_share("Valence", self.valence, low=-1.0)
        check_share("Arousal", self.arousal)


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """What a shot looks like: means over its frames."""

    keyframe_s: float
    """Time of the frame that stands for the shot."""
    brightness: float
    saturation: float
    contrast: float
    """Each in [0, 1]."""
    warmth: float
    """-1 blue ... 1 red and yellow."""
    hues: tuple[float, ...]
    """Shares of 12 hues from red, weighted by saturation; they add up to 1, or to 0 for grey."""

    def __post_init__(self) -> None:
        check_seconds("The time of a keyframe", self.keyframe_s)
        check_share("Brightness", self.brightness)
        check_share("Saturation", self.saturation)
        check_share("Contrast", self.contrast)
        check_share("Warmth", self.warmth, low=-1.0)
        for share in self.hues:
            check_share("The share of a hue", share)


@dataclass(frozen=True, kw_only=True, slots=True)
class Motion:
    """How a shot moves, in picture widths per second."""

    mean: float
    peak: float
    """95th percentile over the shot."""

    def __post_init__(self) -> None:
        for name, value in (("Mean motion", self.mean), ("Peak motion", self.peak)):
            if not math.isfinite(value) or value < 0:
                raise InputError(f"{name} is {value}; it must be 0 or more. Correct it.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shot:
    """A stretch of picture between two transitions."""

    start_s: float
    end_s: float
    affect: Affect
    picture: Picture
    motion: Motion
    caption: str = ""
    """What is seen or meant; the creator's words win over the pixels."""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_seconds("The start of a shot", self.start_s)
        check_seconds("The end of a shot", self.end_s)
        if self.end_s <= self.start_s:
            raise InputError(
                f"A shot starts at {self.start_s:g} s and ends at {self.end_s:g} s; it must end"
                " after it starts. Correct its times."
            )

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True, kw_only=True, slots=True)
class Storyboard:
    """What the picture tells: shots that tile the clip, and the transitions between them."""

    duration_s: float
    fps: Fraction
    shots: tuple[Shot, ...]
    transitions: tuple[Transition, ...] = ()
    theme: str = ""
    """One sentence about the whole clip."""
    style: str = ""
    """Name of a musical style; empty: follows from theme, tags and affect."""
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_seconds("The duration of the clip", self.duration_s)
        if self.duration_s <= 0 or not self.shots:
            raise InputError("The storyboard is empty; it needs a duration and at least one shot.")
        if self.fps <= 0 or self.fps > 1000:
            raise InputError(
                f"The frame rate is {self.fps}; needed are frames per second between 0 and 1000."
            )
        self._check_shots()
        self._check_transitions()

    def _check_shots(self) -> None:
        edges = [0.0, *(shot.end_s for shot in self.shots)]
        for number, (edge, shot) in enumerate(zip(edges, self.shots, strict=False), 1):
            if abs(shot.start_s - edge) > 1e-6:
                raise InputError(
                    f"Shot {number} starts at {shot.start_s:g} s, but what comes before it ends at"
                    f" {edge:g} s; shots must follow each other without gap or overlap from 0 s on."
                    " Correct their times."
                )
        if abs(edges[-1] - self.duration_s) > 1e-6:
            raise InputError(
                f"The last shot ends at {edges[-1]:g} s, but the clip lasts {self.duration_s:g} s;"
                " the shots must cover the clip. Correct the end of the last shot."
            )

    def _check_transitions(self) -> None:
        times = [transition.time_s for transition in self.transitions]
        if any(later <= earlier for earlier, later in pairwise(times)):
            raise InputError(
                "The transitions are not in order of time, or two are at the same time."
                " Sort them and remove doubles."
            )
        if times and times[-1] > self.duration_s:
            raise InputError(
                f"A transition is at {times[-1]:g} s, but the clip lasts {self.duration_s:g} s."
                " Remove it or correct its time."
            )

    def shot_index(self, time_s: float) -> int:
        """Index of the shot that covers `time_s`; times outside the clip get its first or last."""
        for index, shot in enumerate(self.shots):
            if time_s < shot.end_s:
                return index
        return len(self.shots) - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Metre:
    """How beats group into bars and divide."""

    name: str
    beats_per_bar: int
    steps_per_beat: int
    """Sixteenth notes in a beat: 4, or 6 where the beat is a dotted quarter."""
    divisions: int
    """Even parts that a beat falls into: 2, or 3 in compound metre. One part is a 'half-beat'."""

    @property
    def quarters_per_beat(self) -> float:
        return self.steps_per_beat / 4


METRES = {
    "4/4": Metre(name="4/4", beats_per_bar=4, steps_per_beat=4, divisions=2),
    "3/4": Metre(name="3/4", beats_per_bar=3, steps_per_beat=4, divisions=2),
    "6/8": Metre(name="6/8", beats_per_bar=2, steps_per_beat=6, divisions=3),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A transition that falls on the grid of the beat plan."""

    transition_s: float
    beat_s: float
    """The grid point it falls on: a beat or a part of one."""
    unit: HitUnit
    error_ms: float
    """beat_s - transition_s: positive where the music is late."""
    error_frames: float
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Miss:
    """A transition that the plan let go, and why."""

    transition_s: float
    beat_s: float
    """The nearest grid point."""
    error_ms: float
    error_frames: float
    weight: float
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Tempo:
    """Tempo of a beat plan in beats per minute: the base asked for or found, and its extremes."""

    base_bpm: float
    min_bpm: float
    max_bpm: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BeatPlan:
    """The tempo map: every beat in seconds, and what each transition meets.

    The beats cover the clip: beats_s[0] <= 0 and beats_s[-1] >= duration_s. Between two beats the
    tempo is constant.
    """

    duration_s: float
    fps: Fraction
    beats_s: tuple[float, ...]
    downbeats: tuple[int, ...]
    """Indices into beats_s of the first beats of bars; bars may differ in length."""
    metre: Metre
    tempo: Tempo
    hits: tuple[Hit, ...] = ()
    misses: tuple[Miss, ...] = ()

    def __post_init__(self) -> None:
        check_seconds("The duration of the clip", self.duration_s)
        if len(self.beats_s) < 2:
            raise InputError("A beat plan needs at least two beats.")
        steps = pairwise(self.beats_s)
        if not all(math.isfinite(b) for b in self.beats_s) or any(b <= a for a, b in steps):
            raise InputError("The beats of the plan are not in order of time. Sort them.")
        if self.beats_s[0] > 1e-9 or self.beats_s[-1] < self.duration_s - 1e-9:
            raise InputError(
                f"The beats run from {self.beats_s[0]:g} s to {self.beats_s[-1]:g} s; they must"
                f" cover the clip from 0 to {self.duration_s:g} s."
            )
        if any(not 0 <= i < len(self.beats_s) for i in self.downbeats) or any(
            b <= a for a, b in pairwise(self.downbeats)
        ):
            raise InputError("A downbeat of the plan is not one of its beats, or out of order.")

    @property
    def downbeats_s(self) -> tuple[float, ...]:
        return tuple(self.beats_s[i] for i in self.downbeats)

    @property
    def n_beats(self) -> int:
        """Number of intervals between beats."""
        return len(self.beats_s) - 1


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Audio:
    """Sound and its rate."""

    waveform: "torch.Tensor"
    """(C, T) float32, full scale is 1."""
    sample_rate: int

    def __post_init__(self) -> None:
        _check_sound(tuple(self.waveform.shape), str(self.waveform.dtype), self.sample_rate)

    @property
    def n_channels(self) -> int:
        return self.waveform.shape[0]

    @property
    def n_samples(self) -> int:
        return self.waveform.shape[1]

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Samples:
    """Sound and its rate as numpy holds it, for the stages that need no tensors."""

    values: "np.ndarray"
    """(C, T) float32, full scale is 1."""
    sample_rate: int

    def __post_init__(self) -> None:
        _check_sound(self.values.shape, str(self.values.dtype), self.sample_rate)

    @property
    def n_channels(self) -> int:
        return self.values.shape[0]

    @property
    def n_samples(self) -> int:
        return self.values.shape[1]

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate


def _check_sound(shape: tuple[int, ...], dtype: str, sample_rate: int) -> None:
    if len(shape) != 2 or shape[0] < 1:
        raise InputError(f"The sound has the shape {shape}; needed is (channels, samples).")
    if dtype.removeprefix("torch.") != "float32":
        raise InputError(f"The sound is of type {dtype}; needed is float32.")
    if not 1_000 <= sample_rate <= 768_000:
        raise InputError(
            f"The sound has a sample rate of {sample_rate} Hz; needed is 1000 to 768000 Hz."
        )


def samples_of(sound: Audio | Samples) -> Samples:
    """The same sound for numpy; nothing is copied where it lies in main memory."""
    if isinstance(sound, Samples):
        return sound
    values = sound.waveform.detach().cpu().numpy()
    return Samples(values=values, sample_rate=sound.sample_rate)


def audio_of(sound: Samples) -> Audio:
    """The same sound as a tensor; nothing is copied."""
    import torch

    return Audio(waveform=torch.from_numpy(sound.values), sample_rate=sound.sample_rate)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SoundStream:
    """Sound that can be read from its start again and again, block by block, in flat memory."""

    sample_rate: int
    n_samples: int | None
    """None where the end is not known before it is read."""
    open: "Callable[[], Iterator[np.ndarray]]"
    """Starts from the first sample; yields (C, n) float32 blocks of any length."""
    n_channels: int = 2

    @property
    def duration_s(self) -> float | None:
        return None if self.n_samples is None else self.n_samples / self.sample_rate


def stream_of(audio: Audio | Samples, block: int = 1 << 17) -> SoundStream:
    """The stream of a sound that is held whole, in blocks of `block` samples."""
    samples = samples_of(audio).values

    def blocks() -> "Iterator[np.ndarray]":
        for start in range(0, samples.shape[1], block):
            yield samples[:, start : start + block]

    return SoundStream(
        sample_rate=audio.sample_rate,
        n_samples=audio.n_samples,
        open=blocks,
        n_channels=audio.n_channels,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One note of a part, placed on the grid of sixteenths (Metre.steps_per_beat)."""

    step: int
    """Grid index from beats_s[0] of the plan."""
    duration_steps: float
    pitch: int
    """MIDI pitch, 60 = middle C; drums: General MIDI percussion key."""
    velocity: int
    """1 ... 127."""
    offset_steps: float = 0.0
    """Swing and human timing, in (-1, 1); in grid steps."""

    def __post_init__(self) -> None:
        if not 0 <= self.pitch <= 127 or not 1 <= self.velocity <= 127:
            raise InputError(
                f"A note has pitch {self.pitch} and velocity {self.velocity}; needed are a pitch"
                " of 0 to 127 and a velocity of 1 to 127."
            )
        if self.step < 0 or not self.duration_steps > 0 or not -1 < self.offset_steps < 1:
            raise InputError(
                f"A note at step {self.step} + {self.offset_steps:g} lasts {self.duration_steps:g}"
                " steps; needed are step >= 0, an offset in (-1, 1) and a duration above 0."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """Key centre and mode."""

    tonic: int
    """Pitch class, 0 = C."""
    mode: Mode

    @property
    def scale(self) -> tuple[int, ...]:
        """Pitch classes of the key, from the tonic up."""
        return tuple((self.tonic + step) % 12 for step in SCALES[self.mode])


@dataclass(frozen=True, kw_only=True, slots=True)
class Chord:
    """A chord from `step` to the next chord's step (or the end)."""

    step: int
    root: int
    """Pitch class, 0 = C."""
    pitch_classes: tuple[int, ...]
    symbol: str
    """As on a lead sheet: 'Am7', 'F/A'."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """Notes per part on the grid of a beat plan."""

    parts: tuple[tuple[Part, tuple[Note, ...]], ...]
    """Each part once, in the order of PARTS; notes sorted by (step, offset, pitch)."""
    beats_s: tuple[float, ...]
    """The tempo map, as in the beat plan."""
    downbeats: tuple[int, ...]
    metre: Metre
    duration_s: float
    style: str
    key: Key
    chords: tuple[Chord, ...] = ()
    instruments: tuple[tuple[Part, str], ...] = field(default=())
    """Instrument names per part; a part that is not named has the style's own."""

    def notes(self, part: Part) -> tuple[Note, ...]:
        """Notes of one part; empty where the part is silent."""
        return dict(self.parts).get(part, ())


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MusicLatents:
    """Music as its codec's latent frames, on the clock of the clip."""

    z: "torch.Tensor"
    """(C, L) float32."""
    frame_times_s: "torch.Tensor"
    """(L + 1,) float64 edges of the frames, increasing."""
    codec: str
    """Name of the codec, which alone knows what the channels mean."""

    def __post_init__(self) -> None:
        if self.z.ndim != 2 or self.frame_times_s.shape != (self.z.shape[1] + 1,):
            raise InputError(
                f"The latents have the shape {tuple(self.z.shape)} and"
                f" {len(self.frame_times_s)} edges; needed are (channels, frames) and one edge more"
                " than frames."
            )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Conditioning:
    """What the music model is told of one clip (VeM eq. 6, and the clock of the latents)."""

    frame_times_s: "torch.Tensor"
    """(L + 1,) float64 edges of the latent frames."""
    frames: "torch.Tensor"
    """(L, D) where a frame lies in bar, phrase and clip."""
    activations: "torch.Tensor"
    """(L, D) where a transition asks for a hit, in and around each frame."""
    texts: "torch.Tensor"
    """(S, 3, D) theme caption, tags and shot text; the first two are the same for every shot."""
    pictures: "torch.Tensor"
    """(S, D) what a shot looks like."""
    shot_edges_s: "torch.Tensor"
    """(S + 1,) float64; the shots tile the clip."""
    edge_widths_s: "torch.Tensor"
    """(S - 1,) how long the dissolve at each inner edge takes; 0 for cuts."""
    overall: "torch.Tensor"
    """(D,) what holds for the whole piece: style, key, metre, tempo, mood."""
    reference: "torch.Tensor"
    """(C, M) latent frames that tell the themes a piece is made from; M = 0: none."""
    reference_at: "torch.Tensor"
    """(L,) int64: which frame of the reference each latent frame takes up; -1: none."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Music:
    """What a codec decodes: the sum, its stems and, where there is one, the score."""

    sound: Samples
    """The mix."""
    played: tuple[tuple[str, Samples], ...] = ()
    """The stems, by name; they add up to the mix, sample for sample."""
    score: Score | None = None

    @property
    def mix(self) -> Audio:
        """The mix as a tensor."""
        return audio_of(self.sound)

    @property
    def stems(self) -> tuple[tuple[str, Audio], ...]:
        """The stems as tensors."""
        return tuple((name, audio_of(stem)) for name, stem in self.played)


def as_times(name: str, times_s: Sequence[float]) -> tuple[float, ...]:
    """Check a list of times: finite, plausible seconds; returned sorted without doubles."""
    for time_s in times_s:
        check_seconds(name, time_s)
    return tuple(sorted(set(times_s)))
