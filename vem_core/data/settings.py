"""What a clip must be to teach anything, and how it is written down."""

import hashlib
import json
from dataclasses import asdict, dataclass, field

from ..errors import InputError
from ..parsing.settings import SHORTEST_SHOT_S, DetectorName, ParseSettings
from ..types import check_seconds, check_share

DATA_VERSION = 1
"""To be raised whenever the same video and settings give another sample or other figures."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What is wanted; after TB-Match (VeM, section on data), whose thresholds were not printed.

    Changing a rule does not look at a video again that was looked at before, unless a sample of it
    is missing.
    """

    shortest_s: float = 10.0
    longest_s: float = 60.0
    least_snr_db: float = 20.0
    """Music against the rest of the sound; where a separator is there (VeM: 20 dB)."""
    least_cuts: int = 4
    """Transitions; with fewer no hit rate says anything."""
    confidence: float = 0.95
    """Of the interval of the hit rate that must lie above chance."""
    affect_reaches: float = 0.0
    """The interval of the agreement of arousal and energy must reach this: with some shots only it
    is wide, so a clip is rejected where it surely says the opposite."""
    most_lost_sound_s: float = 0.5
    """Picture at the end that has no sound."""

    def __post_init__(self) -> None:
        check_seconds("The shortest length", self.shortest_s)
        check_seconds("The longest length", self.longest_s)
        if not self.shortest_s <= self.longest_s:
            raise InputError(
                f"Clips shall last {self.shortest_s:g} to {self.longest_s:g} s, which none can."
                " Swap the two."
            )
        if self.least_cuts < 1:
            raise InputError(f"{self.least_cuts} cuts are asked for; 1 or more are needed.")
        if not 0.5 <= self.confidence < 1:
            raise InputError(f"The confidence is {self.confidence}; needed is 0.5 to below 1.")

    def fits(self, duration_s: float) -> bool:
        """Whether a clip of this length is wanted; half a frame is forgiven."""
        return self.shortest_s - 0.02 <= duration_s <= self.longest_s + 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasureSettings:
    """What is measured in a video and what its sample holds; another value means looking again."""

    data_version: int = DATA_VERSION
    detector: DetectorName = "adaptive"
    sensitivity: float = 0.5
    shortest_shot_s: float = SHORTEST_SHOT_S
    keyframe_width: int = 320
    frame_rate_hz: float = 16.0
    """Of the small frames in a sample: what the aligner looks at (VeM: 16 fps)."""
    frame_width: int = 64
    frame_height: int = 36
    sample_rate: int = 44_100
    """Of the sound in a sample, stereo."""
    hit_window_s: float = 0.07
    """A transition with a beat as near as this is hit."""
    separator: str = ""
    """Name and fingerprint of the separator that every machine must have; empty: SNR is not
    measured."""

    def __post_init__(self) -> None:
        if not 8_000 <= self.sample_rate <= 192_000:
            raise InputError(
                f"The sample rate is {self.sample_rate} Hz; needed is 8000 to 192000 Hz."
            )
        if not 0 < self.hit_window_s <= 0.2:
            raise InputError(
                f"The window of a hit is {self.hit_window_s} s; it must be above 0 and at most"
                " 0.2 s."
            )

    @property
    def parse(self) -> ParseSettings:
        return ParseSettings(
            detector=self.detector,
            sensitivity=self.sensitivity,
            shortest_shot_s=self.shortest_shot_s,
            keyframe_width=self.keyframe_width,
        )

    @property
    def digest(self) -> str:
        """Changes with every field."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSettings:
    """All that decides what stands in the shards."""

    rules: Rules = field(default_factory=Rules)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    clips_per_shard: int = 100
    held_out_share: float = 0.05
    """Of the clips, for validation; clips that share music or picture go to the same side."""

    def __post_init__(self) -> None:
        check_share("The share held out", self.held_out_share)
        if self.clips_per_shard < 1:
            raise InputError(
                f"A shard of {self.clips_per_shard} clips is none; needed is 1 or more."
            )

    def as_dict(self) -> dict:
        return asdict(self)
