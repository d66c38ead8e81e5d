"""What stands in a shard: read back, by webdataset, and held against its index."""

import io
import json
import math
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from scripts.made_clips import plan_clip, play
from vem_core.data.build import INDEX, clip_key
from vem_core.data.check import check_shards
from vem_core.data.report import Report
from vem_core.data.sample import FIXED, read_sample
from vem_core.data.tars import read_tar, tar_bytes
from vem_core.errors import MediaError
from vem_core.types import no_progress

Built = tuple[Path, Report]


def sample_of(out: Path, file: str):
    for path in sorted(out.glob("*.tar")):
        for key, members in read_tar(path):
            if key == clip_key(file):
                return read_sample(key, members)
    raise AssertionError(f"{file} is in no shard")


def test_a_sample_holds_the_clip(built: Built) -> None:
    made = plan_clip(0)
    sample = sample_of(built[0], "clip-000.mp4")
    assert [t.time_s for t in sample.storyboard.transitions] == pytest.approx(made.cuts_s)
    assert len(sample.plan.hits) == len(made.cuts_s)
    assert max(abs(hit.error_ms) for hit in sample.plan.hits) <= 70
    step_s = 60 / made.tempo_bpm
    assert np.median(np.diff(sample.plan.beats_s)) == pytest.approx(step_s, rel=0.01)
    assert sample.plan.beats_s[0] <= 0 and sample.plan.beats_s[-1] >= made.duration_s
    assert sample.frames.shape == (math.ceil(made.duration_s * 16), 36, 64, 3)
    assert sample.sound.n_channels == 2
    truth = play(made)[0]
    heard = sample.sound.values[0, : len(truth)]
    assert np.corrcoef(truth[: len(heard)], heard)[0, 1] > 0.95  # AAC lies between them


def test_the_layout_is_webdatasets(built: Built) -> None:
    with tarfile.open(built[0] / "train-000000.tar") as tar:
        infos = tar.getmembers()
    assert {info.mtime for info in infos} == {0} and {info.uid for info in infos} == {0}
    assert {info.name.split(".", 1)[0] for info in infos} == {infos[0].name.split(".", 1)[0]}
    names = [info.name.split(".", 1)[1] for info in infos]
    assert names == sorted(names) and set(FIXED) < set(names)


def test_webdataset_reads_them(built: Built) -> None:
    webdataset = pytest.importorskip("webdataset")
    paths = [str(path) for path in sorted(built[0].glob("*.tar"))]
    samples = list(webdataset.WebDataset(paths, shardshuffle=False).decode())
    assert {s["__key__"] for s in samples} == {
        clip_key(name) for name in ("clip-000.mp4", "clip-003.mp4")
    }
    for sample in samples:
        assert sample["storyboard.json"]["schema"] == "vem-storyboard"
        assert sample["frames.npy"].shape[1:] == (36, 64, 3)
        assert sample["flac"][:4] == b"fLaC"


def test_check_finds_nothing_in_whole_shards(built: Built) -> None:
    checked = check_shards(built[0], no_progress)
    assert checked.faults == ()
    assert checked.n_samples == {"train": 2, "held-out": 0}
    assert checked.n_hits == checked.n_cuts == 14


def test_check_finds_faults(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(built[0], out)
    first, second = out / "train-000000.tar", out / "train-000001.tar"
    key, members = next(iter(read_tar(first)))
    members.pop("plan.json")
    first.write_bytes(tar_bytes([(key, members)]))
    second.unlink()
    faults = "\n".join(check_shards(out, no_progress).faults)
    assert "train-000000.tar has changed since it was built." in faults
    assert f"Sample '{key}' lacks plan.json." in faults
    assert "train-000001.tar cannot be read (No such file or directory)." in faults


def test_check_finds_held_out_music_in_training(built: Built, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(built[0], out)
    index = json.loads((out / INDEX).read_text(encoding="utf-8"))
    _, members = next(iter(read_tar(out / "train-000000.tar")))
    (out / "held-out-000000.tar").write_bytes(tar_bytes([("copy", members)]))
    shard = dict(index["shards"][0], file="held-out-000000.tar", split="held-out", keys=["copy"])
    index["shards"].append(shard)
    (out / INDEX).write_text(json.dumps(index), encoding="utf-8")
    faults = "\n".join(check_shards(out, no_progress).faults)
    assert "and 'copy' have the same music, but one is held out." in faults


def test_a_cut_off_tar_is_refused() -> None:
    whole = tar_bytes([("a", {"json": b"{}" * 2000})])
    with pytest.raises(MediaError, match="A tar is damaged"):
        list(read_tar(whole[:3000]))


def test_a_sample_that_does_not_fit_together(built: Built) -> None:
    key, members = next(iter(read_tar(built[0] / "train-000000.tar")))
    held = io.BytesIO()
    np.save(held, np.zeros((7, 36, 64, 3), np.uint8))
    with pytest.raises(MediaError, match=r"does not fit together.*its frames last 0\.44 s"):
        read_sample(key, members | {"frames.npy": held.getvalue()})
