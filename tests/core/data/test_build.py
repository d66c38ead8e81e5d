"""From a folder to shards: who is out and why, the same bytes however it went, people's say."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from vem_core.data.build import INDEX, clip_key, list_clips
from vem_core.data.curation import read_curation
from vem_core.data.examine import Task, examine
from vem_core.data.report import Report, report_text
from vem_core.data.settings import BuildSettings, Rules
from vem_core.data.workers import Lost
from vem_core.errors import InputError

from .conftest import SETTINGS, Counting, backwards, build_here, nobody

Built = tuple[Path, Report]


def bytes_of(out: Path) -> dict[str, bytes]:
    names = (*out.glob("*.tar"), out / INDEX, out / "report.json")
    return {path.name: path.read_bytes() for path in names}


def copy_of(built: Built, tmp_path: Path) -> Path:
    shutil.copytree(built[0], tmp_path / "out")
    return tmp_path / "out"


def codes(report: Report) -> dict[str, list[str]]:
    return {r.file: [x.code for x in v.reasons] for r, v in report.clips()}


def test_every_broken_file_is_named_with_its_reason(built: Built) -> None:
    out, report = built
    assert codes(report) == {
        "a-text.mp4": ["unreadable"],
        "clip-000.mp4": [],
        "clip-003.mp4": [],
        "cuts-between-beats.mp4": ["off beat"],
        "no-sound.mp4": ["no sound"],
        "z-encoded-again.mkv": ["duplicate"],
    }
    text = (out / "report.txt").read_text(encoding="utf-8")
    assert "6 videos: 2 accepted, 4 rejected" in text
    assert "nearly the same as 'clip-000.mp4', which stays" in text
    assert "1 other files in the folder are no videos by name" in text
    assert str(out.parent) not in (out / "report.json").read_text(encoding="utf-8")


def test_same_bytes_in_any_order(videos: Path, built: Built, tmp_path: Path) -> None:
    build_here(videos, tmp_path / "out", backwards)
    assert bytes_of(tmp_path / "out") == bytes_of(built[0])


def test_a_run_that_was_killed_goes_on(videos: Path, built: Built, tmp_path: Path) -> None:
    """What was examined stays; a half-written shard and an older, longer build leave no trace."""
    out = copy_of(built, tmp_path)
    before = bytes_of(out)
    gone = clip_key("clip-003.mp4")
    (out / "examined" / f"{gone}.tar").unlink()
    (out / "examined" / f"{clip_key('no-sound.mp4')}.tar").write_bytes(b"cut off")
    (out / INDEX).unlink()
    (out / "train-000000.tar").unlink()
    (out / "train-000009.tar").write_bytes(b"of an older build")
    runner = Counting()
    build_here(videos, out, runner)
    assert runner.files == ["clip-003.mp4", "no-sound.mp4"]
    assert bytes_of(out) == before


def test_a_changed_file_is_looked_at_again(videos: Path, built: Built, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    shutil.copytree(videos, folder)
    out = copy_of(built, tmp_path)
    (folder / "a-text.mp4").write_text("another text", encoding="utf-8")
    runner = Counting()
    build_here(folder, out, runner)
    assert runner.files == ["a-text.mp4"]


def test_rules_alone_look_at_nothing_again(videos: Path, built: Built, tmp_path: Path) -> None:
    out = copy_of(built, tmp_path)
    harder = replace(SETTINGS, rules=Rules(least_cuts=7))
    report = build_here(videos, out, nobody, settings=harder)
    assert codes(report)["clip-003.mp4"] == ["few cuts"]
    assert [path.name for path in out.glob("*.tar")] == ["train-000000.tar"]


def test_decisions_by_people_are_honoured(videos: Path, built: Built, tmp_path: Path) -> None:
    out = copy_of(built, tmp_path)
    hashes = {record.file: record.sha256 for record in built[1].records}

    def decide(file: str, decision: str, sha256: str = "") -> tuple[str, dict]:
        row = {"file": file, "sha256": sha256 or hashes[file], "decision": decision}
        return clip_key(file), row

    rows = [
        decide("cuts-between-beats.mp4", "accept"),
        decide("clip-003.mp4", "reject"),
        decide("no-sound.mp4", "accept"),
        decide("clip-000.mp4", "reject", "0" * 64),
    ]
    page = {"schema": "vem-curation", "version": 1, "decisions": dict(rows)}
    (out / "curation.json").write_text(json.dumps(page), encoding="utf-8")
    runner = Counting()
    decided = read_curation(out / "curation.json")
    report = build_here(videos, out, runner, decided=decided)
    assert runner.files == ["cuts-between-beats.mp4"]  # its sample was not made before
    taken = {record.file for record, verdict in report.clips() if verdict.accepted}
    assert taken == {"cuts-between-beats.mp4", "clip-000.mp4"}  # no sound: nobody can take it
    assert report.stale_decisions == ("clip-000.mp4",)
    assert "Accepted by hand against the rules: cuts-between-beats.mp4" in report_text(report)


def test_of_two_alike_the_next_stays_when_the_first_is_rejected(
    videos: Path, built: Built, tmp_path: Path
) -> None:
    out = copy_of(built, tmp_path)
    first = next(r for r in built[1].records if r.file == "clip-000.mp4")
    page = {"file": first.file, "sha256": first.sha256, "decision": "reject"}
    text = {"schema": "vem-curation", "version": 1, "decisions": {first.key: page}}
    (out / "c.json").write_text(json.dumps(text), encoding="utf-8")
    report = build_here(videos, out, nobody, decided=read_curation(out / "c.json"))
    assert codes(report)["clip-000.mp4"] == ["by hand"]
    assert codes(report)["z-encoded-again.mkv"] == []


def test_a_lost_file_is_a_line_and_is_tried_again(videos: Path, tmp_path: Path) -> None:
    def losing(tasks: Sequence[Task]) -> Iterator[tuple[Task, bytes | Lost]]:
        for task in tasks:
            lost = task.file.startswith("clip-003")
            yield task, Lost(reason="reading it ended the program") if lost else examine(task)

    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("clip-003.mp4", "a-text.mp4"):
        shutil.copy2(videos / name, folder / name)
    report = build_here(folder, tmp_path / "out", losing)
    assert "clip-003.mp4  reading it ended the program" in report_text(report)
    runner = Counting()
    assert build_here(folder, tmp_path / "out", runner).n_accepted == 1
    assert runner.files == ["clip-003.mp4"]


def test_what_shares_music_goes_to_one_side(videos: Path, tmp_path: Path, built: Built) -> None:
    """Accepted by hand beside its twin, a copy follows it whatever the share."""
    copy = next(r for r in built[1].records if r.file == "z-encoded-again.mkv")
    page = {"file": copy.file, "sha256": copy.sha256, "decision": "accept"}
    text = {"schema": "vem-curation", "version": 1, "decisions": {copy.key: page}}
    (tmp_path / "c.json").write_text(json.dumps(text), encoding="utf-8")
    out = copy_of(built, tmp_path)
    twins = {clip_key("clip-000.mp4"), copy.key}
    for share in (0.2, 0.5, 0.8):
        report = build_here(
            videos,
            out,
            settings=BuildSettings(held_out_share=share),
            decided=read_curation(tmp_path / "c.json"),
        )
        # the first of the two is now the copy, which a person asked for; its twin may be out
        sides = [s["split"] for s in report.shards if twins & set(s["keys"])]
        assert len(sides) == 1


def test_folders_without_videos(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        list_clips(tmp_path / "missing")
    (tmp_path / "a.txt").touch()
    with pytest.raises(InputError, match="holds no video"):
        list_clips(tmp_path)


def test_keys_are_one_for_each_path_and_hold_no_dot() -> None:
    keys = [clip_key(name) for name in ("a/b.c.mp4", "b.c.mp4", "视频.mp4", "B.C.mp4")]
    assert len(set(keys)) == 4
    assert all("." not in key and key.isascii() for key in keys)
