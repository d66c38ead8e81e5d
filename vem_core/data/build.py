"""From a folder to shards: examine what is new, judge everything, write what is wanted.

What was examined is kept, a file a clip, under `examined`; so a run that was killed goes on, and a
run with other rules or other decisions by people looks at no video again that it need not look at.
Shards, report and page follow from the videos, the settings and the decisions alone.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import InputError, MediaError
from ..files import make_folder, whole_file, write_text_whole
from ..types import Progress
from .curation import Decided, write_page
from .duplicates import Pair, find_pairs, groups
from .examine import Examined, Task, blank_record, unpack
from .fingerprints import Fingerprint
from .hashing import file_sha256
from .judge import Decision, Verdict, judge, leave_out_duplicates
from .record import Record
from .report import Report, report_json, report_text
from .settings import BuildSettings
from .tars import write_tar
from .workers import Lost

VIDEOS = (
    *(".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg"),
    *(".ts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv"),
)
INDEX = "shards.json"
EXAMINED = "examined"
SPLITS = ("train", "held-out")

Runner = Callable[[Sequence[Task]], Iterator[tuple[Task, bytes | Lost]]]
Bars = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Looked:
    """The folder after every file was examined and judged."""

    records: tuple[Record, ...]
    verdicts: tuple[Verdict, ...]
    prints: tuple[Fingerprint | None, ...]
    pairs: tuple[Pair, ...]
    n_other_files: int


def list_clips(folder: Path, output: Path | None = None) -> tuple[list[str], int]:
    """(videos from the folder on, in order; number of other files), subfolders included.

    Raises:
        InputError: there is no such folder, or no video in it.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder '{folder}'. Correct the path.")
    own = output.resolve() if output is not None else None
    videos, others = [], 0
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in inside.parts)
        if hidden or not path.is_file() or (own is not None and own in path.resolve().parents):
            continue
        if path.suffix.lower() in VIDEOS:
            videos.append(inside.as_posix())
        else:
            others += 1
    if not videos:
        raise InputError(
            f"'{folder}' holds no video ({', '.join(sorted(VIDEOS))}). Choose another folder."
        )
    return sorted(videos), others


def clip_key(file: str) -> str:
    """Name of a clip's sample: readable, one for each path, without dots."""
    stem = re.sub(r"[^a-z0-9]+", "-", Path(file).stem.lower()).strip("-")[:40]
    return f"{stem or 'clip'}-{hashlib.sha256(file.encode()).hexdigest()[:8]}"


def build(
    folder: Path,
    output: Path,
    settings: BuildSettings,
    run: Runner,
    bars: Bars,
    *,
    decided: dict[str, Decided] | None = None,
    networks: Path | None = None,
    separator_missing: str = "",
) -> Report:
    """Examine a folder and write its shards, its report and its curation page.

    `decided`: by people, by key. `separator_missing`: why no separator is there.

    Raises:
        VemError: the folder holds no video, or the output cannot be written.
    """
    kept = output / EXAMINED
    if kept.parent.is_file():
        raise InputError(f"'{kept.parent}' is a file; shards need a folder. Choose another name.")
    make_folder(kept)
    tasks, n_others = plan_tasks(folder, output, settings, decided or {}, networks)
    with bars("examine") as progress:
        looked = look(tasks, settings, run, progress, kept=kept, n_others=n_others)
    with bars("write") as progress:
        shards = _write_shards(output, kept, looked, settings, progress)
    stale = [d.file for key, d in (decided or {}).items() if not _applies(key, d, looked)]
    report = Report(
        settings=settings,
        records=looked.records,
        verdicts=looked.verdicts,
        pairs=looked.pairs,
        n_other_files=looked.n_other_files,
        separator_missing=separator_missing,
        stale_decisions=tuple(sorted(stale)),
        shards=shards,
    )
    write_page(output, folder, report, lambda key: unpack(kept / f"{key}.tar", with_members=False))
    write_text_whole(output / "report.json", report_json(report))
    write_text_whole(output / "report.txt", report_text(report) + "\n")
    return report


def plan_tasks(
    folder: Path,
    output: Path | None,
    settings: BuildSettings,
    decided: dict[str, Decided],
    networks: Path | None = None,
    *,
    with_sample: bool = True,
) -> tuple[list[Task], int]:
    """A task for every video of a folder, and the number of other files."""
    files, n_others = list_clips(folder, output)
    tasks = [
        Task(
            key=clip_key(file),
            file=file,
            root=folder.resolve(),
            measure=settings.measure,
            rules=settings.rules,
            decided=_decision(decided.get(clip_key(file))),
            with_sample=with_sample,
            networks=networks.resolve() if networks else None,
        )
        for file in files
    ]
    return tasks, n_others


def _decision(decided: Decided | None) -> tuple[str, Decision] | None:
    return None if decided is None else (decided.sha256, decided.decision)


def _applies(key: str, decided: Decided, looked: Looked) -> bool:
    return any(r.key == key and r.sha256 == decided.sha256 for r in looked.records)


def look(
    tasks: Sequence[Task],
    settings: BuildSettings,
    run: Runner,
    progress: Progress,
    *,
    kept: Path | None,
    n_others: int = 0,
) -> Looked:
    """Examine and judge; with `kept` what was examined before is taken from there."""
    found: dict[str, Examined] = {}
    for task in tasks if kept else ():
        before = _kept_before(kept / f"{task.key}.tar", task) if kept else None
        if before is not None:
            found[task.key] = before
    missing = [task for task in tasks if task.key not in found]
    for task, result in run(missing) if missing else ():
        if isinstance(result, Lost):
            found[task.key] = Examined(record=blank_record(task, result.reason))
        else:
            examined = unpack(result)
            if kept and examined.record.sha256:  # what could not be read may be readable later
                with whole_file(kept / f"{task.key}.tar") as temporary:
                    temporary.write_bytes(result)
            found[task.key] = replace(examined, members=None)
        progress(len(found) / len(tasks))
    records = [found[task.key].record for task in tasks]
    prints = [found[task.key].fingerprint for task in tasks]
    verdicts = [
        judge(record, settings.rules, task.decision(record.sha256))
        for task, record in zip(tasks, records, strict=True)
    ]
    pairs = _pairs(prints)
    progress(1.0)
    return Looked(
        records=tuple(records),
        verdicts=tuple(leave_out_duplicates(records, verdicts, pairs)),
        prints=tuple(prints),
        pairs=tuple(pairs),
        n_other_files=n_others,
    )


def _kept_before(path: Path, task: Task) -> Examined | None:
    """What an earlier run found out, if it is about this file and all that is needed now."""
    if not path.exists():
        return None
    try:
        before = unpack(path, with_members=False)
    except MediaError:
        return None
    record, now = before.record, blank_record(task)
    same = ("key", "file", "n_bytes", "modified_ns", "measured_with")
    if any(getattr(record, name) != getattr(now, name) for name in same):
        return None
    skipped = record.sounding is None and not record.fault and record.has_sound
    if skipped and task.rules.fits(record.duration_s or 0.0):
        return None
    wanted = task.with_sample and judge(record, task.rules, task.decision(record.sha256)).accepted
    return None if wanted and not record.has_sample else before


def _pairs(prints: Sequence[Fingerprint | None]) -> list[Pair]:
    places = [i for i, p in enumerate(prints) if p is not None]
    pairs = find_pairs([p for p in prints if p is not None])
    return [replace(p, first=places[p.first], second=places[p.second]) for p in pairs]


def _splits(looked: Looked, share: float) -> dict[str, list[str]]:
    """Keys of the accepted clips, split by split, in an order that mixes their sources.

    What shares music or picture goes to one side, so that nothing held out was ever heard.
    """
    roots = groups(len(looked.records), looked.pairs)
    least: dict[int, str] = {}
    for root, record in zip(roots, looked.records, strict=True):
        least[root] = min(least.get(root, "g"), record.sha256 or "g")
    split: dict[str, list[tuple[str, str]]] = {name: [] for name in SPLITS}
    for i, (record, verdict) in enumerate(zip(looked.records, looked.verdicts, strict=True)):
        if verdict.accepted:
            out = int(least[roots[i]][:8], 16) / 2**32 < share
            split[SPLITS[out]].append((record.sha256, record.key))
    return {name: [key for _, key in sorted(keys)] for name, keys in split.items()}


def _write_shards(
    output: Path, kept: Path, looked: Looked, settings: BuildSettings, progress: Progress
) -> list[dict]:
    """The tars, then their index, then what is left of an earlier build goes."""
    shards: list[dict] = []
    splits = _splits(looked, settings.held_out_share)
    n_all, n_done = max(sum(map(len, splits.values())), 1), 0
    for name, keys in splits.items():
        for number, first in enumerate(range(0, len(keys), settings.clips_per_shard)):
            part = keys[first : first + settings.clips_per_shard]
            path = output / f"{name}-{number:06d}.tar"
            with whole_file(path) as temporary, temporary.open("wb") as file:
                write_tar(file, ((key, _members(kept, key)) for key in part))
            shards.append(
                {
                    "file": path.name,
                    "split": name,
                    "n_bytes": path.stat().st_size,
                    "sha256": file_sha256(path),
                    "keys": part,
                }
            )
            n_done += len(part)
            progress(n_done / n_all)
    index = {"schema": "vem-shards", "version": 1, "settings": settings.as_dict()}
    text = json.dumps({**index, "shards": shards}, indent=1) + "\n"
    write_text_whole(output / INDEX, text)
    now = {shard["file"] for shard in shards}
    for name in SPLITS:
        for path in output.glob(f"{name}-[0-9][0-9][0-9][0-9][0-9][0-9].tar"):
            if path.name not in now:
                path.unlink()
    return shards


def _members(kept: Path, key: str):
    members = unpack(kept / f"{key}.tar").members
    if members is None:
        raise MediaError(
            f"The sample of '{key}' is not in '{kept}'. Remove that folder and build again."
        )
    return members


def runner_here(n_workers: int, patience_s: float) -> Runner:
    from .workers import run_here

    return lambda tasks: run_here(tasks, n_workers, patience_s)


def runner_on_ray(address: str, patience_s: float) -> Runner:
    from .cluster import run_on_ray

    return lambda tasks: run_on_ray(tasks, address, patience_s)
