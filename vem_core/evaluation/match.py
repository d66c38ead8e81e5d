"""How well music meets a picture: any video with music, or music beside a storyboard and a plan.

Beats are tracked in the sound by a tracker that knows nothing of any plan.
"""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ..errors import MediaError
from ..metrics import accents, affect, rhythm
from ..metrics.semantic import Agreement
from ..parsing.parse import parse_video
from ..parsing.settings import ParseSettings
from ..report import AudioFacts
from ..rhythm.harmony import FEATURE_RATE_HZ
from ..rhythm.onsets import FRAME_RATE_HZ
from ..rhythm.tracking import BeatTrack
from ..types import (
    Audio,
    BeatPlan,
    Progress,
    Samples,
    Storyboard,
    no_progress,
    samples_of,
    stream_of,
)
from ..video.film_sound import open_film_sound
from ..video.reader import read_sound
from .listening import Heard, listen
from .looking import MotionCurve
from .meaning import Meaning, measure_meaning, no_networks

Figure = float | int | list[float] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class MusicMatch:
    """What was heard, held against what is seen."""

    name: str
    storyboard: Storyboard
    plan: BeatPlan | None
    heard: Heard
    figures: dict[str, Figure]
    """As metrics/rhythm.evaluate names them."""
    accents: dict[str, float | None]
    """As metrics/accents.evaluate names them."""
    affect: dict[str, Agreement]
    """As metrics/affect.evaluate names them."""
    meaning: Meaning = field(default_factory=no_networks)
    """What networks say, or why they do not."""

    @property
    def track(self) -> BeatTrack:
        return self.heard.track

    @property
    def sound(self) -> AudioFacts:
        levels = self.heard.levels
        return AudioFacts(
            duration_s=self.heard.duration_s,
            sample_rate=self.heard.sample_rate,
            channels=self.heard.n_channels,
            loudness_lufs=levels.loudness_lufs,
            true_peak_dbtp=levels.true_peak_dbtp,
        )

    def as_dict(self) -> dict:
        """Every figure, ready for JSON."""
        return {
            "name": self.name,
            "duration_s": self.storyboard.duration_s,
            "transitions_s": [t.time_s for t in self.storyboard.transitions],
            "beats_s": list(self.track.beats_s),
            "tempo_bpm": self.track.tempo_bpm,
            "beat_confidence": self.track.confidence,
            "rhythm": self.figures,
            "accents": self.accents,
            "affect": {name: asdict(found) for name, found in self.affect.items()},
            "meaning": self.meaning.as_dict(),
            "delivery": self.heard.delivery.as_dict(),
            "sound": asdict(self.sound),
        }


def evaluate_video(
    video: Path,
    settings: ParseSettings | None = None,
    progress: Progress = no_progress,
    *,
    storyboard: Storyboard | None = None,
    theme: str = "",
    networks: Path | None = None,
) -> MusicMatch:
    """Parse a video, hear its sound and measure how they meet.

    The picture and the sound are read once each; memory does not grow with the video's length.
    `storyboard`: words and affect by people instead of the parser's; `theme`: one sentence about
    the clip, where the storyboard has none; `networks`: the folder of encoders/local.py.

    Raises:
        MediaError: the video cannot be read or has no sound.
    """
    motion = MotionCurve()
    parsed = parse_video(
        video, settings, lambda share: progress(0.6 * share), consumers=[motion]
    ).storyboard
    board = _with_theme(storyboard or parsed, theme)
    stream = open_film_sound(video, board.duration_s).stream
    if stream is None:
        raise MediaError(
            f"'{video}' has no sound, so there is no music to measure. Choose a video with music."
        )
    heard = listen(
        stream,
        picture_s=board.duration_s,
        sound_s=sound_length_s(video, board.duration_s),
        progress=lambda share: progress(0.6 + 0.3 * share),
    )

    def sound_between(start_s: float, end_s: float) -> Samples | None:
        return read_sound(video, start_s=start_s, duration_s=end_s - start_s).samples

    return _measure(
        heard,
        board,
        name=video.name,
        motion_peaks_s=motion.peaks_s(),
        meaning=measure_meaning(board, sound_between, video=video, folder=networks),
    )


def _with_theme(storyboard: Storyboard, theme: str) -> Storyboard:
    from dataclasses import replace

    return replace(storyboard, theme=theme) if theme and not storyboard.theme else storyboard


def sound_length_s(video: Path, picture_s: float) -> float:
    """How long the sound of a file really is, up to ten seconds past the picture.

    The film's stream is padded and cut to the picture; this hears where it stops by itself.
    """
    tail_s = max(picture_s - 5.0, 0.0)
    audio = read_sound(video, start_s=tail_s, duration_s=15.0 + picture_s - tail_s).samples
    if audio is not None and audio.n_samples:
        return tail_s + audio.duration_s
    for start_s in (tail_s / 2, 0.0):  # the sound stops long before the picture
        audio = read_sound(video, start_s=start_s, duration_s=picture_s - start_s).samples
        if audio is not None and audio.n_samples:
            return start_s + audio.duration_s
    return 0.0


def match_music(
    audio: Audio | Samples,
    storyboard: Storyboard,
    plan: BeatPlan | None = None,
    *,
    name: str = "",
    progress: Progress = no_progress,
    networks: Path | None = None,
) -> MusicMatch:
    """Hear a sound and measure how it meets the transitions and moods of a storyboard."""
    samples = samples_of(audio)
    heard = listen(stream_of(samples), picture_s=storyboard.duration_s, progress=progress)

    def sound_between(start_s: float, end_s: float) -> Samples:
        first, last = (round(t * samples.sample_rate) for t in (start_s, end_s))
        return Samples(values=samples.values[:, first:last], sample_rate=samples.sample_rate)

    return _measure(
        heard,
        storyboard,
        plan,
        name=name,
        meaning=measure_meaning(storyboard, sound_between, video=None, folder=networks),
    )


def _measure(
    heard: Heard,
    storyboard: Storyboard,
    plan: BeatPlan | None = None,
    *,
    name: str,
    meaning: Meaning,
    motion_peaks_s: np.ndarray | None = None,
) -> MusicMatch:
    times_s = np.array([t.time_s for t in storyboard.transitions])
    energy, energy_rate_hz = heard.energy()
    shots = storyboard.shots
    return MusicMatch(
        name=name,
        storyboard=storyboard,
        plan=plan,
        heard=heard,
        figures=rhythm.evaluate(
            times_s,
            np.array(heard.track.beats_s),
            duration_s=storyboard.duration_s,
            fps=storyboard.fps,
            reference_beats_s=np.array(plan.beats_s) if plan else None,
        ),
        accents=accents.evaluate(
            times_s,
            strengths=heard.strengths,
            rate_hz=FRAME_RATE_HZ,
            onsets_s=heard.onsets_s,
            motion_peaks_s=motion_peaks_s,
            fps=storyboard.fps,
        ),
        affect=affect.evaluate(
            edges_s=np.array([0.0, *(shot.end_s for shot in shots)]),
            arousal=np.array([shot.affect.arousal for shot in shots]),
            valence=np.array([shot.affect.valence for shot in shots]),
            energy=energy,
            rate_hz=energy_rate_hz,
            onsets_s=heard.onsets_s,
            chroma=heard.chroma,
            chroma_rate_hz=FEATURE_RATE_HZ,
        ),
        meaning=meaning,
    )
