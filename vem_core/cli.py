"""The command `vem`: the same stages as the nodes, without ComfyUI.

Exit status: 0 only if the output was written whole; 1 with one sentence on standard error for
anything a creator can mend; 2 for a wrong command line; 130 when interrupted.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from .errors import InputError, VemError
from .types import METRES, Progress

Command = Callable[[argparse.Namespace], None]


class _Parser(argparse.ArgumentParser):
    """argparse prints the whole usage before its sentence; creators need the sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"vem: {message}. See '{self.prog} --help'.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parsed = build_parser().parse_args(arguments)
    command: Command = parsed.command
    try:
        command(parsed)
    except VemError as error:
        print(f"vem {parsed.name}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        print(f"vem {parsed.name}: interrupted; nothing was written.", file=sys.stderr)
        return 130
    return 0


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """A bar on standard error for whatever takes longer than a second."""
    from tqdm import tqdm

    layout = "{desc} {percentage:3.0f}% |{bar}| {elapsed}"
    with tqdm(
        total=1.0, desc=f"{label:<9}", bar_format=layout, delay=1.0, leave=False, file=sys.stderr
    ) as bar:

        def show(share: float) -> None:
            bar.update(max(share - bar.n, 0))

        yield show


def build_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="vem", description="Music for your video, its beats on your cuts.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    parse = _add(commands, "parse", run_parse, "find shots and transitions; write a storyboard")
    parse.add_argument("video", type=Path)
    parse.add_argument("-o", "--output", type=Path, required=True, help="storyboard, JSON")
    parse.add_argument("--sheet", type=Path, help="contact sheet, PNG (default: beside the output)")
    _add_parse_options(parse)

    plan = _add(commands, "plan", run_plan, "place beats on a storyboard; write a beat plan")
    plan.add_argument("storyboard", type=Path)
    plan.add_argument("-o", "--output", type=Path, required=True, help="beat plan, JSON")
    plan.add_argument("--plot", type=Path, help="picture of the plan, PNG (default: beside it)")
    _add_plan_options(plan)

    demo = _add(commands, "demo", run_demo, "try everything on the bundled clip, or on your own")
    demo.add_argument("--video", type=Path, help="your own clip")
    demo.add_argument("--out", type=Path, default=Path("out"), help="folder for the results")
    return parser


def _add(commands, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(command=command, name=name)
    return parser


def _add_parse_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("shots")
    group.add_argument("--cuts", type=Path, help="your own cuts: times, EDL, OTIO, FCPXML or CSV")


def _add_plan_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("beats")
    group.add_argument("--tempo", default="80-160", metavar="LO-HI", help="in BPM; one number: fixed")
    group.add_argument("--room", type=float, default=6.0, help="percent the tempo may move (%(default)g)")
    group.add_argument("--metre", choices=sorted(METRES), default="4/4")
    group.add_argument("--hit-unit", choices=("beat", "half-beat"), default="half-beat")


def tempo_range(text: str) -> tuple[float, float]:
    """'90-120' -> (90, 120); '104' -> (104, 104).

    Raises:
        InputError: the text is neither.
    """
    low, dash, high = text.strip().partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError:
        raise InputError(
            f"The tempo is '{text}'; needed is a range in BPM such as 90-120, or one number."
            " Correct it."
        ) from None


def run_parse(arguments: argparse.Namespace) -> None:
    raise InputError("parse")


def run_plan(arguments: argparse.Namespace) -> None:
    raise InputError("plan")


def run_demo(arguments: argparse.Namespace) -> None:
    raise InputError("demo")


if __name__ == "__main__":
    sys.exit(main())
