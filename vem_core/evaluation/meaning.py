"""What networks by others say of a match: CLAP and LanguageBind, over the clip and shot by shot.

A figure that cannot be had says why, in its own place: a missing file is not a score of 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MissingPackageError, MissingWeightsError
from ..metrics.semantic import cosine_score, cosines, time_weighted
from ..types import Audio, Samples, Shot, Storyboard
from ..video.reader import read_frames

if TYPE_CHECKING:
    from ..encoders.spaces import PictureEncoder, SoundEncoder, TextEncoder

SoundBetween = Callable[[float, float], Audio | Samples | None]
"""The sound from a start to an end in seconds; None where there is none."""
_LEAST_SOUND_S = 0.1
FRAME_WIDTH = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """Figures by name, and why others were not measured."""

    scores: dict[str, float]
    not_measured: dict[str, str]
    """Name -> what it needs."""
    networks: tuple[str, ...] = ()
    """Who made the scores."""

    def as_dict(self) -> dict[str, float | str | list[str]]:
        reasons = {name: f"not measured: {why}" for name, why in self.not_measured.items()}
        return {**self.scores, **reasons, "networks": list(self.networks)}


def no_networks() -> Meaning:
    """Nothing asked, nothing measured."""
    return Meaning(scores={}, not_measured={})


def shot_text(shot: Shot, storyboard: Storyboard) -> str:
    """What a shot says in words: its caption and tags, else the theme of the clip."""
    return ", ".join(filter(None, (shot.caption, *shot.tags))) or storyboard.theme


def measure_meaning(
    storyboard: Storyboard,
    sound_between: SoundBetween,
    *,
    video: Path | None,
    folder: Path | None = None,
) -> Meaning:
    """CLAP score, tw-CLAP, LB score and tw-LB as far as weights, words and pictures are there."""
    parts = (
        _clap(storyboard, sound_between, folder),
        _lb(storyboard, sound_between, video, folder),
    )
    return Meaning(
        scores={name: value for part in parts for name, value in part.scores.items()},
        not_measured={name: why for part in parts for name, why in part.not_measured.items()},
        networks=tuple(name for part in parts for name in part.networks),
    )


def _missing(names: tuple[str, ...], why: str) -> Meaning:
    return Meaning(scores={}, not_measured=dict.fromkeys(names, why))


def _clap(storyboard: Storyboard, sound_between: SoundBetween, folder: Path | None) -> Meaning:
    from ..encoders.local import CLAP, require

    names = ("clap_score", "tw_clap")
    try:
        require(CLAP, folder)  # before the import of a package that takes seconds
        from ..encoders.clap import Clap

        clap = Clap(folder)
    except (MissingWeightsError, MissingPackageError) as error:
        return _missing(names, str(error))
    if not any(shot_text(shot, storyboard) for shot in storyboard.shots):
        return _missing(names, "needs words: a theme, or captions in the storyboard")
    return text_scores(storyboard, sound_between, clap, clap)


def text_scores(
    storyboard: Storyboard,
    sound_between: SoundBetween,
    words: "TextEncoder",
    music: "SoundEncoder",
) -> Meaning:
    """CLAP score and tw-CLAP over any pair of encoders of text and sound into one space.

    The text of the whole is the theme, else all captions in a row. Shots without words or sound do
    not count, and their durations neither.
    """
    whole_text = storyboard.theme or ", ".join(
        filter(None, (shot_text(shot, storyboard) for shot in storyboard.shots))
    )
    whole = sound_between(0.0, storyboard.duration_s)
    if whole is None or whole.n_samples == 0:
        return _missing(("clap_score", "tw_clap"), "needs sound in the clip")
    scores = {
        "clap_score": cosine_score(
            words.encode_texts([whole_text]), music.encode_sound(whole)[None]
        )
    }
    told = [shot for shot in storyboard.shots if shot_text(shot, storyboard)]
    texts = words.encode_texts([shot_text(shot, storyboard) for shot in told])
    scores |= _weighted("tw_clap", told, list(texts), sound_between, music)
    return Meaning(scores=scores, not_measured={}, networks=(music.name,))


def _weighted(
    name: str,
    shots: list[Shot],
    rows: list[np.ndarray],
    sound_between: SoundBetween,
    music: "SoundEncoder",
) -> dict[str, float]:
    """The duration-weighted score of VeM over the shots that have sound."""
    found, weights_s = [], []
    for shot, row in zip(shots, rows, strict=True):
        sound = sound_between(shot.start_s, shot.end_s)
        if sound is None or sound.duration_s < min(_LEAST_SOUND_S, shot.duration_s):
            continue
        found.append(float(cosines(row[None], music.encode_sound(sound)[None])[0]))
        weights_s.append(shot.duration_s)
    return {name: time_weighted(found, weights_s)} if found else {}


def _lb(
    storyboard: Storyboard, sound_between: SoundBetween, video: Path | None, folder: Path | None
) -> Meaning:
    from ..encoders.local import LANGUAGEBIND_SOUND, LANGUAGEBIND_VIDEO, require

    names = ("lb_score", "tw_lb")
    try:
        for network in (LANGUAGEBIND_SOUND, LANGUAGEBIND_VIDEO):
            require(network, folder)
        if video is None:
            return _missing(names, "needs the video itself, not a storyboard alone")
        from ..encoders.languagebind import LanguageBindSound, LanguageBindVideo

        pictures, music = LanguageBindVideo(folder), LanguageBindSound(folder)
    except (MissingWeightsError, MissingPackageError) as error:
        return _missing(names, str(error))
    return picture_scores(storyboard, sound_between, video, pictures, music)


def picture_scores(
    storyboard: Storyboard,
    sound_between: SoundBetween,
    video: Path,
    pictures: "PictureEncoder",
    music: "SoundEncoder",
) -> Meaning:
    """LB score and tw-LB over any pair of encoders of moving pictures and sound into one space."""
    whole = sound_between(0.0, storyboard.duration_s)
    if whole is None or whole.n_samples == 0:
        return _missing(("lb_score", "tw_lb"), "needs sound in the clip")
    n_frames = max(min(storyboard.duration_s * pictures.frame_rate_hz, 32.0), 2.0)
    overview = frames_between(video, 0.0, storyboard.duration_s, n_frames / storyboard.duration_s)
    scores = {
        "lb_score": cosine_score(
            pictures.encode_frames(overview)[None], music.encode_sound(whole)[None]
        )
    }
    rows = [
        pictures.encode_frames(
            frames_between(video, shot.start_s, shot.end_s, pictures.frame_rate_hz)
        )
        for shot in storyboard.shots
    ]
    scores |= _weighted("tw_lb", list(storyboard.shots), rows, sound_between, music)
    return Meaning(scores=scores, not_measured={}, networks=(pictures.name, music.name))


def frames_between(video: Path, start_s: float, end_s: float, rate_hz: float) -> np.ndarray:
    """(F, H, W, 3) uint8: the frames on screen at start, start + 1 / rate, ... before the end."""
    kept: list[np.ndarray] = []
    next_s = 0.0
    for frame in read_frames(
        video, max_width=FRAME_WIDTH, start_s=start_s, duration_s=end_s - start_s
    ):
        if frame.time_s + frame.duration_s > next_s + 1e-6 or not kept:
            kept.append(frame.pixels)
            next_s += 1 / rate_hz
    return np.stack(kept)
