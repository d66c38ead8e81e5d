"""What is known of one clip: facts and figures, which rules then judge."""

import json
from dataclasses import asdict, dataclass, fields

from ..errors import MediaError

Interval = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Meeting:
    """How the beats meet the transitions."""

    window_s: float
    n_cuts: int
    hits: int
    """Transitions with a beat in the window."""
    chance: float
    """Share that the same beats meet at a random phase."""
    mean_error_ms: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mood:
    """Agreement of the picture's arousal with the energy of the music, over the shots."""

    rho: float | None
    """None where either does not vary."""
    low: float
    high: float
    n_shots: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sounding:
    """The sound of a clip."""

    lost_s: float
    """Picture at the end without sound."""
    loudness_lufs: float | None
    """None in silence."""
    broken_samples: int
    tempo_bpm: float
    beat_confidence: float
    no_beat: str
    """Why there is no beat; empty where there is one."""
    snr_db: float | None
    """Music against the rest; None where no separator is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One file of the folder."""

    key: str
    """Name of its sample."""
    file: str
    """From the folder on, with forward slashes."""
    n_bytes: int
    modified_ns: int
    sha256: str
    """Of the file; empty where it could not be read."""
    measured_with: str
    """Digest of the MeasureSettings."""
    fault: str = ""
    """Why nothing can be made of the file, in a sentence; empty where something can."""
    duration_s: float | None = None
    fps: str = ""
    width: int = 0
    height: int = 0
    has_sound: bool = False
    warning: str = ""
    """What of the sound could not be decoded."""
    sounding: Sounding | None = None
    """None where the length already spoke against the clip."""
    meeting: Meeting | None = None
    """None without beats."""
    mood: Mood | None = None
    has_sample: bool = False

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, ensure_ascii=False, allow_nan=False)


_PARTS = {"sounding": Sounding, "meeting": Meeting, "mood": Mood}


def record_from_json(text: str) -> Record:
    """Raises MediaError unless `text` is what Record.to_json writes."""
    try:
        document = json.loads(text)
        for name, part in _PARTS.items():
            if document[name] is not None:
                document[name] = part(**document[name])
        if set(document) != {field.name for field in fields(Record)}:
            raise ValueError("other names")
        return Record(**document)
    except (ValueError, TypeError, KeyError) as error:
        raise MediaError(
            f"A record of an examined clip is damaged ({error}). Build in an empty folder."
        ) from None
