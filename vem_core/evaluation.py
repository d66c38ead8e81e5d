"""How well music meets a picture: any video with music, or music beside a storyboard and a plan.

Beats are tracked in the sound by a tracker that knows nothing of any plan.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import MediaError
from .metrics.rhythm import HIT_WINDOWS_S, evaluate, nearest_errors_s
from .parsing.settings import ParseSettings
from .report import AudioFacts
from .rhythm.tracking import BeatTrack, track_beats
from .types import Audio, BeatPlan, Progress, Storyboard, no_progress
from .units import seconds_to_frames, seconds_to_timecode

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 1200


@dataclass(frozen=True, kw_only=True, slots=True)
class MusicMatch:
    """What was heard, held against what is seen."""

    name: str
    storyboard: Storyboard
    plan: BeatPlan | None
    track: BeatTrack
    figures: dict[str, float | int | list[float] | None]
    """As metrics/rhythm.evaluate names them."""
    sound: AudioFacts

    def as_dict(self) -> dict:
        return {
            "name": self.name,
            "duration_s": self.storyboard.duration_s,
            "transitions_s": [t.time_s for t in self.storyboard.transitions],
            "beats_s": list(self.track.beats_s),
            "tempo_bpm": self.track.tempo_bpm,
            "beat_confidence": self.track.confidence,
            "rhythm": self.figures,
            "sound": {name: getattr(self.sound, name) for name in AudioFacts.__slots__},
        }


def evaluate_video(
    video: Path, settings: ParseSettings | None = None, progress: Progress = no_progress
) -> MusicMatch:
    """Parse a video, track the beats of its sound and measure how they meet.

    Raises:
        MediaError: the video cannot be read or has no sound.
    """
    from .parsing.parse import parse_video
    from .video.reader import read_sound

    parsed = parse_video(video, settings, lambda share: progress(0.7 * share))
    storyboard = parsed.storyboard
    sound = read_sound(video, duration_s=storyboard.duration_s).audio
    if sound is None:
        raise MediaError(
            f"'{video}' has no sound, so there is no music to measure. Choose a video with music."
        )
    return match_music(
        sound, storyboard, name=video.name, progress=lambda share: progress(0.7 + 0.3 * share)
    )


def match_music(
    audio: Audio,
    storyboard: Storyboard,
    plan: BeatPlan | None = None,
    *,
    name: str = "",
    progress: Progress = no_progress,
) -> MusicMatch:
    """Track the beats of a sound and measure how they meet the transitions of a storyboard."""
    from .audio.loudness import measure

    track = track_beats(audio, progress=progress)
    levels = measure(audio)
    return MusicMatch(
        name=name,
        storyboard=storyboard,
        plan=plan,
        track=track,
        figures=evaluate(
            np.array([t.time_s for t in storyboard.transitions]),
            np.array(track.beats_s),
            duration_s=storyboard.duration_s,
            fps=storyboard.fps,
            reference_beats_s=np.array(plan.beats_s) if plan else None,
        ),
        sound=AudioFacts(
            duration_s=audio.duration_s,
            sample_rate=audio.sample_rate,
            channels=audio.n_channels,
            loudness_lufs=levels.loudness_lufs,
            true_peak_dbtp=levels.true_peak_dbtp,
        ),
    )


def describe_match(match: MusicMatch) -> str:
    """The figures in words, for the screen and the node."""
    storyboard, track = match.storyboard, match.track
    lines = [f"{match.name}: {seconds_to_timecode(storyboard.duration_s)}".lstrip(": ")]
    if not track.has_beat:
        lines.append(f"No beat to be found: {track.reason}.")
    else:
        lines.append(f"Beat at {track.tempo_bpm:.1f} BPM (sure to {100 * track.confidence:.0f} %).")
    for window_s in HIT_WINDOWS_S:
        key = f"hit_rate_{1000 * window_s:.0f}_ms"
        rate, chance = match.figures[key], match.figures[f"{key}_chance"]
        if isinstance(rate, float) and isinstance(chance, float):
            lines.append(
                f"{100 * rate:.0f} % of the cuts have a beat within {1000 * window_s:.0f} ms;"
                f" chance gives {100 * chance:.0f} %."
            )
    if track.has_beat:
        times_s = np.array([t.time_s for t in storyboard.transitions])
        for time_s, error_s in zip(
            times_s, nearest_errors_s(times_s, np.array(track.beats_s)), strict=True
        ):
            frames = seconds_to_frames(float(error_s), storyboard.fps)
            lines.append(
                f"  {seconds_to_timecode(time_s)}  nearest beat {1000 * error_s:+.0f} ms,"
                f" {frames:+.1f} frames"
            )
    sound = match.sound
    off_s = sound.duration_s - storyboard.duration_s
    loudness = "silent" if sound.loudness_lufs is None else f"{sound.loudness_lufs:.1f} LUFS"
    peak = "" if sound.true_peak_dbtp is None else f", {sound.true_peak_dbtp:.1f} dBTP"
    lines.append(f"Sound: {loudness}{peak}, {1000 * off_s:+.0f} ms against the picture.")
    return "\n".join(lines)


def table(matches: list[MusicMatch]) -> str:
    """One line a video; the columns are hit rates beside chance."""
    windows = [f"{1000 * window_s:.0f}" for window_s in HIT_WINDOWS_S]
    head = [
        f"{'video':<32}",
        "cuts",
        *(f"{w:>4} ms chance" for w in windows),
        "  mean off",
        "  beat",
    ]
    lines = ["  ".join(head)]
    for match in matches:
        cells = [f"{match.name[:32]:<32}", f"{match.figures['n_transitions']:>4}"]
        for window in windows:
            rate = match.figures[f"hit_rate_{window}_ms"]
            chance = match.figures[f"hit_rate_{window}_ms_chance"]
            cells.append(f"{_percent(rate):>7} {_percent(chance):>6}")
        off_ms = match.figures["mean_absolute_error_ms"]
        cells.append(f"{off_ms:>7.0f} ms" if isinstance(off_ms, float) else f"{'-':>10}")
        cells.append(f"{match.track.tempo_bpm:>6.1f}" if match.track.has_beat else "  none")
        lines.append("  ".join(cells))
    return "\n".join(lines)


def _percent(share: object) -> str:
    return f"{100 * share:.0f} %" if isinstance(share, float) else "-"


def draw_match(audio: Audio, match: MusicMatch) -> "Figure":
    """The sound over shots and transitions, with the beats that were heard."""
    from . import plotting

    figure = plotting.new_figure(1280, 420)
    axes = figure.add_subplot()
    rates = [match.figures[f"hit_rate_{1000 * w:.0f}_ms"] for w in HIT_WINDOWS_S]
    words = ", ".join(
        f"{_percent(rate)} within {1000 * w:.0f} ms"
        for w, rate in zip(HIT_WINDOWS_S, rates, strict=True)
    )
    plotting.style_axes(axes, f"Cuts met by a beat: {words}")
    axes.grid(False)
    for index, shot in enumerate(match.storyboard.shots):
        colour = plotting.SHOTS[index % len(plotting.SHOTS)]
        axes.axvspan(shot.start_s, shot.end_s, color=colour, alpha=0.55, linewidth=0)
    _draw_wave(axes, audio)
    _draw_times(axes, match)
    axes.set_xlim(0, match.storyboard.duration_s)
    axes.set_ylim(-1.05, 1.3)
    axes.set_yticks([])
    axes.set_xlabel("seconds")
    return figure


def _draw_wave(axes: "Axes", audio: Audio) -> None:
    from . import plotting

    loudest = audio.waveform.abs().amax(dim=0).numpy()
    edges = np.linspace(0, len(loudest), min(COLUMNS, len(loudest)) + 1).astype(int)
    peaks = np.maximum.reduceat(loudest, edges[:-1])
    times_s = (edges[:-1] + edges[1:]) / 2 / audio.sample_rate
    axes.fill_between(times_s, -peaks, peaks, color=plotting.SOUND, linewidth=0, alpha=0.85)


def _draw_times(axes: "Axes", match: MusicMatch) -> None:
    from . import plotting

    axes.vlines(match.track.beats_s, 1.05, 1.15, color=plotting.BEAT, linewidth=1)
    axes.vlines(match.track.downbeats_s, 1.05, 1.2, color=plotting.DOWNBEAT, linewidth=1.6)
    times_s = np.array([t.time_s for t in match.storyboard.transitions])
    if not match.track.has_beat:
        axes.vlines(times_s, -1.05, 1.3, color=plotting.TRANSITION, linewidth=1.4)
        return
    met = np.abs(nearest_errors_s(times_s, np.array(match.track.beats_s))) <= HIT_WINDOWS_S[1]
    for chosen, colour in ((met, plotting.HIT), (~met, plotting.MISS)):
        axes.vlines(times_s[chosen], -1.05, 1.3, color=colour, linewidth=1.6)
