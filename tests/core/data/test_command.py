"""The commands as people type them, and the page they curate with."""

import json
from pathlib import Path

import pytest

from vem_core.cli import main
from vem_core.data.curation import read_curation
from vem_core.data.report import Report
from vem_core.errors import InputError


def test_shards_are_checked(built: tuple[Path, Report], capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "check", str(built[0])]) == 0
    assert "14 of 14 transitions on a beat" in capsys.readouterr().out


def test_an_empty_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "build", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.startswith("vem data build: ") and "holds no video" in said
    assert not list(tmp_path.glob("out/*.tar"))


def test_no_worker_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["data", "check", str(tmp_path), "--workers", "0"]) == 1
    assert "The number of workers is 0; needed is 1 or more." in capsys.readouterr().err


def test_the_page_knows_every_clip(built: tuple[Path, Report]) -> None:
    out, report = built
    text = (out / "curation" / "data.js").read_text(encoding="utf-8")
    clips = json.loads(text.removeprefix("window.VEM = ").removesuffix(";\n"))["clips"]
    assert [clip["file"] for clip in clips] == [record.file for record in report.records]
    seen = {clip["file"]: clip for clip in clips}
    assert seen["clip-000.mp4"]["accepted"] and not seen["cuts-between-beats.mp4"]["accepted"]
    assert not seen["no-sound.mp4"]["possible"]
    for clip in clips:
        if "strip" in clip:
            assert (out / clip["strip"]).read_bytes()[:2] == b"\xff\xd8"
            assert (out / clip["video"]).resolve().exists()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"schema": "vem-curation", "version": 2, "decisions": {}}']
)
def test_what_is_no_file_of_decisions(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not a file of decisions"):
        read_curation(tmp_path / "c.json")
