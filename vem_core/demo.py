"""`vem demo`: everything once, on the bundled clip or on one's own."""

from dataclasses import replace
from pathlib import Path

from .jobs import Extras, score_video, snap_video
from .parsing.storyboard import write_storyboard
from .pipeline import Bars, Engine, JobSettings, MusicSettings
from .plotting import save_figure
from .report import Report
from .rhythm.plan_plot import draw_plan
from .rhythm.plan_report import describe_plan
from .video.containers import CONTAINERS

ASSETS = Path(__file__).parent / "assets" / "demo"
CLIP, MUSIC = ASSETS / "clip.mp4", ASSETS / "music.ogg"
CLIP_SETTINGS = JobSettings(
    theme="a bright, modern ad for a loudspeaker", music=MusicSettings(style="house", seed=1)
)


def run_demo(video: Path | None, folder: Path, engine: Engine, bars: Bars) -> str:
    """Score a clip with every file that a job can write, and snap the bundled music to it.

    Without `video` the bundled clip is taken. Returns what was made, for the screen.
    """
    settings = JobSettings() if video is not None else CLIP_SETTINGS
    settings = replace(settings, music=replace(settings.music, engine=engine))
    video = video or CLIP
    stem = video.stem
    suffix = video.suffix.lower() if video.suffix.lower() in CONTAINERS else ".mp4"
    scored, snapped = (folder / f"{stem}-{how}{suffix}" for how in ("scored", "snapped"))
    extras = Extras(
        midi=folder / f"{stem}.mid",
        stems=folder / f"{stem}-stems",
        report=folder / f"{stem}-report.json",
    )
    report = score_video(video, scored, settings, extras=extras, bars=bars)
    board = folder / f"{stem}-storyboard.json"
    write_storyboard(report.storyboard, board)
    plot = folder / f"{stem}-plan.png"
    assert report.plan is not None
    save_figure(draw_plan(report.storyboard, report.plan), plot)
    moved = snap_video(video, MUSIC, snapped, settings, storyboard=board, bars=bars)
    rows = [
        (scored, f"your video with music written for it: {report.model}"),
        (snapped, _snapped_in_words(moved)),
        (plot, "beats over cuts"),
        (board, "shots and transitions; edit it and run: vem score --storyboard"),
        (folder / f"{stem}.mid", "the score, with its tempo map"),
        (folder / f"{stem}-stems", "one WAV a part"),
        (folder / f"{stem}-report.json", "everything in numbers"),
    ]
    width = max(len(str(path)) for path, _ in rows)
    return "\n".join(
        [describe_plan(report.plan), "", *(f"{path!s:<{width}}  {what}" for path, what in rows)]
    )


def _snapped_in_words(report: Report) -> str:
    if report.plan is None:
        return "the bundled music laid under it"
    n_all = len(report.plan.hits) + len(report.plan.misses)
    return f"the bundled music moved onto {len(report.plan.hits)} of its {n_all} transitions"
