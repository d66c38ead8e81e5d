"""`vem evaluate`: videos or two folders in; a table, a JSON file and a picture a video out."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..files import check_output, make_folder, write_text_whole
from ..parsing.settings import ParseSettings
from ..plotting import save_figure
from ..types import Progress
from .folders import evaluate_folders, folder_table
from .match import MusicMatch, evaluate_video
from .plot import draw_match
from .words import describe_match, table

Bars = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True, kw_only=True, slots=True)
class EvaluateSettings:
    """What `vem evaluate` was asked for."""

    out: Path = Path("evaluation")
    """Folder for figures.json and the pictures; made where it is missing."""
    report: Path | None = None
    """Another place for the JSON file."""
    storyboard: Path | None = None
    """Words and moods by people, for one video."""
    theme: str = ""
    networks: Path | None = None


def run_evaluation(
    videos: Sequence[Path],
    parse_settings: Callable[[Path], ParseSettings],
    settings: EvaluateSettings,
    bars: Bars,
) -> str:
    """Evaluate videos; writes the files and returns the text for the screen.

    Raises:
        VemError: a video cannot be read or has no sound, or the results cannot be written.
    """
    from ..parsing.storyboard import read_storyboard

    _prepare(settings)
    board = None
    if settings.storyboard is not None:
        if len(videos) != 1:
            raise InputError(
                f"One storyboard and {len(videos)} videos were given; a storyboard belongs to one"
                " video. Evaluate the videos one by one."
            )
        board = read_storyboard(settings.storyboard)
    matches = []
    for video in videos:
        with bars(video.name[:24]) as progress:
            match = evaluate_video(
                video,
                parse_settings(video),
                progress,
                storyboard=board,
                theme=settings.theme,
                networks=settings.networks,
            )
        matches.append(match)
    pictures = _draw(matches, settings.out)
    written = _write([match.as_dict() for match in matches], settings)
    words = describe_match(matches[0]) if len(matches) == 1 else table(matches)
    shown = [table(matches), "", words] if len(matches) == 1 else [words]
    return "\n".join([*shown, *(f"Wrote {path}" for path in [*written, *pictures])])


def run_folders(
    reference: Path | None, generated: Path | None, settings: EvaluateSettings, bars: Bars
) -> str:
    """Evaluate a folder against another; writes the files and returns the text for the screen.

    Raises:
        VemError: a folder is missing, empty or unreadable, or the results cannot be written.
    """
    if reference is None or generated is None:
        raise InputError(
            "Only one of --reference and --generated was given; a comparison needs both folders."
        )
    _prepare(settings)
    with bars("folders") as progress:
        found = evaluate_folders(reference, generated, progress, networks=settings.networks)
    pictures = _draw(list(found.matches), settings.out)
    written = _write(found.as_dict(), settings)
    shown = [table(list(found.matches)), ""] if found.matches else []
    shown.append(folder_table(found))
    return "\n".join([*shown, *(f"Wrote {path}" for path in [*written, *pictures])])


def _prepare(settings: EvaluateSettings) -> None:
    """Check the places before the work; nothing is made yet."""
    if settings.out.exists() and not settings.out.is_dir():
        raise InputError(
            f"'{settings.out}' is a file; the results need a folder. Choose another name."
        )
    if settings.out.is_dir():
        check_output(settings.out / "figures.json")
    if settings.report is not None:
        check_output(settings.report)


def _draw(matches: list[MusicMatch], out: Path) -> list[Path]:
    """One picture a video, numbered where two videos have one name."""
    make_folder(out)
    paths: list[Path] = []
    for match in matches:
        stem = Path(match.name).stem
        path = out / f"{stem}.png"
        number = 2
        while path in paths:
            path, number = out / f"{stem}-{number}.png", number + 1
        save_figure(draw_match(match), path)
        paths.append(path)
    return paths


def _write(figures: dict | list[dict], settings: EvaluateSettings) -> list[Path]:
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    paths = [settings.out / "figures.json", *([settings.report] if settings.report else [])]
    for path in paths:
        write_text_whole(path, text)
    return paths
