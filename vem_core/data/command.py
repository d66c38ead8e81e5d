"""`vem data build` and `vem data check`: what the command line says, put together."""

import argparse
import os
from collections.abc import Callable
from contextlib import AbstractContextManager

from ..errors import InputError, MediaError
from ..files import check_output, write_text_whole
from ..types import Progress
from .build import INDEX, Runner, build, runner_here, runner_on_ray
from .check import check_folder, check_shards
from .curation import FILE, read_curation
from .report import report_json, screen_text
from .separation import find_separator
from .settings import BuildSettings, MeasureSettings, Rules

Bars = Callable[[str], AbstractContextManager[Progress]]


def run(arguments: argparse.Namespace, bars: Bars) -> str:
    """Build or check; the text for the screen.

    Raises:
        VemError: what was asked for cannot be done, or the shards that were checked have faults.
    """
    return (_build if arguments.what == "build" else _check)(arguments, bars)


def _build(arguments: argparse.Namespace, bars: Bars) -> str:
    output = arguments.output
    settings, missing = build_settings(arguments)
    decisions = arguments.curation or output / FILE
    asked_for = arguments.curation is not None
    decided = read_curation(decisions) if asked_for or decisions.exists() else {}
    report = build(
        arguments.folder,
        output,
        settings,
        runner(arguments),
        bars,
        decided=decided,
        networks=arguments.networks,
        separator_missing=missing,
    )
    lines = [screen_text(report), ""]
    for shard in report.shards:
        size = shard["n_bytes"] / 1e6
        lines.append(f"Wrote {output / shard['file']}: {len(shard['keys'])} clips, {size:.1f} MB")
    lines.append(
        f"Wrote {output / 'report.json'}; to accept and reject by hand open"
        f" {output / 'curation.html'} and put its {FILE} beside it"
    )
    return "\n".join(lines)


def _check(arguments: argparse.Namespace, bars: Bars) -> str:
    folder = arguments.folder
    if (folder / INDEX).exists():
        with bars("check") as progress:
            checked = check_shards(folder, progress)
        if checked.faults:
            raise MediaError(f"the shards have {len(checked.faults)} faults:\n{checked.text()}")
        return checked.text()
    settings, missing = build_settings(arguments)
    if arguments.report is not None:
        check_output(arguments.report)
    with bars("examine") as progress:
        report = check_folder(
            folder,
            settings,
            runner(arguments),
            progress,
            networks=arguments.networks,
            separator_missing=missing,
        )
    if arguments.report is not None:
        write_text_whole(arguments.report, report_json(report))
    return screen_text(report)


def build_settings(arguments: argparse.Namespace) -> tuple[BuildSettings, str]:
    """What the command line asks for, and why there is no separator (empty where there is)."""
    separator, missing = find_separator(arguments.networks)
    settings = BuildSettings(
        rules=Rules(
            shortest_s=arguments.shortest,
            longest_s=arguments.longest,
            least_snr_db=arguments.snr,
            least_cuts=arguments.least_cuts,
        ),
        measure=MeasureSettings(
            detector=arguments.detector,
            sensitivity=arguments.sensitivity,
            shortest_shot_s=arguments.shortest_shot,
            sample_rate=getattr(arguments, "rate", MeasureSettings().sample_rate),
            separator=separator,
        ),
        clips_per_shard=getattr(arguments, "clips_per_shard", 100),
        held_out_share=getattr(arguments, "held_out", 0.05),
    )
    return settings, missing


def runner(arguments: argparse.Namespace) -> Runner:
    """Processes of this machine, or a cluster where an address is given."""
    if not arguments.patience > 0:
        raise InputError(f"A patience of {arguments.patience:g} s is none; give more.")
    if arguments.ray is not None:
        return runner_on_ray(arguments.ray, arguments.patience)
    workers = os.cpu_count() or 1 if arguments.workers is None else arguments.workers
    if workers < 1:
        raise InputError(f"The number of workers is {workers}; needed is 1 or more.")
    return runner_here(workers, arguments.patience)
