"""The processes that train together: one, or as many as `accelerate launch` started.

Every process draws the same batch from (seed, step), works on its own items of it, and the
gradients are averaged; so the number of processes changes nothing but the order of sums.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from ..errors import MissingPackageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """This process among those that train together."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """The first process alone bakes and writes."""
        return self.rank == 0

    def share(self, n: int) -> torch.Tensor:
        """(n / size,) int64: which of `n` items of a batch are this process's.

        All processes get as many: what is left over by the division is nobody's.
        """
        return torch.arange(self.rank, n - n % self.size if n >= self.size else n, self.size)

    def mean_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the processes."""
        if self.size == 1:
            return
        for parameter in parameters:
            if parameter.grad is not None:
                torch.distributed.all_reduce(parameter.grad)
                parameter.grad /= self.size

    def wait(self) -> None:
        """Until all processes have come here."""
        if self.size > 1:
            torch.distributed.barrier()


def join_crew(device: str = "cpu") -> tuple[Crew, str]:
    """The crew of this process and its device; alone unless `accelerate launch` started it.

    Raises:
        MissingPackageError: several processes were started and accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Crew(), device
    try:
        from accelerate import PartialState
    except ImportError:
        raise MissingPackageError("accelerate", "Training with several processes") from None
    state = PartialState(cpu=device == "cpu")
    return Crew(rank=state.process_index, size=state.num_processes), str(state.device)
