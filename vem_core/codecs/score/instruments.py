"""What plays: instruments by name, kits, the set of each style, and how parts sit in the mix.

All of it is data in instruments.json; the gains in levels.json are measured by a script
(scripts/trim_soundbank/balance.py).
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from ...errors import InputError
from ...types import PARTS, Part
from .synth import Patch

FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Drum:
    """What a kit plays on one key."""

    sound: str
    """A name in the sound bank's drums or in percussion.SOUNDS."""
    level_db: float
    pan: float
    semitones: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Instrument:
    """A named instrument: a sampled one, a synthesised one, or a kit."""

    name: str
    program: int
    """General MIDI program (of a kit: the program on channel 10)."""
    keys: tuple[int, int]
    """Lowest and highest key that sound well."""
    gain_db: float = 0.0
    sample: str = ""
    patch: Patch | None = None
    kit: Mapping[int, Drum] = field(default_factory=dict)
    attack_s: float = 0.0
    """At least this long an attack."""
    release_s: float | None = None
    """Time for a fall of 100 dB, instead of the sample's own."""
    mellow: float = 5.0
    """Where the low-pass of the softest touch lies, in multiples of the pitch's frequency."""
    low_pass_hz: float = 0.0
    tremolo_hz: float = 0.0
    tremolo_depth: float = 0.0
    monophonic: bool = False
    """A new note ends the one before."""
    doubled: bool = False
    """Played twice, as guitars are recorded: one take on the left, another on the right."""
    zone_shift: int = 0
    """Another take: the sample is the one that serves a pitch this many semitones away..."""
    tune_cents: float = 0.0
    """... and a little out of tune."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PartMix:
    """How one part sits in the mix."""

    level_db: float
    pan: float
    """-1 left ... 1 right."""
    send: float
    """Share of the part that goes to the reverb."""
    compress_db: float
    """Threshold of a gentle compressor in dBFS; 0: none."""
    ceiling_db: float
    """Peaks of the part are bent softly towards this."""
    low_cut_hz: float
    shelf_hz: float
    shelf_db: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Reverb of a style."""

    size: float
    damping: float
    scale: float
    """Factor on the sends of all parts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """Content of instruments.json and levels.json."""

    instruments: Mapping[str, Instrument]
    aliases: Mapping[str, str]
    """Other words for instruments."""
    percussion: Mapping[str, int]
    """Names of percussion keys: General MIDI from 35 on, our own effects below."""
    sets: Mapping[str, Mapping[Part, str]]
    """style -> part -> instrument."""
    mix: Mapping[Part, PartMix]
    style_levels_db: Mapping[str, Mapping[Part, float]]
    """Added to the level of a part in a style."""
    rooms: Mapping[str, Room]
    drum_gains_db: Mapping[str, float]
    """Gain that brings each synthesised drum to the level of the sampled ones."""


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Everything that can play, read once."""
    data = json.loads((FOLDER / "instruments.json").read_text(encoding="utf-8"))
    levels = json.loads((FOLDER / "levels.json").read_text(encoding="utf-8"))
    gains_db = levels["instruments"]
    return Catalogue(
        instruments={
            name: _instrument(name, row, data["common_kit"], gains_db.get(name, 0.0))
            for name, row in data["instruments"].items()
        },
        aliases=data["aliases"],
        percussion=data["percussion"],
        sets=data["sets"],
        mix={part: PartMix(**data["mix"][part]) for part in PARTS},
        style_levels_db=data["style_levels_db"],
        rooms={style: Room(**row) for style, row in data["rooms"].items()},
        drum_gains_db=levels["drums"],
    )


def _instrument(name: str, row: dict, common_kit: dict, gain_db: float) -> Instrument:
    row = dict(row)
    if "kit" in row:
        drums = {**common_kit, **row["kit"]}
        row["kit"] = {int(key): Drum(**_drum_row(drum)) for key, drum in drums.items()}
    if "patch" in row:
        row["patch"] = Patch(**row["patch"])
    low, high = row.pop("keys")
    return Instrument(name=name, keys=(low, high), gain_db=gain_db, **row)


def _drum_row(drum: list) -> dict:
    return dict(zip(("sound", "level_db", "pan", "semitones"), drum, strict=False))


def part_mix(part: Part, style: str) -> PartMix:
    """How a part sits in the mix of a style."""
    catalogue = load_catalogue()
    mix = catalogue.mix[part]
    added_db = catalogue.style_levels_db.get(style, {}).get(part, 0.0)
    return replace(mix, level_db=mix.level_db + added_db)


def instrument_names(part: Part | None = None) -> tuple[str, ...]:
    """Names that may play `part`: kits for the drums, all others elsewhere; all without a part."""
    found = load_catalogue().instruments.values()
    if part is None:
        return tuple(i.name for i in found)
    return tuple(i.name for i in found if bool(i.kit) == (part == "drums"))


def find_instrument(name: str, part: Part) -> Instrument:
    """The instrument of that name, or of that other word for it.

    Raises:
        InputError: there is none, or it cannot play the part; names near by are listed.
    """
    catalogue = load_catalogue()
    known = catalogue.instruments
    names = instrument_names(part)
    meant = catalogue.aliases.get(name, name)
    if meant in names:
        return known[meant]
    near = difflib.get_close_matches(name.lower(), names, n=4, cutoff=0.4)
    near += [n for n in names if n not in near and set(n.split()) & set(name.lower().split())][:4]
    hint = f" Near by: {', '.join(near)}." if near else f" There are: {', '.join(names)}."
    if meant in known:
        raise InputError(
            f"'{name}' cannot play the part '{part}': drums need a kit, and other parts an"
            f" instrument with pitches.{hint} Choose one."
        )
    raise InputError(f"There is no instrument '{name}' for the part '{part}'.{hint} Choose one.")


def style_instruments(style: str) -> dict[Part, str]:
    """The instruments that belong to a style, per part.

    Raises:
        InputError: no set is known for the style.
    """
    sets = load_catalogue().sets
    if style not in sets:
        raise InputError(
            f"No instruments are known for the style '{style}'. There are sets for:"
            f" {', '.join(sets)}. Choose one of them or name an instrument for every part."
        )
    return dict(sets[style])
