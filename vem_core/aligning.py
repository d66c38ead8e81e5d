"""The aligner beside the parser, in the parser's one pass; torch is loaded only here."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from .parsing.parse import ParsedVideo, parse_video
from .parsing.sampling import RateSampler
from .parsing.settings import ParseSettings
from .types import Progress, no_progress
from .video.reader import Source, VideoFrame, read_frames

if TYPE_CHECKING:
    from .rhythm.aligner import Aligner
    from .rhythm.alignment import AlignerStream, Alignment

READ_WIDTH = 320
"""As wide as the parser reads: the aligner sees the same pictures in either pass."""


def parse_aligned(
    source: Source,
    settings: ParseSettings | None = None,
    progress: Progress = no_progress,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    aligner: "Aligner | None" = None,
) -> ParsedVideo:
    """As parse_video, with transitions weighed by the aligner; the film is still read once.

    The creator's own cuts keep their strength (see rhythm.alignment.weigh_transitions).

    Args:
        aligner: None loads the one that comes with VeM.

    Raises:
        VemError: as parse_video; or the weights are missing or do not fit.
    """
    from .rhythm.alignment import weigh_transitions

    settings = settings or ParseSettings()
    stream, sampler = _open_stream(aligner, keep_activations=False)
    parsed = parse_video(
        source,
        settings,
        progress,
        start_s=start_s,
        duration_s=duration_s,
        consumers=[sampler],
    )
    given_s = [cut.time_s for cut in settings.manual_cuts]
    weighed = weigh_transitions(parsed.storyboard, stream.finish(), given_s)
    return replace(parsed, storyboard=weighed)


def aligner_activations(
    source: Source,
    progress: Progress = no_progress,
    *,
    start_s: float = 0.0,
    duration_s: float | None = None,
    aligner: "Aligner | None" = None,
) -> "Alignment":
    """What the aligner sees, whatever a parser says: times_s (F,), activations (F, D) and more.

    The activations of the layer before the probability are what VeM's adapter reads (1.6). Reads
    the film once.

    Raises:
        VemError: the video cannot be read, or the weights are missing or do not fit.
    """
    stream, sampler = _open_stream(aligner, keep_activations=True)
    frames = read_frames(
        source, max_width=READ_WIDTH, start_s=start_s, duration_s=duration_s, progress=progress
    )
    with closing(cast("Generator[VideoFrame]", frames)):  # an interrupt frees the file at once
        for frame in frames:
            sampler(frame)
    return stream.finish()


def _open_stream(
    aligner: "Aligner | None", *, keep_activations: bool
) -> "tuple[AlignerStream, RateSampler]":
    from .checkpoint import load_aligner
    from .rhythm.alignment import AlignerStream

    aligner = aligner or load_aligner()
    stream = AlignerStream(aligner, keep_activations=keep_activations)
    config = aligner.config
    sampler = RateSampler(stream, width=config.width, height=config.height, rate_hz=config.rate_hz)
    return stream, sampler
