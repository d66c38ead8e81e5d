"""What the commands of `vem` do; each takes the parsed command line (cli.py)."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from .errors import InputError, MissingWeightsError
from .files import check_output, make_folder, write_text_whole
from .report import Report
from .types import Part, Progress

DEFAULT_TEMPO = "80-160"


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar on standard error for whatever takes longer than a second."""
    import sys

    from tqdm import tqdm

    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}"
    # disable=None: no bar where standard error is a file or a pipe
    with tqdm(
        total=1.0,
        desc=f"{label:<9}",
        bar_format=layout,
        delay=1.0,
        leave=False,
        file=sys.stderr,
        disable=None,
    ) as bar:

        def show(share: float) -> None:
            bar.update(max(share - bar.n, 0))

        yield show


def score(arguments: argparse.Namespace) -> None:
    from .jobs import score_video

    if arguments.music is not None:
        snap(arguments)
        return
    with _way_without_model():
        report = score_video(
            arguments.video,
            arguments.output,
            job_settings(arguments),
            storyboard=arguments.storyboard,
            extras=extras(arguments),
            bars=progress_bar,
        )
    _show(report, arguments.output)


def snap(arguments: argparse.Namespace) -> None:
    from .jobs import snap_video

    report = snap_video(
        arguments.video,
        arguments.music,
        arguments.output,
        job_settings(arguments),
        storyboard=arguments.storyboard,
        extras=extras(arguments),
        bars=progress_bar,
    )
    _show(report, arguments.output)


def parse(arguments: argparse.Namespace) -> None:
    from .parsing.contact_sheet import draw_contact_sheet
    from .parsing.storyboard import storyboard_to_json
    from .parsing.words import with_theme
    from .pipeline import look_at
    from .plotting import save_figure

    sheet = arguments.sheet or arguments.output.with_suffix(".png")
    for path in (arguments.output, sheet):
        check_output(path)
    settings = parse_settings(arguments, arguments.video)
    with progress_bar("parse") as progress:
        parsed = look_at(arguments.video, settings, arguments.aligner, progress)
    storyboard = parsed.storyboard
    if arguments.theme:
        storyboard = with_theme(storyboard, theme=arguments.theme)
    save_figure(draw_contact_sheet(parsed), sheet)
    write_text_whole(arguments.output, storyboard_to_json(storyboard))
    n_shots, n_transitions = len(storyboard.shots), len(storyboard.transitions)
    print(f"{storyboard.duration_s:.2f} s, {n_shots} shots, {n_transitions} transitions")
    print(f"Wrote {arguments.output} and {sheet}")


def plan(arguments: argparse.Namespace) -> None:
    from .parsing.storyboard import read_storyboard
    from .plotting import save_figure
    from .rhythm.beat_plan import beat_plan_to_json
    from .rhythm.plan_plot import draw_plan
    from .rhythm.plan_report import describe_plan
    from .rhythm.tempo_map import plan_beats

    plot = arguments.plot or arguments.output.with_suffix(".png")
    for path in (arguments.output, plot):
        check_output(path)
    settings = plan_settings(arguments)
    storyboard = read_storyboard(arguments.storyboard)
    with progress_bar("plan") as progress:
        planned = plan_beats(storyboard, settings, progress)
    save_figure(draw_plan(storyboard, planned), plot)
    write_text_whole(arguments.output, beat_plan_to_json(planned))
    print(describe_plan(planned))
    print(f"Wrote {arguments.output} and {plot}")


def compose(arguments: argparse.Namespace) -> None:
    from .jobs import compose_file

    with _way_without_model():
        report = compose_file(
            arguments.source,
            arguments.output,
            job_settings(arguments),
            extras=extras(arguments),
            bars=progress_bar,
        )
    _show(report, arguments.output)


def evaluate(arguments: argparse.Namespace) -> None:
    from .evaluation.run import EvaluateSettings, run_evaluation, run_folders

    settings = EvaluateSettings(
        out=arguments.out,
        report=arguments.report,
        storyboard=arguments.storyboard,
        theme=arguments.theme,
        networks=arguments.networks,
    )
    if arguments.reference is not None or arguments.generated is not None:
        print(run_folders(arguments.reference, arguments.generated, settings, progress_bar))
        return
    if not arguments.videos:
        raise InputError(
            "Nothing to evaluate was given. Give videos with music, or two folders with --reference"
            " and --generated."
        )
    print(
        run_evaluation(
            arguments.videos,
            lambda video: parse_settings(arguments, video),
            settings,
            progress_bar,
        )
    )


def demo(arguments: argparse.Namespace) -> None:
    """Score the bundled clip, or one's own, with all the files that a job can write."""
    from .demo import run_demo

    make_folder(arguments.out)
    with _way_without_model():
        print(run_demo(arguments.video, arguments.out, arguments.engine, progress_bar))


def train(arguments: argparse.Namespace) -> None:
    """Train a music model; a run that was interrupted goes on."""
    from .training.command import run

    print(run(arguments, progress_bar), end="")


def data(arguments: argparse.Namespace) -> None:
    """Training shards from a folder of videos, or a check of either."""
    from .data.command import run

    print(run(arguments, progress_bar))


@contextmanager
def _way_without_model() -> Iterator[None]:
    try:
        yield
    except MissingWeightsError as error:
        raise MissingWeightsError(f"{error} Without a model: --engine composer.") from error


def _show(report: Report, output: Path) -> None:
    print(summary(report))
    print(f"Wrote {output}")


def summary(report: Report) -> str:
    """A few lines for the screen: what was hit, and what comes out."""
    lines = []
    if report.plan is not None:
        n_hits, n_all = len(report.plan.hits), len(report.plan.hits) + len(report.plan.misses)
        lines.append(
            f"{n_hits} of {n_all} transitions on the beat at {report.plan.tempo.base_bpm:.0f} BPM"
        )
        lines += [
            f"  missed {miss.transition_s:.2f} s by {miss.error_frames:+.1f} frames: {miss.reason}"
            for miss in report.plan.misses
        ]
    if report.audio is not None and report.audio.loudness_lufs is not None:
        lines.append(
            f"{report.audio.loudness_lufs:.1f} LUFS, {report.audio.true_peak_dbtp:.1f} dBTP,"
            f" {report.model}, {report.timings_s['total']:.1f} s"
        )
    return "\n".join([*lines, *(f"Note: {note}" for note in report.notes)])


def parse_settings(arguments: argparse.Namespace, video: Path):
    from .parsing.cut_lists import read_cut_list
    from .parsing.settings import ParseSettings
    from .video.reader import probe

    cuts = ()
    if arguments.cuts is not None:
        info = probe(video)
        cuts = read_cut_list(arguments.cuts, info.fps, info.duration_s)
    return ParseSettings(
        detector=arguments.detector,
        sensitivity=arguments.sensitivity,
        shortest_shot_s=arguments.shortest_shot,
        manual_cuts=cuts,
        manual_mode="add" if arguments.add_cuts else "replace",
    )


def plan_settings(arguments: argparse.Namespace):
    from .rhythm.plan_settings import PlanSettings

    if "tempo" not in arguments:  # snapping takes its tempo from the music
        return PlanSettings(hit_unit=arguments.hit_unit)
    low, high = tempo_range(arguments.tempo or DEFAULT_TEMPO)
    return PlanSettings(
        tempo_range_bpm=(low, high),
        fixed_tempo_bpm=low if low == high else None,
        tempo_room=arguments.room / 100,
        metre=arguments.metre,
        hit_unit=arguments.hit_unit,
    )


def tempo_range(text: str) -> tuple[float, float]:
    """'90-120' -> (90, 120); '104' -> (104, 104). Raises InputError for anything else."""
    low, dash, high = text.strip().partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError:
        raise InputError(
            f"The tempo is '{text}'; needed is a range in BPM such as 90-120, or one number."
            " Correct it."
        ) from None


def job_settings(arguments: argparse.Namespace):
    """Everything the command line says, for a whole job."""
    from .audio.ducking import DuckSettings
    from .audio.mix_plan import MixSettings
    from .pipeline import JobSettings, MusicSettings, parse_key

    source = arguments.source if "source" in arguments else arguments.video
    settings = JobSettings(
        parse=parse_settings(arguments, source),
        aligner=arguments.aligner,
        plan=plan_settings(arguments),
    )
    if "tempo" in arguments:
        settings = replace(
            settings,
            theme=arguments.theme,
            style_sets_tempo=not arguments.tempo,
            music=MusicSettings(
                style=arguments.style,
                key=parse_key(arguments.key) if arguments.key else None,
                seed=arguments.seed,
                instruments=tuple(map(instrument_choice, arguments.instrument)),
                engine=arguments.engine,
                model=model_settings(arguments),
            ),
        )
    if "stretch" in arguments:
        settings = replace(settings, most_stretch=arguments.stretch / 100)
    if "loudness" in arguments:
        mix = MixSettings(
            own_sound="mix" if arguments.own_sound == "mix" else "replace",
            fade_in_s=arguments.fade_in,
            fade_out_s=arguments.fade_out,
            loudness_lufs=arguments.loudness,
            true_peak_dbtp=arguments.true_peak,
            duck=DuckSettings(depth_db=abs(arguments.duck)),
        )
        settings = replace(settings, mix=mix, keep_own_track=arguments.own_sound == "keep")
    return settings


def model_settings(arguments: argparse.Namespace):
    """What the command line says of the model; refused where the composer writes the music."""
    from .generation import ModelSettings

    names = {
        "model": "file",
        "steps": "steps",
        "guidance": "guidance",
        "beat_strength": "beat_strength",
        "storyboard_strength": "storyboard_strength",
    }
    said = {name: getattr(arguments, name) for name in names}
    said = {name: value for name, value in said.items() if value is not None}
    if said and arguments.engine != "vem":
        options = ", ".join("--" + name.replace("_", "-") for name in said)
        raise InputError(
            f"{options} is for the trained model, but '--engine {arguments.engine}' was asked for."
            " Leave one of them out."
        )
    return ModelSettings(**{names[name]: value for name, value in said.items()})


def instrument_choice(text: str) -> tuple[Part, str]:
    """'lead=flute' -> ('lead', 'flute')."""
    from .types import PARTS

    part, equals, name = text.partition("=")
    known: Part | None = next((known for known in PARTS if known == part.strip()), None)
    if not equals or known is None or not name.strip():
        raise InputError(
            f"'{text}' does not choose an instrument; needed is PART=NAME, with a part of"
            f" {', '.join(PARTS)}. Write it as lead=flute."
        )
    return known, name.strip()


def extras(arguments: argparse.Namespace):
    from .jobs import Extras

    return Extras(
        midi=getattr(arguments, "midi", None),
        stems=getattr(arguments, "stems", None),
        report=arguments.report,
    )
