"""The report that `--report` writes and the nodes show: what was found, planned and delivered."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from .types import BeatPlan, Storyboard

STAGES = ("parse", "plan", "sample", "decode", "mix", "mux")


@dataclass(frozen=True, kw_only=True, slots=True)
class AudioFacts:
    """What was delivered: length, format and measured loudness (ITU-R BS.1770)."""

    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    """None where there is nothing to hear."""
    true_peak_dbtp: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SnapFacts:
    """How finished music was moved onto the cuts."""

    music_tempo_bpm: float
    beat_confidence: float
    music_start_s: float
    """Where in the music the result begins."""
    stretch_percent: tuple[float, float]
    """Least and greatest change of length of a segment."""
    joins_s: tuple[float, ...]
    """Where the music was repeated or shortened."""
    attack_errors_ms: tuple[float | None, ...]
    """Per hit, the measured attack against the beat; None where there is no clear attack."""


@dataclass
class Stopwatch:
    """Seconds spent per stage; stages that did not run stay away."""

    timings_s: dict[str, float] = field(default_factory=dict)
    _start_s: float = field(default_factory=time.perf_counter)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start_s = time.perf_counter()
        try:
            yield
        finally:
            spent_s = time.perf_counter() - start_s
            self.timings_s[name] = self.timings_s.get(name, 0.0) + spent_s

    def total(self) -> dict[str, float]:
        """All stages in the order of the pipeline, and the total since the stopwatch was made."""
        timings_s = {name: self.timings_s.get(name, 0.0) for name in STAGES}
        timings_s |= self.timings_s
        timings_s["total"] = time.perf_counter() - self._start_s
        return {name: round(spent_s, 3) for name, spent_s in timings_s.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One run, as JSON; the keys are part of the command line's contract."""

    storyboard: Storyboard
    plan: BeatPlan | None = None
    audio: AudioFacts | None = None
    seed: int | None = None
    model: str = ""
    """What made the music: a checkpoint, the composer, or the file that was snapped."""
    snap: SnapFacts | None = None
    notes: tuple[str, ...] = ()
    """Sentences about what was repaired or left out."""
    timings_s: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict:
        storyboard, plan = self.storyboard, self.plan
        return {
            "video": {"duration_s": storyboard.duration_s, "fps": float(storyboard.fps)},
            "transitions": [
                {"time_s": t.time_s, "kind": t.kind, "strength": t.strength}
                for t in storyboard.transitions
            ],
            "shots": [asdict(shot) for shot in storyboard.shots],
            "beats_s": list(beats_within_clip(plan)) if plan else [],
            "downbeats_s": list(downbeats_within_clip(plan)) if plan else [],
            "hits": [asdict(hit) for hit in plan.hits] if plan else [],
            "misses": [asdict(miss) for miss in plan.misses] if plan else [],
            "tempo_bpm": {
                "base": plan.tempo.base_bpm,
                "min": plan.tempo.min_bpm,
                "max": plan.tempo.max_bpm,
            }
            if plan
            else None,
            "audio": asdict(self.audio) if self.audio else None,
            "seed": self.seed,
            "model": self.model,
            "snap": asdict(self.snap) if self.snap else None,
            "notes": list(self.notes),
            "timings_s": self.timings_s,
        }

    def to_json(self) -> str:
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def beats_within_clip(plan: BeatPlan) -> tuple[float, ...]:
    """Beats that a viewer can hear; the plan itself reaches past both ends of the clip."""
    return tuple(b for b in plan.beats_s if 0 <= b <= plan.duration_s)


def downbeats_within_clip(plan: BeatPlan) -> tuple[float, ...]:
    return tuple(b for b in plan.downbeats_s if 0 <= b <= plan.duration_s)
