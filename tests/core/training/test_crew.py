"""Training by several processes is the training by one."""

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.core.training.test_run import SETTINGS, weights
from vem_core.training.crew import Crew
from vem_core.training.run import train

RUN = """
import sys
from pathlib import Path
from dataclasses import replace
from tests.core.training.test_run import SETTINGS
from vem_core.training.run import train
folder = Path(sys.argv[1])
train(folder / "two", folder / "music", replace(SETTINGS, batch_frames=64))
"""


def test_the_shares_of_a_batch_are_equal_and_apart() -> None:
    shares = [Crew(rank=rank, size=3).share(10).tolist() for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    assert Crew().share(4).tolist() == [0, 1, 2, 3]


def test_two_processes_of_accelerate_train_what_one_trains(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    one = train(tmp_path / "one", tmp_path / "music", replace(SETTINGS, batch_frames=64))
    script = tmp_path / "run.py"
    script.write_text(RUN)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes=2", "--num_machines=1"]
    launch += ["--mixed_precision=no", "--dynamo_backend=no", f"--main_process_port={port}"]
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, *launch, str(script), str(tmp_path)],
        cwd=root, env=_environment(root), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = weights(one), weights(tmp_path / "two" / "vem-score.safetensors")
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, atol=2e-3, rtol=2e-3, msg=name)
    moved = [n for n in first if n.startswith("blocks") and not torch.equal(first[n], second[n])]
    assert len(moved) < len(first)


def _environment(root: Path) -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
