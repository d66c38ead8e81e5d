"""Six made videos, examined once."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path

import pytest

from scripts.made_clips import BROKEN, write_good
from vem_core.data.build import Runner, build
from vem_core.data.examine import Task, examine
from vem_core.data.report import Report
from vem_core.data.settings import BuildSettings
from vem_core.data.workers import Lost
from vem_core.types import no_progress

SETTINGS = BuildSettings(clips_per_shard=1, held_out_share=0.0)
BAD = ("a-text.mp4", "cuts-between-beats.mp4", "no-sound.mp4", "z-encoded-again.mkv")


def bars(label: str):
    return nullcontext(no_progress)


def in_this_process(tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes | Lost]]:
    for task in tasks:
        yield task, examine(task)


def backwards(tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes | Lost]]:
    """Results arrive in any order."""
    yield from in_this_process(list(reversed(tasks)))


def nobody(tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes | Lost]]:
    raise AssertionError(f"{[task.file for task in tasks]} should not be looked at again")


class Counting:
    """A runner that remembers what it was asked to look at."""

    def __init__(self) -> None:
        self.files: list[str] = []

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes | Lost]]:
        for task in tasks:
            self.files.append(task.file)
            yield task, examine(task)


def build_here(folder: Path, out: Path, runner: Runner = in_this_process, **options) -> Report:
    return build(folder, out, options.pop("settings", SETTINGS), runner, bars, **options)


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good clips and four that are out, the last one a copy of the first."""
    folder = tmp_path_factory.mktemp("videos")
    for seed in (0, 3):
        write_good(folder / f"clip-{seed:03d}.mp4", seed)
    for number, name in enumerate(BAD):
        BROKEN[name](folder, 100 + number)
    (folder / "notes.txt").write_text("not a video", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def built(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """The folder's shards; not to be changed by tests."""
    out = tmp_path_factory.mktemp("shards")
    return out, build_here(videos, out)
