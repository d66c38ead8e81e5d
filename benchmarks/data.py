"""Figure 4 of the paper-scale issue: a folder of made clips becomes shards, whatever happens.

    .venv/bin/python benchmarks/data.py [--clips 200] [--workers 2] [--ray] [--keep FOLDER]

Makes the clips, 20 of them broken in different ways, and prints: whether just those 20 are named;
whether a build that is killed in the middle and started again gives the same bytes as another that
is not; with --ray (needs the package) whether two nodes on this machine do, one of which is killed
in the middle; and whether webdataset (if it is there) reads what was written. --few N puts the
builds that are compared on the first N files, so that all of it takes minutes.
"""

import argparse
import hashlib
import importlib.util
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from scripts.made_clips import BROKEN, write_good

ROOT = Path(__file__).parents[1]
BAD = tuple(BROKEN)[:20]


def make(folder: Path, n_clips: int, workers: int) -> None:
    """The clips, those that are there already left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    good = [(folder / f"clip-{n:03d}.mp4", n) for n in range(n_clips - len(BAD))]
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        jobs = [pool.submit(write_good, path, n) for path, n in good if not path.exists()]
        for job in jobs:
            job.result()
    for number, name in enumerate(BAD):
        if not (folder / name).exists():
            BROKEN[name](folder, 10_000 + number)


def command(folder: Path, out: Path, *options: str) -> list[str]:
    shards = ("--clips-per-shard", "25")
    build = (sys.executable, "-m", "vem_core.cli", "data", "build", str(folder), "-o", str(out))
    return [*build, *shards, *options]


def run(folder: Path, out: Path, *options: str) -> float:
    """A build from end to end; its seconds."""
    started = time.perf_counter()
    done = subprocess.run(command(folder, out, *options), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the build failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return time.perf_counter() - started


def n_examined(out: Path) -> int:
    return len(list((out / "examined").glob("[!.]*.tar"))) if out.exists() else 0


def run_and_kill(folder: Path, out: Path, at: int, *options: str) -> int:
    """Start a build and kill -9 it once `at` files were examined; how many there were."""
    build = subprocess.Popen(command(folder, out, *options), cwd=ROOT, stdout=subprocess.DEVNULL)
    while n_examined(out) < at and build.poll() is None:
        time.sleep(0.05)
    if build.poll() is not None:
        raise SystemExit("the build ended before it could be killed")
    os.kill(build.pid, signal.SIGKILL)
    build.wait()
    return n_examined(out)


def digest(out: Path) -> tuple[str, int]:
    """Of the shards, their index and the report: names and bytes; and the number of shards."""
    found = hashlib.sha256()
    tars = sorted(out.glob("*.tar"))
    for path in (*tars, out / "shards.json", out / "report.json"):
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16], len(tars)


def check_names(out: Path, wanted: set[str]) -> bool:
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    rejected = {clip["file"]: clip["reasons"] for clip in report["clips"] if not clip["accepted"]}
    for file, reasons in sorted(rejected.items()):
        print(f"  {file:<30} {'; '.join(reason['text'] for reason in reasons)[:140]}")
    print(
        f"{report['n_clips']} files: {report['n_accepted']} accepted, {len(rejected)} rejected;"
        f" broken and named: {len(wanted & set(rejected))} of {len(wanted)};"
        f" good and rejected: {sorted(set(rejected) - wanted)}"
    )
    return set(rejected) == wanted


def read_with_webdataset(out: Path) -> str:
    if importlib.util.find_spec("webdataset") is None:
        return "not measured: the package 'webdataset' is not installed"
    import webdataset  # pyright: ignore[reportMissingImports]

    paths = [str(path) for path in sorted(out.glob("*.tar"))]
    samples = list(webdataset.WebDataset(paths, shardshuffle=False).decode())
    whole = [s for s in samples if s["storyboard.json"]["shots"] and s["frames.npy"].ndim == 4]
    return f"{len(samples)} samples read by webdataset, {len(whole)} with storyboard and frames"


def on_ray(folder: Path, out: Path, at: int | None) -> str:
    """A build on two nodes of this machine; with `at` one is killed when so many are examined."""
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's word for: stay on 127.0.0.1
    from ray.cluster_utils import Cluster  # pyright: ignore[reportMissingImports]

    cluster = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "node_ip_address": "127.0.0.1", "include_dashboard": False},
    )
    other = cluster.add_node(num_cpus=1, node_ip_address="127.0.0.1")
    cluster.wait_for_nodes()
    try:
        started = time.perf_counter()
        build = subprocess.Popen(
            command(folder, out, "--ray", cluster.address),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        killed = ""
        while build.poll() is None:
            if at is not None and not killed and n_examined(out) >= at:
                cluster.remove_node(other, allow_graceful=False)
                killed = f", one killed after {n_examined(out)} files"
            time.sleep(0.1)
        if build.returncode:
            raise SystemExit("the build on the cluster failed")
        seconds = time.perf_counter() - started
    finally:
        cluster.shutdown()
    return f"two nodes{killed}: {seconds:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--few", type=int, default=0, metavar="N")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--ray", action="store_true")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    place = arguments.keep or Path(tempfile.mkdtemp(prefix="vem-data-"))
    folder, workers = place / "videos", ("--workers", str(arguments.workers))
    make(folder, arguments.clips, arguments.workers)
    print(f"{len(list(folder.iterdir()))} files in the folder", flush=True)

    third = arguments.clips // 3
    n_killed = run_and_kill(folder, place / "killed", third, *workers)
    seconds = run(folder, place / "killed", *workers)
    mark, n_shards = digest(place / "killed")
    print(
        f"killed after {n_killed} files, started again: {seconds:.0f} s, {n_shards} shards {mark}"
    )
    good = check_names(place / "killed", set(BAD))
    print(read_with_webdataset(place / "killed"), flush=True)

    some, reference = folder, mark
    if arguments.few:
        some = place / "few"
        shutil.rmtree(some, ignore_errors=True)
        some.mkdir()
        for path in sorted(folder.iterdir())[: arguments.few]:
            shutil.copy2(path, some / path.name)
    seconds = run(some, place / "whole", "--workers", "1")
    whole, _ = digest(place / "whole")
    print(f"one worker, never killed: {seconds:.0f} s, {whole}", flush=True)
    if arguments.few:
        run_and_kill(some, place / "few-killed", max(arguments.few // 2, 1), *workers)
        run(some, place / "few-killed", *workers)
        reference = digest(place / "few-killed")[0]
        print(f"the same files, killed and started again: {reference}", flush=True)
    good &= whole == reference
    if arguments.ray:
        for at in (None, max((arguments.few or arguments.clips) // 4, 1)):
            out = place / f"ray-{at}"
            words = on_ray(some, out, at)
            mark = digest(out)[0]
            print(f"{words}, {mark}", flush=True)
            good &= mark == reference
    print("all the same, all named" if good else "NOT the same, or not just the broken ones named")
    if arguments.keep is None:
        shutil.rmtree(place)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
