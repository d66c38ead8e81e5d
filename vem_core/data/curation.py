"""The curation page, and the file of decisions that it writes and the next build honours.

The page is static: one HTML file beside the shards, its data in `curation/`. It shows a clip at a
time, is driven by the keyboard, and gives the decisions out as `curation.json`; put beside the
shards, the next build reads it. A decision holds for the very file that was seen.
"""

import io
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np

from ..errors import InputError
from ..files import read_text, whole_file, write_text_whole
from .examine import Examined
from .judge import Decision, Verdict, beyond_chance
from .record import Record
from .report import Report

PAGE = Path(__file__).parents[1] / "assets" / "curation.html"
FILE = "curation.json"
FOLDER = "curation"
SCHEMA = "vem-curation"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """What a person said of a clip."""

    file: str
    sha256: str
    decision: Decision


def read_curation(path: Path) -> dict[str, Decided]:
    """Decisions by key.

    Raises:
        InputError: the file is missing or is not what the page writes.
    """
    text = read_text(path, "file of decisions")
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA or document["version"] != 1:
            raise ValueError("another schema or version")
        found = {}
        for key, row in document["decisions"].items():
            if row["decision"] not in ("accept", "reject"):
                raise ValueError(f"'{row['decision']}' is no decision")
            found[str(key)] = Decided(
                file=str(row["file"]), sha256=str(row["sha256"]), decision=row["decision"]
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"'{path}' is not a file of decisions ({error}). Save it again from the curation page."
        ) from None
    return found


def write_page(
    output: Path, folder: Path, report: Report, examined_of: Callable[[str], Examined]
) -> None:
    """The page, its data and its pictures; what an earlier build left there goes."""
    place = output / FOLDER
    place.mkdir(exist_ok=True)
    rows = []
    pictures = set()
    for record, verdict in report.clips():
        row = _row(record, verdict, report)
        row["video"] = _link(folder / record.file, output)
        if record.sounding is not None:
            examined = examined_of(record.key)
            row |= _curves(examined)
            name = f"{record.key}.jpg"
            with whole_file(place / name) as temporary:
                temporary.write_bytes(examined.strip)
            row["strip"] = f"{FOLDER}/{name}"
            pictures.add(name)
        rows.append(row)
    for path in place.glob("*.jpg"):
        if path.name not in pictures:
            path.unlink()
    text = json.dumps({"schema": SCHEMA, "clips": rows}, separators=(",", ":"))
    write_text_whole(place / "data.js", f"window.VEM = {text};\n")
    write_text_whole(output / "curation.html", PAGE.read_text(encoding="utf-8"))


def _row(record: Record, verdict: Verdict, report: Report) -> dict:
    interval = beyond_chance(record, report.settings.rules)
    meeting, sound, mood = record.meeting, record.sounding, record.mood
    return {
        "key": record.key,
        "file": record.file,
        "sha256": record.sha256,
        "accepted": not verdict.reasons or {r.code for r in verdict.reasons} == {"by hand"},
        "possible": verdict.possible,
        "reasons": [r.text for r in verdict.reasons if r.code != "by hand"],
        "decision": verdict.decision,
        "duration_s": record.duration_s,
        "size": f"{record.width} x {record.height}" if record.width else "",
        "fps": record.fps,
        "hits": None if meeting is None else [meeting.hits, meeting.n_cuts],
        "window_s": report.settings.measure.hit_window_s,
        "chance": None if meeting is None else meeting.chance,
        "interval": interval,
        "error_ms": None if meeting is None else meeting.mean_error_ms,
        "tempo_bpm": None if sound is None else sound.tempo_bpm,
        "loudness_lufs": None if sound is None else sound.loudness_lufs,
        "snr_db": None if sound is None else sound.snr_db,
        "mood": None if mood is None or mood.rho is None else [mood.rho, mood.low, mood.high],
    }


def _curves(examined: Examined) -> dict:
    with np.load(io.BytesIO(examined.curves), allow_pickle=False) as curves:
        return {name: curves[name].tolist() for name in sorted(curves.files)}


def _link(video: Path, output: Path) -> str:
    """Where the page finds the video: relative, or absolute where they are on two drives."""
    try:
        relative = os.path.relpath(video.resolve(), output.resolve())
    except ValueError:
        return video.resolve().as_uri()
    return quote(Path(relative).as_posix())
