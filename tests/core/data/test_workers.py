"""Processes that die, hang or cannot work cost nothing but their file."""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

from vem_core.data.build import plan_tasks
from vem_core.data.examine import unpack
from vem_core.data.settings import BuildSettings
from vem_core.data.workers import Lost, run_here
from vem_core.errors import InputError


def tasks_of(videos: Path, *names: str):
    tasks, _ = plan_tasks(videos, None, BuildSettings(), {})
    return [task for task in tasks if task.file in names]


@pytest.mark.skipif(sys.platform == "win32", reason="kills as Linux and macOS do")
def test_a_killed_worker_is_replaced(videos: Path) -> None:
    tasks = tasks_of(videos, "a-text.mp4", "no-sound.mp4", "clip-003.mp4")
    found = {}
    for task, result in run_here(tasks, 1, 600):
        assert isinstance(result, bytes)
        found[task.file] = unpack(result).record
        if len(found) == 1:
            for child in multiprocessing.active_children():
                assert child.pid is not None
                os.kill(child.pid, signal.SIGKILL)
    assert len(found) == 3
    assert found["clip-003.mp4"].has_sample


def test_a_file_that_takes_too_long_is_a_line(videos: Path) -> None:
    found = dict(run_here(tasks_of(videos, "clip-003.mp4"), 1, 0.01))
    assert list(found.values()) == [Lost(reason="reading it takes longer than 0.01 s")]


def test_what_is_wrong_with_the_machine_ends_the_run(videos: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    tasks = [replace(task, root=tmp_path / "away") for task in tasks_of(videos, "a-text.mp4")]
    with pytest.raises(InputError, match=r"The folder '.*away' is not to be seen on the machine"):
        list(run_here(tasks, 1, 600))
