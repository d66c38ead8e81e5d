"""Training pieces: composed for random storyboards, baked once into shards, read many times.

A shard is one safetensors file: the notes and chords of all its pieces end to end, and in its
header the storyboard, the beat plan, style, key and metre of each. Piece i of a seed is the same on
every machine, so shards can be baked in any order and by several processes.
"""

import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ..codecs.score.tensor import PartNotes, ScoreTensor, score_to_tensor
from ..composing.compose import compose
from ..composing.style import load_style, style_names
from ..engine.themes import invent_themes
from ..errors import InputError
from ..files import whole_file
from ..parsing.storyboard import storyboard_from_json, storyboard_to_json
from ..rhythm.beat_plan import beat_plan_from_json, beat_plan_to_json
from ..rhythm.plan_settings import PlanSettings
from ..rhythm.tempo_map import plan_beats
from ..types import PARTS, BeatPlan, Key, Progress, Score, Storyboard, no_progress
from .stated import state_settings
from .storyboards import StoryboardSettings, random_storyboard

HELD_OUT_SEED = 1
"""Pieces of this seed are for figures; no training may bake them."""
WIDE_TEMPO_BPM = (80.0, 160.0)
MUSIC_VERSION = 4
"""To be raised whenever composer or random storyboards change what a seed gives."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BakeSettings:
    """What to compose."""

    music_version: int = MUSIC_VERSION
    n_pieces: int = 4000
    pieces_per_shard: int = 100
    seed: int = 0
    style_tempo_share: float = 0.6
    """Share of pieces in a tempo of their style; the others in that of the default plan."""
    storyboards: StoryboardSettings = field(default_factory=StoryboardSettings)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Piece:
    """One training piece."""

    storyboard: Storyboard
    plan: BeatPlan
    style: str
    key: Key
    themes: ScoreTensor
    """The lead sheet that the piece was made from."""
    tensor: ScoreTensor


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Composed:
    """A piece before it is baked."""

    storyboard: Storyboard
    plan: BeatPlan
    score: Score
    seed: int
    """Of the composer."""


def compose_piece(index: int, settings: BakeSettings) -> Composed:
    """Piece `index` of a bake."""
    rng = np.random.default_rng((settings.seed, index))
    names = style_names()
    style = load_style(names[index % len(names)])
    storyboard = random_storyboard(rng, style.words, settings.storyboards)
    own = rng.random() < settings.style_tempo_share
    plan = plan_beats(
        storyboard,
        PlanSettings(
            tempo_range_bpm=style.tempo_bpm if own else WIDE_TEMPO_BPM,
            metre=str(rng.choice(list(style.metres))),
        ),
    )
    seed = int(rng.integers(1 << 31))
    score = compose(storyboard, plan, style=style.name, seed=seed)
    return Composed(storyboard=storyboard, plan=plan, score=score, seed=seed)


def bake(
    folder: Path, settings: BakeSettings, *, workers: int = 1, progress: Progress = no_progress
) -> None:
    """Compose the pieces of `settings` into shards; shards that are there are kept.

    Args:
        workers: processes that compose at the same time; the result does not depend on it.

    Raises:
        InputError: the folder holds shards of other settings.
    """
    state_settings(
        folder,
        settings,
        "holds music baked with other settings. Choose another folder, or empty it.",
    )
    firsts = range(0, settings.n_pieces, settings.pieces_per_shard)
    missing = [first for first in firsts if not _shard_path(folder, first).exists()]
    if workers == 1:
        for n, first in enumerate(missing):
            progress(n / len(missing))
            _bake_shard(folder, settings, first)
    elif missing:
        # spawned, not forked: a fork of a process with torch's threads can hang
        pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
        with pool:
            shards = [pool.submit(_bake_shard, folder, settings, first) for first in missing]
            for n, shard in enumerate(as_completed(shards), 1):
                shard.result()
                progress(n / len(missing))
    progress(1.0)


def _shard_path(folder: Path, first: int) -> Path:
    return folder / f"pieces-{first:06d}.safetensors"


def _bake_shard(folder: Path, settings: BakeSettings, first: int) -> None:
    last = min(first + settings.pieces_per_shard, settings.n_pieces)
    pieces = [compose_piece(index, settings) for index in range(first, last)]
    _write_shard(_shard_path(folder, first), pieces)


def _write_shard(path: Path, pieces: list[Composed]) -> None:
    from safetensors.numpy import save_file

    tensors = [score_to_tensor(piece.score) for piece in pieces]
    arrays: dict[str, np.ndarray] = {"chords": _joined([t.chords for t in tensors], np.int8)}
    for part in PARTS:
        arrays[f"{part}.places"] = _joined([t.parts[part].places for t in tensors], np.int16)
        arrays[f"{part}.values"] = _joined([t.parts[part].values for t in tensors], np.float32)
        arrays[f"{part}.count"] = np.array([len(t.parts[part].places) for t in tensors])
    documents = [
        {
            "storyboard": storyboard_to_json(piece.storyboard),
            "plan": beat_plan_to_json(piece.plan),
            "style": piece.score.style,
            "key": asdict(piece.score.key),
            "seed": piece.seed,
            "themes": _fingerprint(_themes_of(piece)),
        }
        for piece in pieces
    ]
    with whole_file(path) as temporary:
        save_file(arrays, temporary, metadata={"pieces": json.dumps(documents)})


def _themes_of(piece: Composed) -> ScoreTensor:
    score = piece.score
    return invent_themes(piece.storyboard, piece.plan, score.style, score.key, piece.seed)


def _fingerprint(themes: ScoreTensor) -> int:
    lead = themes.parts["lead"].places.astype("<i8").tobytes()
    return zlib.crc32(themes.chords.astype("<i8").tobytes(), zlib.crc32(lead))


def _joined(arrays: list[np.ndarray], kind: type) -> np.ndarray:
    # safetensors writes the bytes as they lie: the order in memory must be the order of the axes
    return np.ascontiguousarray(np.concatenate(arrays).astype(kind))


def read_pieces(folder: Path, *, at_most: int | None = None) -> Iterator[Piece]:
    """The pieces of a folder in order.

    Raises:
        InputError: there is no shard, or the composer has changed since they were baked: its seeds
            would draw other themes than those of the baked music.
    """
    paths = sorted(folder.glob("pieces-*.safetensors"))
    if not paths:
        raise InputError(f"There is no baked music in '{folder}'. Bake some first.")
    n = 0
    for path in paths:
        for piece in _read_shard(path):
            if n == at_most:
                return
            n += 1
            yield piece


def _read_shard(path: Path) -> Iterator[Piece]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as shard:
        documents = json.loads(shard.metadata()["pieces"])
        arrays = {name: shard.get_tensor(name) for name in shard.keys()}  # noqa: SIM118
    ends = {part: np.cumsum(arrays[f"{part}.count"]) for part in PARTS}
    beat = 0
    for i, document in enumerate(documents):
        plan = beat_plan_from_json(document["plan"])
        parts = {}
        for part in PARTS:
            end = int(ends[part][i])
            start = end - int(arrays[f"{part}.count"][i])
            parts[part] = PartNotes(
                places=arrays[f"{part}.places"][start:end].astype(np.int64),
                values=arrays[f"{part}.values"][start:end].astype(np.float64),
            )
        chords = arrays["chords"][beat : beat + plan.n_beats].astype(np.int64)
        beat += plan.n_beats
        spb = plan.metre.steps_per_beat
        storyboard, key = storyboard_from_json(document["storyboard"]), Key(**document["key"])
        themes = invent_themes(storyboard, plan, document["style"], key, document["seed"])
        if _fingerprint(themes) != document["themes"]:
            raise InputError(
                f"The music in '{path.parent}' was baked by another version of the composer."
                " Bake it again in an empty folder."
            )
        yield Piece(
            storyboard=storyboard,
            plan=plan,
            style=document["style"],
            key=key,
            themes=themes,
            tensor=ScoreTensor(parts=parts, chords=chords, steps_per_beat=spb),
        )
