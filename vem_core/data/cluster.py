"""The same work on the machines of a Ray cluster: a machine may go and come at any time.

A task only reads; its result travels back to the one process that writes. So a machine that is lost
takes nothing with it: Ray gives its tasks to another.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import InputError, MissingPackageError, VemError
from .examine import Task, examine
from .workers import Lost, limited, prepare

_RETRIES = 3
"""After a machine or a process died; a file that kills its process is tried as often."""
_AHEAD = 2
"""Tasks handed out for each core: some wait where the work is, and few are lost with a machine."""


def _examine_limited(task: Task, patience_s: float) -> bytes | VemError:
    prepare()
    try:
        with limited(patience_s):
            return examine(task)
    except VemError as error:
        return error


def run_on_ray(
    tasks: Sequence[Task], address: str, patience_s: float
) -> Iterator[tuple[Task, bytes | Lost]]:
    """Examine files on the cluster at `address`, in any order.

    Raises:
        MissingPackageError: ray is not installed.
        InputError: there is no cluster, or one of its machines cannot do the work.
    """
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise MissingPackageError("ray", "Building data on a cluster") from error
    begun_here = not ray.is_initialized()
    if begun_here:
        try:
            ray.init(address=address, log_to_driver=False, logging_level="error")
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = (str(error).strip().splitlines() or ["no answer"])[0]
            raise InputError(
                f"There is no Ray cluster at '{address}' ({reason}). Start one with 'ray start"
                " --head', or leave the address out."
            ) from None
    try:
        yield from _run(ray, tasks, patience_s)
    finally:
        if begun_here:
            ray.shutdown()


def _run(ray: Any, tasks: Sequence[Task], patience_s: float) -> Iterator[tuple[Task, bytes | Lost]]:
    work = ray.remote(num_cpus=1, max_retries=_RETRIES)(_examine_limited)
    waiting, under_way = list(reversed(tasks)), {}
    while waiting or under_way:
        room = max(int(_AHEAD * ray.cluster_resources().get("CPU", 1)), 1)
        while waiting and len(under_way) < room:
            task = waiting.pop()
            under_way[work.remote(task, patience_s)] = task
        ready, _ = ray.wait(list(under_way), num_returns=1)
        for reference in ready:
            task = under_way.pop(reference)
            try:
                result = ray.get(reference)
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.NodeDiedError):
                result = Lost(
                    reason="reading it ended the program"
                    f" {_RETRIES + 1} times, or took longer than {patience_s:g} s"
                )
            if isinstance(result, VemError):
                raise result
            yield task, result
