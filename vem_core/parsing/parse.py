"""From a video to a storyboard in one streaming pass."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

from ..errors import InputError
from ..types import Progress, Shot, Storyboard, Transition, no_progress
from ..video.reader import Source, VideoFrame, probe, read_frames
from .affect import affect_of_picture, with_picture_affects
from .features import FeatureTable
from .keyframes import Keyframe, KeyframePicker, Span
from .settings import ParseSettings
from .small import SmallFrame, shrink, shrink_picture
from .transitions import BOUNDARY_KINDS, SETTLED_AFTER_S, TransitionFinder

__all__ = ["FrameConsumer", "ParseSettings", "ParsedVideo", "parse_frames", "parse_video"]

FrameConsumer = Callable[[VideoFrame], None]
"""Told every frame of the pass, as wide as keyframes; see sampling.RateSampler."""
SETTLE_EVERY_S = 1.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ParsedVideo:
    """What was found, and what it looks like."""

    storyboard: Storyboard
    keyframes: tuple[Keyframe, ...]
    """One per shot, in order."""


def parse_video(
    source: Source,
    settings: ParseSettings | None = None,
    progress: Progress = no_progress,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    consumers: Sequence[FrameConsumer] = (),
) -> ParsedVideo:
    """Read a video once, whole or the window from `start_s`, and say what happens in it.

    Raises:
        MediaError: the file is not a video that can be read.
        InputError: the window or the manual cuts do not fit the video.
        MissingPackageError: the detector needs a package that is not installed.
    """
    settings = settings or ParseSettings()
    fps = probe(source).fps
    frames = read_frames(
        source,
        max_width=settings.keyframe_width,
        start_s=start_s,
        duration_s=duration_s,
        progress=progress,
    )
    with closing(cast("Generator[VideoFrame]", frames)):  # an interrupt frees the file at once
        return parse_frames(frames, fps, settings, consumers)


def parse_frames(
    frames: Iterable[VideoFrame],
    fps: Fraction,
    settings: ParseSettings,
    consumers: Sequence[FrameConsumer] = (),
) -> ParsedVideo:
    """As parse_video, over frames from anywhere, in order of time and at least one."""
    finder = TransitionFinder(settings)
    table = FeatureTable()
    picker = KeyframePicker(settings.keyframe_width)
    manual_s = [cut.time_s for cut in settings.manual_cuts]
    small: SmallFrame | None = None
    next_settling_s = SETTLED_AFTER_S
    for frame in frames:
        picture = shrink_picture(frame)
        small = shrink(frame, picture, small)
        finder.see(small, picture)
        table.see(small, picture)
        picker.see(small, frame.pixels)
        for consumer in consumers:
            consumer(frame)
        if frame.time_s >= next_settling_s:
            next_settling_s = frame.time_s + SETTLE_EVERY_S
            boundaries_s = sorted([*finder.possible_boundaries_s(), *manual_s])
            picker.settle(frame.time_s - SETTLED_AFTER_S, boundaries_s)
    if small is None:
        raise InputError("The video holds no frames. Choose another file.")
    duration_s = round(small.time_s + small.duration_s, 6)
    transitions = join_cuts(finder.finish(duration_s), settings, duration_s)
    spans = _spans(transitions, duration_s)
    keyframes = picker.pick(spans)
    shots = [
        _describe(span, table, keyframe) for span, keyframe in zip(spans, keyframes, strict=True)
    ]
    storyboard = Storyboard(
        duration_s=duration_s,
        fps=fps,
        shots=with_picture_affects(shots),
        transitions=tuple(transitions),
    )
    return ParsedVideo(storyboard=storyboard, keyframes=tuple(keyframes))


def join_cuts(
    found: Sequence[Transition], settings: ParseSettings, duration_s: float
) -> list[Transition]:
    """The creator's cuts alone, or with what was found where they leave room for it.

    Raises:
        InputError: a cut of the creator's lies outside of the clip.
    """
    manual = [_rounded(cut) for cut in settings.manual_cuts]
    for cut in manual:
        if cut.time_s >= duration_s:
            raise InputError(
                f"The cut list has a cut at {cut.time_s:.3f} s, but the clip lasts"
                f" {duration_s:.3f} s. Choose the list that belongs to this clip, or remove the"
                " cut."
            )
    manual = [cut for cut in manual if cut.time_s > 0]
    if not manual or settings.manual_mode == "replace":
        return manual if settings.manual_cuts else [_rounded(t) for t in found]
    room_s = max(settings.shortest_shot_s, 1e-3)
    free = [
        t for t in map(_rounded, found) if all(abs(t.time_s - m.time_s) >= room_s for m in manual)
    ]
    return sorted([*manual, *free], key=lambda t: t.time_s)


def _rounded(transition: Transition) -> Transition:
    """Times to the microsecond: a storyboard that people can read."""
    return replace(
        transition,
        time_s=round(transition.time_s, 6),
        duration_s=round(transition.duration_s, 4),
        strength=round(min(max(transition.strength, 0.0), 1.0), 4),
    )


def _spans(transitions: Sequence[Transition], duration_s: float) -> list[Span]:
    bounds = [t for t in transitions if t.kind in BOUNDARY_KINDS]
    edges_s = [0.0, *(t.time_s for t in bounds), duration_s]
    reaches_s = [0.0, *(t.duration_s / 2 for t in bounds), 0.0]
    return [
        Span(start_s=edges_s[i], end_s=edges_s[i + 1], margin_s=max(reaches_s[i : i + 2]))
        for i in range(len(edges_s) - 1)
    ]


def _describe(span: Span, table: FeatureTable, keyframe: Keyframe) -> Shot:
    keyframe_s = min(max(round(keyframe.time_s, 6), span.start_s), span.end_s)
    picture, motion = table.describe(span.start_s, span.end_s, keyframe_s)
    affect = affect_of_picture(picture, motion, span.end_s - span.start_s)
    return Shot(
        start_s=span.start_s, end_s=span.end_s, affect=affect, picture=picture, motion=motion
    )
