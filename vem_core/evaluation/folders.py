"""A folder of music or videos against another: what was real, what was made.

Files belong together by their name without its ending. Pictures, where there are any, come from the
generated video, else from the reference of that name. Scores (.mid) are compared as scores.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..encoders.local import CLAP, TAGGER, require
from ..errors import InputError, MissingPackageError, MissingWeightsError
from ..metrics import distribution, rhythm, symbolic
from ..metrics.semantic import mean_with_interval
from ..types import Progress, Samples, SoundStream, no_progress, stream_of
from ..video.film_sound import open_film_sound
from ..video.reader import probe, read_sound
from .listening import Heard, listen
from .match import MusicMatch, evaluate_video

SCORES = (".mid", ".midi")
SOUNDS = (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".aac", ".opus")
VIDEOS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
_MEANS = (
    "hit_rate_40_ms",
    "hit_rate_70_ms",
    "hit_rate_70_ms_chance",
    "hit_rate_100_ms",
    "mean_absolute_error_ms",
    "tbiou_500_ms",
    "accent_lift",
    "accent_rank",
    "av_align",
    "arousal_energy",
    "valence_mode",
    "clap_score",
    "tw_clap",
    "lb_score",
    "tw_lb",
    "biou_500_ms",
    "beat_f_measure_70_ms",
    "pitch_overlap",
    "duration_overlap",
    "inter_onset_overlap",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mean:
    """A figure over clips."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderMatch:
    """Two folders, file by file and as a whole."""

    matches: tuple[MusicMatch, ...]
    """Of the generated videos."""
    pairs: dict[str, dict[str, float | None]]
    """Name -> figures of a generated file against the reference of that name."""
    means: dict[str, Mean]
    """Over clips, with a 95 % interval."""
    distribution: dict[str, float | int | str | None]
    """FAD and its like; a sentence where they were not measured."""

    def as_dict(self) -> dict:
        return {
            "videos": [match.as_dict() for match in self.matches],
            "pairs": self.pairs,
            "means": {
                name: {"value": m.value, "low": m.low, "high": m.high, "n": m.n}
                for name, m in self.means.items()
            },
            "distribution": self.distribution,
        }


def files_in(folder: Path) -> dict[str, Path]:
    """Stem -> file, of everything in a folder that can be heard.

    Raises:
        InputError: no such folder, nothing in it, or two files of one name.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder}'. Correct the path.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (*SCORES, *SOUNDS, *VIDEOS):
            continue
        if path.stem in found:
            raise InputError(
                f"'{folder}' holds both '{found[path.stem].name}' and '{path.name}'; each name must"
                " stand for one piece. Remove or rename one."
            )
        found[path.stem] = path
    if not found:
        raise InputError(
            f"'{folder}' holds no video, music or score ({', '.join(VIDEOS + SOUNDS + SCORES)})."
        )
    return found


def evaluate_folders(
    reference: Path,
    generated: Path,
    progress: Progress = no_progress,
    *,
    networks: Path | None = None,
) -> FolderMatch:
    """Measure what was made against what was real, clip by clip and as a whole.

    Raises:
        VemError: a folder or a file in it cannot be used.
    """
    real, made = files_in(reference), files_in(generated)
    matches: list[MusicMatch] = []
    pairs: dict[str, dict[str, float | None]] = {}
    coverages: list[rhythm.Coverage] = []
    for index, (stem, path) in enumerate(made.items()):
        progress(0.8 * index / len(made))
        partner = real.get(stem)
        if path.suffix.lower() in SCORES:
            if partner is not None and partner.suffix.lower() in SCORES:
                pairs[stem] = _compare_scores(partner, path)
            continue
        match = evaluate_video(path, networks=networks) if path.suffix.lower() in VIDEOS else None
        if match is not None:
            matches.append(match)
        if partner is not None and partner.suffix.lower() not in SCORES:
            heard = match.heard if match else _hear(path)
            pairs[stem], coverage = _compare_sounds(_hear(partner), heard)
            coverages.append(coverage)
    progress(0.8)
    whole = _distribution(real, made, networks)
    if len(coverages) >= 2:
        whole |= rhythm.coverage_summary(coverages)
    return FolderMatch(
        matches=tuple(matches), pairs=pairs, means=_means(matches, pairs), distribution=whole
    )


def _hear(path: Path) -> Heard:
    stream = _stream(path)
    return listen(stream, picture_s=stream.duration_s or 0.0)


def _stream(path: Path) -> SoundStream:
    if path.suffix.lower() in VIDEOS:
        stream = open_film_sound(path, probe(path).duration_s).stream
    else:
        samples = read_sound(path).samples
        stream = None if samples is None else stream_of(samples)
    if stream is None:
        raise InputError(f"'{path}' has no sound. Remove it from the folder.")
    return stream


def _compare_sounds(real: Heard, made: Heard) -> tuple[dict[str, float | None], rhythm.Coverage]:
    """Beats against beats; BCS and BHS over onsets, as LORIS computes them."""
    true_s, beats_s = np.array(real.track.beats_s), np.array(made.track.beats_s)
    heard = len(true_s) > 0 and len(beats_s) > 0
    duration_s = min(real.duration_s, made.duration_s)
    coverage = rhythm.beat_coverage(real.onsets_s, made.onsets_s, duration_s)
    figures = {
        "biou_500_ms": rhythm.event_iou(true_s, beats_s) if heard else None,
        "beat_f_measure_70_ms": rhythm.f_measure(true_s, beats_s).f_measure if heard else None,
        "bcs": coverage.coverage,
        "bhs": coverage.hit,
    }
    return figures, coverage


def _compare_scores(real: Path, made: Path) -> dict[str, float | None]:
    """Overlap of two scores, and the figures of the made one."""
    from ..codecs.score.midi import midi_to_score

    a, b = (symbolic.note_table(midi_to_score(path)) for path in (real, made))
    overlaps = symbolic.overlaps(a, b)
    return {
        **symbolic.evaluate(b),
        **{name: None if np.isnan(value) else value for name, value in overlaps.items()},
    }


def _distribution(
    real: dict[str, Path], made: dict[str, Path], networks: Path | None
) -> dict[str, float | int | str | None]:
    """FAD, density and coverage on CLAP; KLD and IS on a tagger; or why not."""
    found: dict[str, float | int | str | None] = {}
    sounds = [
        [path for path in files.values() if path.suffix.lower() not in SCORES]
        for files in (real, made)
    ]
    if not all(sounds):
        return {"fad": "not measured: needs sound in both folders"}
    try:
        require(CLAP, networks)
        from ..encoders.clap import Clap

        clap = Clap(networks)
        rows = [np.concatenate([clap.encode_windows(_sound(p)) for p in part]) for part in sounds]
        found |= distribution.evaluate(reference=rows[0], generated=rows[1])
        found["embedding"] = clap.name
    except (MissingWeightsError, MissingPackageError) as error:
        names = ("fad", "fad_infinity", "density", "coverage")
        found |= dict.fromkeys(names, f"not measured: {error}")
    try:
        require(TAGGER, networks)
        from ..encoders.tagger import Tagger

        tagger = Tagger(networks)
        stems = [stem for stem in made if stem in real and made[stem] in sounds[1]]
        stems = [stem for stem in stems if real[stem] in sounds[0]] or list(made)
        tags = [
            np.stack([tagger.posteriors(_sound(files[s])) for s in stems if s in files])
            for files in (real, made)
            if any(s in files for s in stems)
        ]
        found |= distribution.evaluate(
            reference_posteriors=tags[0] if len(tags) > 1 else None, generated_posteriors=tags[-1]
        )
        found["tagger"] = tagger.name
    except (MissingWeightsError, MissingPackageError) as error:
        found |= dict.fromkeys(("kld", "inception_score"), f"not measured: {error}")
    return found


def _sound(path: Path) -> Samples:
    samples = read_sound(path).samples
    if samples is None:
        raise InputError(f"'{path}' has no sound. Remove it from the folder.")
    return samples


def _means(matches: list[MusicMatch], pairs: dict[str, dict[str, float | None]]) -> dict[str, Mean]:
    """Mean over clips of every figure that was measured in at least one."""
    rows: list[dict[str, float | None]] = [
        {
            **{name: v if isinstance(v, float) else None for name, v in match.figures.items()},
            **match.accents,
            **{name: found.rho for name, found in match.affect.items()},
            **match.meaning.scores,
        }
        for match in matches
    ]
    rows += list(pairs.values())
    means = {}
    for name in _MEANS:
        values = [row[name] for row in rows if row.get(name) is not None]
        if values:
            mean, low, high = mean_with_interval(values, np.random.default_rng(0))  # type: ignore[arg-type]
            means[name] = Mean(value=mean, low=low, high=high, n=len(values))
    return means


def folder_table(found: FolderMatch) -> str:
    """Means with their intervals, and the figures of the whole."""
    lines = [f"{'figure':<24} {'mean':>8}  {'95 % interval':<20} clips"]
    for name, mean in found.means.items():
        interval = f"{mean.low:.3f} to {mean.high:.3f}"
        lines.append(f"{name:<24} {mean.value:>8.3f}  {interval:<20} {mean.n:>5}")
    for name, value in found.distribution.items():
        shown = f"{value:.3f}" if isinstance(value, float) else str(value)
        lines.append(f"{name:<24} {shown:>8}" if len(shown) < 12 else f"{name:<24} {shown}")
    return "\n".join(lines)
