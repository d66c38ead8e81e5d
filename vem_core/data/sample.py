"""One clip as training reads it: storyboard, beats, small frames, keyframes and sound.

Members of a sample `KEY`, in the order of the tar:

    KEY.beats.json        the beats as tracked, and how sure they are
    KEY.flac              sound, stereo, as long as the picture
    KEY.frames.npy        (T, H, W, 3) uint8 RGB at frame_rate_hz: what the aligner looks at
    KEY.json              name, length, rates and figures
    KEY.key000.jpg ...    a picture of each shot, for an encoder of one's choice
    KEY.plan.json         the same beats as a beat plan, with hits and misses
    KEY.storyboard.json   shots and transitions
"""

import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from ..errors import InputError, MediaError
from ..parsing.storyboard import storyboard_from_json, storyboard_to_json
from ..rhythm.beat_plan import beat_plan_from_json, beat_plan_to_json
from ..rhythm.plan_report import report_plan
from ..rhythm.plan_settings import PlanSettings
from ..rhythm.plan_timing import extend_beats
from ..rhythm.tracking import BeatTrack
from ..types import BeatPlan, Samples, Storyboard, Tempo
from ..units import beat_s_to_bpm
from .settings import MeasureSettings
from .tars import Members

FIXED = ("beats.json", "flac", "frames.npy", "json", "plan.json", "storyboard.json")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sample:
    """A sample read back."""

    key: str
    about: dict
    storyboard: Storyboard
    plan: BeatPlan
    beats: dict
    frames: np.ndarray
    """(T, H, W, 3) uint8"""
    keyframes: tuple[bytes, ...]
    """JPEG, one a shot."""
    sound: Samples


def plan_of_track(track: BeatTrack, storyboard: Storyboard, window_s: float) -> BeatPlan:
    """Tracked beats as a plan: extended to the clip's ends, transitions within the window hit."""
    found_s = tuple(round(t, 6) for t in track.beats_s)
    beats_s = extend_beats(found_s, storyboard.duration_s)
    first = beats_s.index(found_s[0])
    length = max(track.beats_per_bar, 1)
    starts = [first + i for i in track.downbeats] or [first]
    downbeats = (
        *range(starts[0] % length, starts[0], length),
        *starts,
        *range(starts[-1] + length, len(beats_s), length),
    )
    metre = "6/8" if track.division.parts == 3 else "3/4" if track.beats_per_bar == 3 else "4/4"
    base_bpm = float(np.clip(track.tempo_bpm, 30, 300))
    settings = PlanSettings(
        fixed_tempo_bpm=base_bpm, metre=metre, hit_unit="beat", hit_tolerance_ms=1000 * window_s
    )
    hits, misses = report_plan(storyboard, settings, base_bpm, beats_s, downbeats)
    tempi = [beat_s_to_bpm(float(step_s)) for step_s in np.diff(beats_s)]
    return BeatPlan(
        duration_s=storyboard.duration_s,
        fps=storyboard.fps,
        beats_s=beats_s,
        downbeats=downbeats,
        metre=settings.metre_value,
        tempo=Tempo(base_bpm=track.tempo_bpm, min_bpm=min(tempi), max_bpm=max(tempi)),
        hits=hits,
        misses=misses,
    )


def make_sample(
    about: dict,
    storyboard: Storyboard,
    track: BeatTrack,
    frames: np.ndarray,
    keyframes: Sequence[bytes],
    sound: Samples,
    settings: MeasureSettings,
) -> Members:
    """Every member of a sample; the same input gives the same bytes."""
    held = io.BytesIO()
    np.save(held, np.ascontiguousarray(frames))
    plan = plan_of_track(track, storyboard, settings.hit_window_s)
    return {
        "beats.json": _json({name: _plain(v) for name, v in asdict(track).items()}),
        "flac": _flac(sound),
        "frames.npy": held.getvalue(),
        "json": _json(about),
        "plan.json": beat_plan_to_json(plan).encode(),
        "storyboard.json": storyboard_to_json(storyboard).encode(),
        **{f"key{i:03d}.jpg": jpeg for i, jpeg in enumerate(keyframes)},
    }


def _plain(value: object) -> object:
    if isinstance(value, float):
        return round(value, 6)
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _json(document: dict) -> bytes:
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode()


def _flac(sound: Samples) -> bytes:
    import soundfile

    held = io.BytesIO()
    soundfile.write(held, sound.values.T, sound.sample_rate, format="FLAC", subtype="PCM_16")
    return held.getvalue()


def read_sample(key: str, members: Members) -> Sample:
    """The sample that `make_sample` wrote.

    Raises:
        MediaError: a member is missing or damaged, or they do not belong together.
    """
    missing = [name for name in FIXED if name not in members]
    if missing:
        raise MediaError(f"Sample '{key}' lacks {', '.join(missing)}. Build the shards again.")
    try:
        sample = Sample(
            key=key,
            about=json.loads(members["json"]),
            storyboard=storyboard_from_json(members["storyboard.json"].decode()),
            plan=beat_plan_from_json(members["plan.json"].decode()),
            beats=json.loads(members["beats.json"]),
            frames=np.load(io.BytesIO(members["frames.npy"]), allow_pickle=False),
            keyframes=tuple(members[n] for n in sorted(members) if n.endswith(".jpg")),
            sound=_read_flac(members["flac"]),
        )
    except (InputError, ValueError, RuntimeError) as error:
        raise MediaError(f"Sample '{key}' is damaged ({error}). Build the shards again.") from None
    _check(sample)
    return sample


def _read_flac(data: bytes) -> Samples:
    import soundfile

    values, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return Samples(values=np.ascontiguousarray(values.T), sample_rate=rate)


def _check(sample: Sample) -> None:
    """Raise MediaError unless picture, sound and words are of one clip."""
    duration_s, rate_hz = sample.storyboard.duration_s, float(sample.about["frame_rate_hz"])
    wrong = []
    if abs(sample.sound.duration_s - duration_s) > 0.01:
        wrong.append(f"its sound lasts {sample.sound.duration_s:.2f} s")
    if abs(len(sample.frames) / rate_hz - duration_s) > 2 / rate_hz:
        wrong.append(f"its frames last {len(sample.frames) / rate_hz:.2f} s")
    if len(sample.keyframes) != len(sample.storyboard.shots):
        wrong.append(f"it has {len(sample.keyframes)} keyframes")
    if abs(sample.plan.duration_s - duration_s) > 1e-6:
        wrong.append(f"its plan lasts {sample.plan.duration_s:.2f} s")
    if wrong:
        raise MediaError(
            f"Sample '{sample.key}' does not fit together: its storyboard lasts"
            f" {duration_s:.2f} s and has {len(sample.storyboard.shots)} shots, but"
            f" {' and '.join(wrong)}. Build the shards again."
        )
