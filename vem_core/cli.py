"""The command `vem`: the same stages as the nodes, without ComfyUI.

Exit status: 0 only if the output was written whole; 1 with one sentence on standard error for
anything a creator can mend; 2 for a wrong command line; 130 when interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from . import commands
from .errors import VemError


class _Parser(argparse.ArgumentParser):
    """argparse prints the whole usage before its sentence; creators need the sentence."""

    def error(self, message: str) -> NoReturn:
        line = " ".join(message.split())
        self.exit(2, f"{self.prog}: {line}. See '{self.prog} --help'.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parsed = build_parser().parse_args(arguments)
    try:
        parsed.command(parsed)
    except VemError as error:
        print(f"vem {parsed.name}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        then = getattr(parsed, "when_interrupted", "nothing was written")
        print(f"vem {parsed.name}: interrupted; {then}.", file=sys.stderr)
        return 130
    return 0


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="vem", description="Music for your video, its beats on your cuts.")
    found = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    score = _add(found, "score", "score a video: picture untouched, music on its cuts")
    score.add_argument("video", type=Path)
    _add_output(score, "video with music (.mp4, .mov, .mkv, .webm)")
    score.add_argument("--storyboard", type=Path, help="edited storyboard instead of parsing")
    score.add_argument("--music", type=Path, help="snap this music instead of writing some")
    _add_music_options(score)
    _add_model_options(score)
    _add_extras(score)
    for options in (_add_parse_options, _add_aligner_option, _add_plan_options, _add_mix_options):
        options(score)

    parse = _add(found, "parse", "find shots and transitions; write a storyboard")
    parse.add_argument("video", type=Path)
    _add_output(parse, "storyboard (.json)")
    parse.add_argument("--sheet", type=Path, help="contact sheet (default: OUTPUT with .png)")
    parse.add_argument("--theme", default="", help="one sentence about the clip")
    _add_parse_options(parse)
    _add_aligner_option(parse)

    plan = _add(found, "plan", "place beats on a storyboard; write a beat plan")
    plan.add_argument("storyboard", type=Path)
    _add_output(plan, "beat plan (.json)")
    plan.add_argument("--plot", type=Path, help="picture of the plan (default: OUTPUT with .png)")
    _add_plan_options(plan)

    compose = _add(found, "compose", "write music for a storyboard or a video; no picture out")
    compose.add_argument("source", type=Path, help="storyboard (.json) or video")
    _add_output(compose, "music (.wav, .flac)")
    _add_music_options(compose)
    _add_model_options(compose)
    _add_extras(compose)
    for options in (_add_parse_options, _add_aligner_option, _add_plan_options):
        options(compose)

    snap = _add(found, "snap", "move any music onto the cuts of a video")
    snap.add_argument("video", type=Path)
    snap.add_argument("music", type=Path)
    _add_output(snap, "video with the snapped music (.mp4, .mov, .mkv, .webm)")
    snap.add_argument("--storyboard", type=Path, help="edited storyboard instead of parsing")
    snap.add_argument("--stretch", type=float, default=8.0, help="most percent (%(default)g)")
    snap.add_argument("--report", type=Path, help="what was found, planned, delivered (.json)")
    for options in (_add_parse_options, _add_aligner_option, _add_grid_options, _add_mix_options):
        options(snap)

    evaluate = _add(found, "evaluate", "measure how the music of videos meets their cuts")
    evaluate.add_argument("videos", type=Path, nargs="*", metavar="VIDEO")
    _add_evaluate_options(evaluate)
    _add_parse_options(evaluate)

    demo = _add(found, "demo", "try everything on the bundled clip, or on your own")
    demo.add_argument("--video", type=Path, help="your own clip")
    demo.add_argument("--out", type=Path, default=Path("out"), help="folder for the results")
    _add_engine(demo)

    _add_train(found)
    _add_data(found)
    return parser


def _add_evaluate_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reference", type=Path, metavar="DIR", help="real music or videos")
    parser.add_argument(
        "--generated", type=Path, metavar="DIR", help="made ones, by the same names"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("evaluation"), help="folder of the results (%(default)s)"
    )
    parser.add_argument("--report", type=Path, help="all figures in a place of your own (.json)")
    parser.add_argument("--storyboard", type=Path, help="words and moods by people, for one video")
    parser.add_argument("--theme", default="", help="one sentence about the clip, for CLAP")
    parser.add_argument("--networks", type=Path, metavar="DIR", help="folder of CLAP and its like")


def _add(found, name: str, text: str) -> argparse.ArgumentParser:
    parser = found.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(command=getattr(commands, name), name=name)
    return parser


def _add_output(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, help=what)


def _add_music_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("music")
    group.add_argument("--style", default="", help="such as cinematic, lo-fi, house")
    group.add_argument("--theme", default="", help="one sentence about the clip")
    group.add_argument("--key", default="", help="such as 'C major' or 'F# minor'")
    group.add_argument("--seed", type=int, default=0)
    group.add_argument(
        "--instrument", action="append", default=[], metavar="PART=NAME", help="such as lead=flute"
    )


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    _add_engine(group)
    group.add_argument("--model", type=Path, metavar="FILE", help="another trained model")
    group.add_argument("--steps", type=int, help="of the sampler (20)")
    group.add_argument("--guidance", type=float, help="how closely to follow the storyboard (1.5)")
    group.add_argument("--beat-strength", type=float, help="how strongly to mark hits (1.5)")
    group.add_argument(
        "--storyboard-strength", type=float, help="0 to 1: how strictly to keep shots apart (1)"
    )


def _add_engine(group) -> None:
    group.add_argument(
        "--engine",
        choices=("vem", "composer"),
        default="vem",
        help="what writes the music: the trained model, or rules (%(default)s)",
    )


def _add_train(found) -> None:
    train = _add(found, "train", "train a music model, or go on where it was interrupted")
    train.set_defaults(when_interrupted="the same command goes on from the last saved step")
    what = train.add_mutually_exclusive_group(required=True)
    what.add_argument("--preset", metavar="NAME", help="small (CPU) or base (GPU)")
    what.add_argument("--settings", type=Path, metavar="FILE", help="settings of a run (.json)")
    train.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    train.add_argument(
        "--music", type=Path, metavar="FOLDER", help="composed pieces (OUTPUT/music)"
    )
    train.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (auto)")
    train.add_argument("--workers", type=int, help="processes that compose (one a core)")
    train.add_argument(
        "--quick", type=int, metavar="N", help="only N steps a stage, on little music, as a trial"
    )


def _add_data(found) -> None:
    data = _add(found, "data", "turn a folder of videos with music into training shards, or check")
    what = data.add_subparsers(required=True, dest="what", metavar="build|check")
    text = "shards from a folder of videos; goes on where it was stopped"
    build = what.add_parser("build", help=text, description=text[0].upper() + text[1:] + ".")
    build.set_defaults(
        name="data build", when_interrupted="the same command goes on where it stopped"
    )
    build.add_argument("folder", type=Path, help="videos with music, subfolders included")
    build.add_argument("-o", "--output", type=Path, required=True, metavar="SHARDS")
    build.add_argument("--curation", type=Path, help="decisions by people (SHARDS/curation.json)")
    build.add_argument(
        "--clips-per-shard", type=int, default=100, metavar="N", help="(%(default)s)"
    )
    build.add_argument(
        "--held-out", type=float, default=0.05, metavar="SHARE", help="of the clips (%(default)g)"
    )
    build.add_argument("--rate", type=int, default=44_100, metavar="HZ", help="(%(default)s)")
    text = "read every sample of shards, or say what a build would say of a folder"
    check = what.add_parser("check", help=text, description=text[0].upper() + text[1:] + ".")
    check.set_defaults(name="data check")
    check.add_argument("folder", type=Path, metavar="SHARDS|FOLDER")
    check.add_argument("--report", type=Path, help="of a folder of videos (.json)")
    for parser in (build, check):
        _add_data_options(parser)


def _add_data_options(parser: argparse.ArgumentParser) -> None:
    rules = parser.add_argument_group("rules")
    rules.add_argument("--shortest", type=float, default=10.0, metavar="S", help="(%(default)g)")
    rules.add_argument("--longest", type=float, default=60.0, metavar="S", help="(%(default)g)")
    rules.add_argument(
        "--snr", type=float, default=20.0, metavar="DB", help="music above the rest (%(default)g)"
    )
    rules.add_argument("--least-cuts", type=int, default=4, metavar="N", help="(%(default)s)")
    shots = parser.add_argument_group("shots")
    shots.add_argument("--detector", default="adaptive", help="(%(default)s)")
    shots.add_argument("--sensitivity", type=float, default=0.5, help="0 to 1 (%(default)g)")
    shots.add_argument(
        "--shortest-shot", type=float, default=0.3, metavar="S", help="(%(default)g)"
    )
    work = parser.add_argument_group("work")
    work.add_argument("--workers", type=int, metavar="N", help="processes (one a core)")
    work.add_argument("--ray", metavar="ADDRESS", help="of a Ray cluster, instead of processes")
    work.add_argument(
        "--patience", type=float, default=600.0, metavar="S", help="for one file (%(default)g)"
    )
    work.add_argument("--networks", type=Path, metavar="DIR", help="folder of Demucs and its like")


def _add_extras(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("also write")
    group.add_argument("--midi", type=Path, help="score with its tempo map (.mid)")
    group.add_argument("--stems", type=Path, metavar="DIR", help="one WAV a part")
    group.add_argument("--report", type=Path, help="what was found, planned, delivered (.json)")


def _add_parse_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("shots")
    group.add_argument("--detector", default="adaptive", help="(%(default)s)")
    group.add_argument("--sensitivity", type=float, default=0.5, help="0 to 1 (%(default)g)")
    group.add_argument(
        "--shortest-shot", type=float, default=0.3, metavar="S", help="(%(default)g)"
    )
    group.add_argument("--cuts", type=Path, help="your cuts: times, EDL, OTIO, FCPXML or CSV")
    group.add_argument("--add-cuts", action="store_true", help="keep the detected ones besides")


def _add_aligner_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--aligner",
        choices=("auto", "off"),
        default="off",
        help="auto: a trained network has a say in what the beats should hit (%(default)s)",
    )


def _add_plan_options(parser: argparse.ArgumentParser) -> None:
    group = _add_grid_options(parser)
    group.add_argument(
        "--tempo", metavar="LO-HI", help="BPM (the style's, else 80-160); one number: fixed"
    )
    group.add_argument(
        "--room", type=float, default=6.0, help="percent of tempo room (%(default)g)"
    )
    group.add_argument("--metre", default="4/4", help="4/4, 3/4 or 6/8 (%(default)s)")


def _add_grid_options(parser: argparse.ArgumentParser):
    group = parser.add_argument_group("beats")
    group.add_argument("--hit-unit", default="half-beat", help="beat or half-beat (%(default)s)")
    return group


def _add_mix_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("mix")
    group.add_argument(
        "--own-sound",
        choices=("mix", "replace", "keep"),
        default="mix",
        help="duck the music under it, drop it, or keep it as a second track (%(default)s)",
    )
    group.add_argument("--loudness", type=float, default=-14.0, help="LUFS (%(default)g)")
    group.add_argument("--true-peak", type=float, default=-1.0, help="dBTP (%(default)g)")
    group.add_argument("--duck", type=float, default=-12.0, help="dB under speech (%(default)g)")
    group.add_argument("--fade-in", type=float, default=0.05, metavar="S", help="(%(default)g)")
    group.add_argument("--fade-out", type=float, default=0.5, metavar="S", help="(%(default)g)")


if __name__ == "__main__":
    sys.exit(main())
