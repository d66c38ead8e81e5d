"""The stages as named calls, and the whole jobs that the command line and the nodes share."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from .audio.mix_plan import MixSettings
from .audio.mixing import MixReport
from .errors import InputError
from .generation import DecodedScore, ModelSettings
from .parsing.settings import ParseSettings
from .places import find_model
from .report import AudioFacts, Stopwatch
from .rhythm.plan_settings import PlanSettings
from .types import (
    Audio,
    BeatPlan,
    Key,
    Mode,
    Music,
    Part,
    Progress,
    Score,
    SoundStream,
    Storyboard,
    no_progress,
)
from .video.opening import Source

if TYPE_CHECKING:
    from .codecs.score.render import RenderSettings
    from .engine.music_model import MusicModel
    from .parsing.parse import ParsedVideo

Engine = Literal["vem", "composer"]
"""What writes the music: the trained model, or the composer's rules."""

AlignerUse = Literal["auto", "off"]
"""Whether the trained aligner weighs the transitions that the parser finds."""

LOSSY_HEADROOM_DB = 0.8
"""AAC and Opus overshoot the peaks they are given; the mix leaves them this much room, so that what
is heard stays under the true peak that was asked for."""

Bars = Callable[[str], AbstractContextManager[Progress]]
"""Opens a progress bar for a stage that is named in a word."""


def no_bars(label: str) -> AbstractContextManager[Progress]:
    """The Bars that show nothing."""
    return nullcontext(no_progress)


@dataclass(frozen=True, kw_only=True, slots=True)
class MusicSettings:
    """What the music is to be."""

    style: str = ""
    """Name of a style; empty: as the storyboard says or suggests."""
    key: Key | None = None
    seed: int = 0
    instruments: tuple[tuple[Part, str], ...] = ()
    """Other instruments than the style's, part by part."""
    engine: Engine = "vem"
    model: ModelSettings = field(default_factory=ModelSettings)
    """Where the engine is the model."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MadeMusic:
    """Music, the beats it lies on, and who made it."""

    plan: BeatPlan
    music: Music
    by: str
    """For the report: 'vem-score, house'."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class JobSettings:
    """Everything that a whole job may be told; the defaults suit most clips."""

    theme: str = ""
    parse: ParseSettings = field(default_factory=ParseSettings)
    aligner: AlignerUse = "off"
    plan: PlanSettings = field(default_factory=PlanSettings)
    music: MusicSettings = field(default_factory=MusicSettings)
    mix: MixSettings = field(default_factory=MixSettings)
    style_sets_tempo: bool = True
    """Plan in the tempo range of the style; False: in that of `plan`."""
    most_stretch: float = 0.08
    """Share by which snapped music may be stretched."""
    keep_own_track: bool = False
    """Keep the film's own sound as a track of its own beside the new one."""


def look_at(
    video: Source, settings: ParseSettings, aligner: AlignerUse, progress: Progress
) -> "ParsedVideo":
    """The parser over a video, with 'auto' the aligner beside it in the same pass."""
    if aligner == "auto":
        from .aligning import parse_aligned

        return parse_aligned(video, settings, progress)
    from .parsing.parse import parse_video

    return parse_video(video, settings, progress)


def read_or_parse(
    video: Source, storyboard: Path | None, settings: JobSettings, progress: Progress
) -> Storyboard:
    """The creator's storyboard file where there is one, else what the picture says."""
    from .parsing.storyboard import read_storyboard
    from .parsing.words import with_theme
    from .video.reader import probe

    if storyboard is not None:
        read = read_storyboard(storyboard)
        duration_s = probe(video).duration_s
        if abs(read.duration_s - duration_s) > 2 / float(read.fps):
            raise InputError(
                f"'{storyboard}' is for a clip of {read.duration_s:.2f} s, but the video lasts"
                f" {duration_s:.2f} s. Use the storyboard of this video, or parse it again."
            )
    else:
        read = look_at(video, settings.parse, settings.aligner, progress).storyboard
    return with_theme(read, theme=settings.theme) if settings.theme else read


def plan_for_music(
    storyboard: Storyboard, settings: JobSettings, progress: Progress
) -> tuple[BeatPlan, str]:
    """A beat plan in the tempo range of the style to be played, and the name of that style."""
    from .composing.choose import choose_style
    from .composing.style import load_style
    from .rhythm.tempo_map import plan_beats

    if not settings.style_sets_tempo:
        return plan_beats(storyboard, settings.plan, progress), settings.music.style
    name = settings.music.style
    style = load_style(name) if name else choose_style(storyboard)
    wanted = replace(
        settings.plan, tempo_range_bpm=style.tempo_range_bpm(settings.plan.metre_value)
    )
    return plan_beats(storyboard, wanted, progress), style.name


def compose_score(
    storyboard: Storyboard, plan: BeatPlan, settings: MusicSettings, progress: Progress
) -> Score:
    """Write a score with the composer, and give its parts the creator's instruments."""
    from .codecs.score.instruments import find_instrument
    from .composing.compose import compose

    chosen = {part: find_instrument(name, part).name for part, name in settings.instruments}
    score = compose(
        storyboard,
        plan,
        style=settings.style or None,
        key=settings.key,
        seed=settings.seed,
        progress=progress,
    )
    return replace(score, instruments=tuple((dict(score.instruments) | chosen).items()))


def render_score(
    score: Score, progress: Progress, settings: "RenderSettings | None" = None
) -> Music:
    """Play a score; the stems add up to the mix, which is not mastered yet."""
    from .codecs.score.render import render

    return render(score, settings, progress)


def deliver(
    video: Source,
    music: Audio | SoundStream,
    output: Path,
    duration_s: float,
    settings: JobSettings,
    watch: Stopwatch,
    bars: Bars,
) -> tuple[AudioFacts, tuple[str, ...]]:
    """Mix the music with the film's own sound and mux both with the untouched picture."""
    from .audio.loudness import LevelMeter
    from .audio.mix_plan import plan_mix
    from .audio.mixing import report_mix
    from .audio.streams import ahead
    from .video.film_sound import open_film_sound
    from .video.writer import mux

    with watch.stage("mix"), bars("mix") as progress:
        own = open_film_sound(video, duration_s) if settings.mix.own_sound == "mix" else None
        ceiling_dbtp = settings.mix.true_peak_dbtp - LOSSY_HEADROOM_DB
        wanted = replace(settings.mix, true_peak_dbtp=max(ceiling_dbtp, -20.0))
        plan = plan_mix(music, own.stream if own else None, duration_s, wanted, progress)
    meter = LevelMeter(plan.sample_rate)

    def blocks() -> Iterator[np.ndarray]:
        for block in ahead(plan.blocks()):
            meter.add(block)
            yield block

    sound = SoundStream(sample_rate=plan.sample_rate, n_samples=plan.n_samples, open=blocks)
    with watch.stage("mux"), bars("mux") as progress:
        mode = "add" if settings.keep_own_track else "replace"
        written = mux(video, sound, output, mode=mode, progress=progress)
    report = report_mix(plan, meter.finish())
    warnings = tuple(own.warnings) if own else ()
    return audio_facts(report), (*warnings, *report.notes, *written.notes)


def audio_facts(report: MixReport) -> AudioFacts:
    return AudioFacts(
        duration_s=report.duration_s,
        sample_rate=report.sample_rate,
        channels=report.channels,
        loudness_lufs=report.loudness_lufs,
        true_peak_dbtp=report.true_peak_dbtp,
    )


def read_storyboard_file(path: Path, settings: JobSettings) -> Storyboard:
    """A storyboard on its own, with the theme of the settings where there is one."""
    from .parsing.storyboard import read_storyboard
    from .parsing.words import with_theme

    read = read_storyboard(path)
    return with_theme(read, theme=settings.theme) if settings.theme else read


def start_model(settings: MusicSettings, beside: Executor) -> "Future[MusicModel | None]":
    """Begin to open the model of the settings, beside the parse; None for the composer.

    Raises:
        VemError: no such style or instrument, or no such model; what else is wrong with the model
            the Future raises.
    """
    from .codecs.score.instruments import find_instrument
    from .composing.style import load_style

    if settings.style:
        load_style(settings.style)
    for part, name in settings.instruments:
        find_instrument(name, part)
    if settings.engine == "vem":
        find_model(settings.model.file)
    return beside.submit(_open_model, settings)


def load_libraries() -> None:
    """Import what later stages need and takes its time, to be called beside the parse."""
    with suppress(ImportError):  # the stage that needs it says so
        import pedalboard  # noqa: F401
        import pyloudnorm  # noqa: F401
        import soxr  # noqa: F401


def _open_model(settings: MusicSettings) -> "MusicModel | None":
    load_libraries()
    if settings.engine == "composer":
        return None
    from .generation import open_model

    settings.model.sampling(settings.seed)
    return open_model(settings.model.file)


def ended_by(work: Future, progress: Progress) -> Progress:
    """A Progress that also raises what went wrong in the work beside: nobody waits for nothing."""

    def show(share: float) -> None:
        if work.done():
            work.result()
        progress(share)

    return show


def make_music(
    board: Storyboard,
    settings: JobSettings,
    watch: Stopwatch,
    bars: Bars,
    model: "MusicModel | None",
) -> MadeMusic:
    """Plan, write the music (with the model, or by the composer where there is none), render."""
    with watch.stage("plan"), bars("plan") as progress:
        plan, style = plan_for_music(board, settings, progress)
    wanted = replace(settings.music, style=style)
    if model is None:
        with watch.stage("sample"), bars("compose") as progress:
            score = compose_score(board, plan, wanted, progress)
        by, notes = f"composer, {score.style}", ()
    else:
        decoded = _generate(model, board, plan, wanted, watch, bars)
        score = decoded.score
        by, notes = f"{model.name}, {score.style}", hit_notes(decoded, plan)
    with watch.stage("decode"), bars("render") as progress:
        return MadeMusic(plan=plan, music=render_score(score, progress), by=by, notes=notes)


def _generate(
    model: "MusicModel",
    board: Storyboard,
    plan: BeatPlan,
    settings: MusicSettings,
    watch: Stopwatch,
    bars: Bars,
) -> DecodedScore:
    from .generation import decode_music, sample_music

    with watch.stage("sample"), bars("sample") as progress:
        sampled = sample_music(
            model,
            board,
            plan,
            settings.model,
            style=settings.style,
            key=settings.key,
            seed=settings.seed,
            progress=progress,
        )
    with watch.stage("decode"):
        return decode_music(model, sampled, settings.instruments)


def hit_notes(decoded: DecodedScore, plan: BeatPlan) -> tuple[str, ...]:
    """A sentence where planned hits fall into silence."""
    if not decoded.silent:
        return ()
    return (
        f"{decoded.silent} of the {len(plan.hits)} planned hits fall where nothing sounds;"
        " another seed may fill them.",
    )


def parse_key(text: str) -> Key:
    """'C major', 'F# minor', 'Bb dorian', 'd mixolydian' -> Key.

    Raises:
        InputError: the text is not a key.
    """
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]?)\s+(\w+)", text.strip())
    mode = next((mode for mode in get_args(Mode) if match and match[3].lower() == mode), None)
    if match is None or mode is None:
        raise InputError(
            f"'{text}' is not a key; needed is a note and a mode (major, minor, dorian,"
            " mixolydian). Write it as 'F# minor'."
        )
    letter, accidental, _ = match.groups()
    shift = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}[accidental]
    tonic = ({"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}[letter.lower()] + shift) % 12
    return Key(tonic=tonic, mode=mode)
