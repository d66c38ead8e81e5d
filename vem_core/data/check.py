"""Shards held against their index, sample by sample; or a folder of videos against the rules."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import MediaError, VemError
from ..files import read_text
from ..types import Progress, Samples
from .build import INDEX, SPLITS, Runner, look, plan_tasks
from .duplicates import find_pairs
from .fingerprints import Fingerprint, sound_words
from .hashing import file_sha256
from .report import Report
from .sample import Sample, read_sample
from .settings import BuildSettings
from .tars import read_tar


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What was found in a folder of shards."""

    n_samples: dict[str, int]
    """By split."""
    seconds: dict[str, float]
    n_cuts: int
    n_hits: int
    faults: tuple[str, ...]
    """A sentence each; empty where all is well."""

    def text(self) -> str:
        lines = [
            f"{name}: {self.n_samples[name]} samples, {self.seconds[name] / 60:.1f} minutes"
            for name in self.n_samples
        ]
        share = f" ({100 * self.n_hits / self.n_cuts:.0f} %)" if self.n_cuts else ""
        lines.append(f"{self.n_hits} of {self.n_cuts} transitions on a beat{share}")
        lines += self.faults or ["Every sample is whole."]
        return "\n".join(lines)


def check_folder(
    folder: Path,
    settings: BuildSettings,
    run: Runner,
    progress: Progress,
    *,
    networks: Path | None = None,
    separator_missing: str = "",
) -> Report:
    """What a build would say of a folder; nothing is written."""
    tasks, n_others = plan_tasks(folder, None, settings, {}, networks, with_sample=False)
    looked = look(tasks, settings, run, progress, kept=None, n_others=n_others)
    return Report(
        settings=settings,
        records=looked.records,
        verdicts=looked.verdicts,
        pairs=looked.pairs,
        n_other_files=n_others,
        separator_missing=separator_missing,
    )


def check_shards(folder: Path, progress: Progress) -> Checked:
    """Read every sample of every shard.

    Faults: a shard that is missing, damaged or not what the index says; a sample that is not whole;
    a key that comes twice; music that was held out and is trained on as well.

    Raises:
        MediaError: the index is damaged.
    """
    shards = read_index(folder)
    faults: list[str] = []
    samples: dict[str, int] = dict.fromkeys(SPLITS, 0)
    seconds: dict[str, float] = dict.fromkeys(SPLITS, 0.0)
    n_cuts = n_hits = 0
    seen: dict[str, str] = {}
    prints: list[Fingerprint] = []
    names: list[tuple[str, str]] = []
    for n, shard in enumerate(shards):
        path = folder / shard["file"]
        try:
            if file_sha256(path) != shard["sha256"]:
                faults.append(f"{path.name} has changed since it was built.")
            for key, members in read_tar(path):
                if key in seen:
                    faults.append(f"'{key}' is both in {seen[key]} and in {path.name}.")
                seen[key] = path.name
                sample = read_sample(key, members)
                samples[shard["split"]] += 1
                seconds[shard["split"]] += sample.storyboard.duration_s
                n_hits += len(sample.plan.hits)
                n_cuts += len(sample.plan.hits) + len(sample.plan.misses)
                prints.append(_print(sample))
                names.append((key, shard["split"]))
        except OSError as error:
            faults.append(f"{path.name} cannot be read ({error.strerror}).")
        except VemError as error:
            faults.append(f"{path.name}: {error}")
        progress((n + 1) / len(shards))
    stated = {key for shard in shards for key in shard["keys"]}
    if stated != set(seen):
        faults.append(f"The index names {len(stated)} samples, the shards hold {len(seen)}.")
    return Checked(
        n_samples=samples,
        seconds=seconds,
        n_cuts=n_cuts,
        n_hits=n_hits,
        faults=(*faults, *_leaks(prints, names)),
    )


def read_index(folder: Path) -> list[dict]:
    """The shards of a folder, as its index states them.

    Raises:
        InputError: there is none.
        MediaError: it is damaged.
    """
    try:
        return json.loads(read_text(folder / INDEX, "index of shards"))["shards"]
    except (ValueError, KeyError, TypeError) as error:
        raise MediaError(
            f"'{folder / INDEX}' is damaged ({error}). Build the shards again."
        ) from None


def _print(sample: Sample) -> Fingerprint:
    sound: Samples = sample.sound
    return Fingerprint(words=sound_words(sound), thumbs=np.zeros((0, 8, 9), np.uint8))


def _leaks(prints: Sequence[Fingerprint], names: Sequence[tuple[str, str]]) -> list[str]:
    return [
        f"'{names[pair.first][0]}' and '{names[pair.second][0]}' have the same music, but one is"
        " held out."
        for pair in find_pairs(prints)
        if pair.sound and names[pair.first][1] != names[pair.second][1]
    ]
