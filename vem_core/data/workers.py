"""Many files at a time in processes of this machine, each of which may die without harm.

A decoder that meets a broken file may end its process or never come back. So each worker holds one
file at a time; when it dies, or the file takes longer than it may, another takes its place, the
file is tried once more, and then it is a line in the report.
"""

import contextlib
import faulthandler
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from ..errors import VemError
from .examine import Task, examine

_TRIES = 2
_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
"""As many processes as cores; and sums that do not depend on the number of cores."""
TIMED_OUT = 1
"""Exit status of a worker that faulthandler ended."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A file that no worker brought back."""

    reason: str


@contextlib.contextmanager
def limited(patience_s: float) -> Iterator[None]:
    """End this very process, whatever it is stuck in, when the block takes longer."""
    with open(os.devnull, "w") as nowhere:
        faulthandler.dump_traceback_later(patience_s, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def prepare() -> None:
    """One thread a process in the libraries that have their own switch for it."""
    import cv2

    cv2.setNumThreads(1)


def _work(tasks: Connection, patience_s: float) -> None:
    """A worker's life: a task in, bytes or a VemError out, until the other side is gone."""
    prepare()
    with contextlib.suppress(EOFError, BrokenPipeError, KeyboardInterrupt, ConnectionResetError):
        while True:
            task = tasks.recv()
            try:
                with limited(patience_s):
                    result: bytes | VemError = examine(task)
            except VemError as error:
                result = error
            tasks.send(result)


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    task: Task | None = None


@dataclass
class _Crew:
    """The workers and what is left to do."""

    waiting: deque[Task]
    patience_s: float
    workers: list[_Worker] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=dict)

    def hire(self) -> _Worker:
        context = multiprocessing.get_context("spawn")  # forks of threaded processes hang
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, self.patience_s), daemon=True)
        held = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ |= _ONE_THREAD
        try:
            process.start()
        finally:
            for name, value in held.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        worker = _Worker(process, ours)
        self.workers.append(worker)
        return worker

    def give(self, worker: _Worker) -> None:
        """The next task; a worker that died while it waited is seen when it is waited for."""
        worker.task = self.waiting.popleft() if self.waiting else None
        if worker.task is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                worker.pipe.send(worker.task)

    def bury(self, worker: _Worker) -> tuple[Task, Lost] | None:
        """Replace a dead worker; its task is tried again, or lost."""
        worker.process.join()
        status, task = worker.process.exitcode, worker.task
        worker.pipe.close()
        self.workers.remove(worker)
        lost = None
        if task is not None:
            self.tries[task.key] = self.tries.get(task.key, 0) + 1
            if self.tries[task.key] < _TRIES:
                self.waiting.appendleft(task)
            else:
                lost = (task, Lost(reason=_last_words(status, self.patience_s)))
        if self.waiting:
            self.give(self.hire())
        return lost

    def dismiss(self) -> None:
        for worker in self.workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self.workers:
            worker.process.join()


def _last_words(status: int | None, patience_s: float) -> str:
    if status == TIMED_OUT:
        return f"reading it takes longer than {patience_s:g} s"
    how = f"signal {-status}" if status is not None and status < 0 else f"status {status}"
    return f"reading it ended the program twice ({how})"


def run_here(
    tasks: Sequence[Task], n_workers: int, patience_s: float
) -> Iterator[tuple[Task, bytes | Lost]]:
    """Examine files by processes of this machine, in any order.

    Raises:
        VemError: what a worker raised about this machine.
    """
    crew = _Crew(waiting=deque(tasks), patience_s=patience_s)
    try:
        for _ in range(min(n_workers, len(tasks))):
            crew.give(crew.hire())
        while any(worker.task is not None for worker in crew.workers):
            for ready in wait([worker.pipe for worker in crew.workers]):
                worker = next(w for w in crew.workers if w.pipe is ready)
                task = worker.task
                try:
                    result = worker.pipe.recv()
                except (EOFError, ConnectionResetError):
                    lost = crew.bury(worker)
                    if lost is not None:
                        yield lost
                    continue
                if isinstance(result, VemError):
                    raise result
                crew.give(worker)
                if task is not None:
                    yield task, result
    finally:
        crew.dismiss()
