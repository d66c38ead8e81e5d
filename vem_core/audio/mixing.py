"""From music and the film's own sound to the sound of the film: exact length, ducking, loudness.

`mix` gives it whole. For a feature film take `plan_mix` (mix_plan.py), send the plan's blocks on as
they come, and let a LevelMeter hear them for `report_mix`.
"""

from dataclasses import dataclass

import numpy as np

from ..types import Audio, Progress, Samples, SoundStream, audio_of, no_progress
from .loudness import LevelMeter, Levels
from .mix_plan import MixPlan, MixSettings, plan_mix


@dataclass(frozen=True, kw_only=True, slots=True)
class MixReport:
    """What the mix is, as measured on it, and what was done to its sources."""

    duration_s: float
    sample_rate: int
    channels: int
    loudness_lufs: float | None
    """Integrated loudness; None for silence."""
    true_peak_dbtp: float | None
    """None for silence."""
    gain_db: float
    """The static gain on the music."""
    limited_db: float
    """Deepest reduction by the limiter."""
    ducks_s: tuple[tuple[float, float], ...] = ()
    """From when to when the music is down."""
    notes: tuple[str, ...] = ()
    """What the creator should know, a sentence each."""

    @property
    def ducked_s(self) -> float:
        return sum(end_s - start_s for start_s, end_s in self.ducks_s)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Mixed:
    audio: Audio
    report: MixReport


def mix(
    music: Audio | SoundStream,
    own: Audio | SoundStream | None,
    duration_s: float,
    settings: MixSettings | None = None,
    progress: Progress = no_progress,
) -> Mixed:
    """The whole sound of a film that lasts `duration_s`: stereo, round(duration_s x rate) samples.

    `own` may be None: a film without sound. Integrated loudness and true peak are those of the
    settings wherever peaks allow; the report says what was measured on the result.

    Raises:
        InputError: an empty or unreadable source, or an impossible duration.
    """
    plan = plan_mix(music, own, duration_s, settings, lambda share: progress(0.6 * share))
    mixed = np.empty((2, plan.n_samples), np.float32)
    meter = LevelMeter(plan.sample_rate)
    start = 0
    for block in plan.blocks():
        stop = start + block.shape[1]
        mixed[:, start:stop] = block
        meter.add(block)
        progress(0.6 + 0.4 * stop / plan.n_samples)
        start = stop
    audio = audio_of(Samples(values=mixed, sample_rate=plan.sample_rate))
    return Mixed(audio=audio, report=report_mix(plan, meter.finish()))


def report_mix(plan: MixPlan, levels: Levels) -> MixReport:
    """The report on a rendered plan; `levels` are those of all its blocks."""
    assert plan.leveling is not None
    return MixReport(
        duration_s=plan.n_samples / plan.sample_rate,
        sample_rate=plan.sample_rate,
        channels=2,
        loudness_lufs=levels.loudness_lufs,
        true_peak_dbtp=levels.true_peak_dbtp,
        gain_db=float(20 * np.log10(plan.music_gain)) + plan.leveling.gain_db,
        limited_db=plan.leveling.deepest_db,
        ducks_s=plan.ducks_s,
        notes=plan.notes,
    )
