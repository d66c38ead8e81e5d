"""Music by the trained model: sampled for a clip, done again shot by shot, decoded to a score.

torch and the networks are imported by the calls that need them, so that asking for settings costs
nothing.
"""

import math
import re
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import InputError
from .places import find_model
from .types import (
    BeatPlan,
    Key,
    MusicLatents,
    Part,
    Progress,
    Score,
    Storyboard,
    no_progress,
)

if TYPE_CHECKING:
    from .engine.music_model import MusicModel
    from .engine.sampling import SampleSettings

MOST_GUIDANCE = 20.0
SAME_TIME_S = 1e-6
"""Beats of one plan; what passed through a document may be off by its last digit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelSettings:
    """Which model makes the music, and how it is asked."""

    file: Path | None = None
    """None: the model that comes with VeM."""
    steps: int = 20
    guidance: float = 1.5
    """How strongly the music follows the storyboard; 1 is the model as trained."""
    beat_strength: float = 1.5
    """How strongly hits are marked; 0 ignores them."""
    storyboard_strength: float = 1.0
    """How strictly each shot's words and pictures are kept to its own time, in [0, 1]."""

    def __post_init__(self) -> None:
        for name, value in (
            ("The guidance", self.guidance),
            ("The strength of the beats", self.beat_strength),
        ):
            if not math.isfinite(value) or not 0 <= value <= MOST_GUIDANCE:
                raise InputError(
                    f"{name} is {value:g}; needed is 0 to {MOST_GUIDANCE:g}. Correct it."
                )

    def sampling(self, seed: int) -> "SampleSettings":
        """The same for the sampler. Raises InputError for what it cannot use."""
        from .engine.sampling import SampleSettings

        return SampleSettings(
            seed=seed,
            steps=self.steps,
            guidance_scale=self.guidance,
            beat_scale=self.beat_strength,
            storyboard_strength=self.storyboard_strength,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SampledMusic:
    """Latents, and all that is needed to decode them or to do some of their shots again."""

    latents: MusicLatents
    storyboard: Storyboard
    plan: BeatPlan
    style: str
    key: Key
    seed: int
    """It drew the themes; shots that were done again keep them."""
    codec_mark: int
    """Of the weights that alone can decode the latents (codec_mark)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedScore:
    """A score, and what its planned hits needed."""

    score: Score
    struck: int
    """Hits at which the model let nothing begin: a note that sounded there is struck again."""
    silent: int
    """Hits at which nothing sounds."""


def open_model(file: Path | None = None) -> "MusicModel":
    """The model of a file, None: the one that comes with VeM; read once as long as it is the same.

    Raises:
        VemError: what load_model raises.
    """
    path = find_model(file)
    stat = path.stat()
    return _open(path.resolve(), (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=1)
def _open(path: Path, stamp: tuple[int, int]) -> "MusicModel":
    from .checkpoint import load_model

    return load_model(path)


def sample_music(
    model: "MusicModel",
    storyboard: Storyboard,
    plan: BeatPlan,
    settings: ModelSettings,
    *,
    style: str = "",
    key: Key | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> SampledMusic:
    """Music for a clip, as latents. The same arguments give the same bytes on one machine.

    Args:
        style: name of a style; "": that of the storyboard, else what its words and mood suggest.
        key: None: a key of the style whose mode agrees with the mood of the clip.

    Raises:
        InputError: settings that cannot be used, a style that the model does not know, or plan
            and storyboard of different clips.
    """
    from .composing.choose import choose_style
    from .composing.style import load_style

    _check_clip(storyboard, plan)
    sampling = settings.sampling(seed)
    manner = load_style(style) if style else choose_style(storyboard, plan)
    key = key or _usual_key(storyboard, plan, manner.name, seed)
    condition = model.encode(storyboard, plan, style=manner.name, key=key, seed=seed)
    latents = model.sample(condition, sampling, progress)
    progress(1.0)
    return SampledMusic(
        latents=latents,
        storyboard=storyboard,
        plan=plan,
        style=manner.name,
        key=key,
        seed=seed,
        codec_mark=codec_mark(model),
    )


def resample_shots(
    model: "MusicModel",
    earlier: SampledMusic,
    storyboard: Storyboard,
    plan: BeatPlan,
    shots: tuple[int, ...],
    settings: ModelSettings,
    *,
    seed: int,
    progress: Progress = no_progress,
) -> SampledMusic:
    """The earlier music with some shots (counted from 0) done again; its other latents stay, bit
    for bit. Style, key and themes stay those of the earlier music; words and moods of the
    storyboard may have changed.

    Raises:
        InputError: no such shot, other beats or shots than those of the earlier music, or music
            of another model.
    """
    _check_clip(storyboard, plan)
    _check_model(model, earlier)
    _check_beats(earlier, plan)
    if not shots:
        raise InputError("No shot is named. Write which ones are to be done again, such as 2, 4-5.")
    condition = model.encode(
        storyboard, plan, style=earlier.style, key=earlier.key, seed=earlier.seed
    )
    latents = model.redo(
        condition,
        settings.sampling(seed),
        earlier=earlier.latents,
        storyboard=storyboard,
        shots=shots,
        progress=progress,
    )
    progress(1.0)
    return replace(earlier, latents=latents, storyboard=storyboard, plan=plan)


def decode_music(
    model: "MusicModel",
    sampled: SampledMusic,
    instruments: tuple[tuple[Part, str], ...] = (),
) -> DecodedScore:
    """The score of sampled music, its hits made exact.

    Args:
        instruments: other instruments than the style's own, part by part.

    Raises:
        InputError: no such instrument, or music of another model.
    """
    from .codecs.score.instruments import find_instrument, style_instruments

    _check_model(model, sampled)
    chosen = {part: find_instrument(name, part).name for part, name in instruments}
    landing = model.decode(sampled.latents, sampled.plan, style=sampled.style, key=sampled.key)
    named = {**style_instruments(sampled.style), **chosen}
    score = replace(landing.score, instruments=tuple(named.items()))
    return DecodedScore(score=score, struck=landing.struck, silent=landing.silent)


def codec_mark(model: "MusicModel") -> int:
    """A number of the codec's weights: models of one size whose codecs differ do not share it."""
    mark = 0
    for value in model.codec.state_dict().values():
        mark = zlib.crc32(value.detach().cpu().contiguous().numpy().tobytes(), mark)
    return mark


def read_shot_list(text: str) -> tuple[int, ...]:
    """'2, 4-5' -> (1, 3, 4): numbers and ranges as shown, counted from 0; '' -> ().

    Raises:
        InputError: anything else.
    """
    found: set[int] = set()
    for item in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip()))):
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", item)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else 0
        if not 1 <= first <= last:
            raise InputError(
                f"'{item[:20]}' in the list of shots is no shot; needed are numbers from 1 on and"
                " ranges. Write it as 2, 4-5."
            )
        found |= set(range(first - 1, last))
    return tuple(sorted(found))


def _usual_key(storyboard: Storyboard, plan: BeatPlan, style: str, seed: int) -> Key:
    """The key that the composer takes for this seed."""
    from .composing.choose import choose_key
    from .composing.draft import dice_of
    from .composing.style import load_style

    dice = dice_of(seed, plan)
    return choose_key(storyboard, load_style(style), dice)


def _check_clip(storyboard: Storyboard, plan: BeatPlan) -> None:
    if abs(storyboard.duration_s - plan.duration_s) > 0.5:
        raise InputError(
            f"The storyboard lasts {storyboard.duration_s:g} s and the beat plan"
            f" {plan.duration_s:g} s; they must belong to the same clip. Plan the beats again."
        )


def _check_model(model: "MusicModel", sampled: SampledMusic) -> None:
    if sampled.codec_mark != codec_mark(model):
        raise InputError(
            "This music was sampled with another model, and only that one can read it. Use that"
            " model, or sample the whole piece again."
        )


def _check_beats(earlier: SampledMusic, plan: BeatPlan) -> None:
    old, new = earlier.plan.beats_s, plan.beats_s
    same = len(old) == len(new) and all(
        abs(a - b) < SAME_TIME_S for a, b in zip(old, new, strict=True)
    )
    if not same:
        raise InputError(
            "The earlier music lies on other beats than those of this plan, so its shots cannot"
            " stay as they were. Connect the beat plan that it was sampled with, or sample the"
            " whole piece again."
        )
