"""The whole job `vem snap`, as a creator starts it."""

import json
import subprocess
import sys

from tests.core.rhythm.groove import groove, steady
from tests.core.video.clips import Clip, write_clip
from vem_core.audio.sound_file import write_sound

SNAP = """
import sys
from vem_core.cli import main
status = main(sys.argv[1:])
heavy = {"torch", "librosa", "numba", "matplotlib", "transformers"} & set(sys.modules)
sys.exit(f"loaded: {sorted(heavy)}" if heavy else status)
"""


def test_snapping_loads_no_torch(tmp_path):
    """Loading it takes longer than all the rest of a short clip, and 700 MB."""
    red, green, blue = (200, 30, 30), (30, 200, 30), (30, 30, 200)
    shots = ((red, 90), (green, 66), (blue, 84))
    video = write_clip(tmp_path / "film.mp4", Clip(shots=shots))
    write_sound(groove(steady(112.0, 40)), tmp_path / "music.wav")
    command = ["snap", video, tmp_path / "music.wav", "-o", tmp_path / "out.mp4"]
    command += ["--report", tmp_path / "report.json"]
    done = subprocess.run(
        [sys.executable, "-c", SNAP, *map(str, command)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert len(report["hits"]) == 2 and (tmp_path / "out.mp4").stat().st_size > 1000
