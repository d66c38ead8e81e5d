"""Reads presets, zones and samples of a SoundFont 2 file (Technical Specification 2.01)."""

import itertools
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_START_OFFSET, _END_OFFSET, _LOOP_START_OFFSET, _LOOP_END_OFFSET = 0, 1, 2, 3
_START_COARSE, _END_COARSE, _LOOP_START_COARSE, _LOOP_END_COARSE = 4, 12, 45, 50
_INSTRUMENT, _KEY_RANGE, _VELOCITY_RANGE, _SAMPLE = 41, 43, 44, 53
_SIGNED = frozenset(range(63)) - {_INSTRUMENT, _KEY_RANGE, _VELOCITY_RANGE, _SAMPLE, 54, 57, 58}
_NOT_ADDED = frozenset({_KEY_RANGE, _VELOCITY_RANGE, _INSTRUMENT, _SAMPLE, 54, 57, 58})

DEFAULTS = {8: 13500, 33: -12000, 34: -12000, 35: -12000, 36: -12000, 38: -12000, 56: 100, 58: -1}
"""Values of generators that no zone sets, where they are not 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A header of the sample table; indices into the pool of 16-bit samples."""

    name: str
    start: int
    end: int
    loop_start: int
    loop_end: int
    sample_rate: int
    root_key: int
    correction_cents: int
    link: int
    kind: int
    """1 mono, 2 right, 4 left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceZone:
    """One sample as a preset plays it: generators of preset and instrument levels combined."""

    keys: tuple[int, int]
    velocities: tuple[int, int]
    sample: Sample
    generators: dict[int, int]

    def get(self, generator: int) -> int:
        """Value of a generator; its default where the bank sets none."""
        return self.generators.get(generator, DEFAULTS.get(generator, 0))

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """start, end, loop start and loop end in the pool, all offsets applied."""
        fine = (_START_OFFSET, _END_OFFSET, _LOOP_START_OFFSET, _LOOP_END_OFFSET)
        coarse = (_START_COARSE, _END_COARSE, _LOOP_START_COARSE, _LOOP_END_COARSE)
        s = self.sample
        edges = (s.start, s.end, s.loop_start, s.loop_end)
        start, end, loop_start, loop_end = (
            edge + self.get(f) + 32768 * self.get(c)
            for edge, f, c in zip(edges, fine, coarse, strict=True)
        )
        return start, end, loop_start, loop_end


def _chunks(data: bytes, start: int, end: int) -> dict[str, tuple[int, int]]:
    found = {}
    while start + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, start)
        found[name.decode("latin1")] = (start + 8, start + 8 + size)
        start += 8 + size + size % 2
    return found


def _lists(data: bytes) -> dict[str, tuple[int, int]]:
    """Byte ranges of all chunks inside the LISTs of the RIFF file."""
    found = {}
    position = 12
    while position + 8 <= len(data):
        _, size = struct.unpack_from("<4sI", data, position)
        found |= _chunks(data, position + 12, position + 8 + size)
        position += 8 + size + size % 2
    return found


class SoundFont:
    """A bank held in memory: `presets` by (bank, program), `pool` of 16-bit samples."""

    def __init__(self, path: Path):
        data = path.read_bytes()
        if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
            raise ValueError(f"'{path}' is not a SoundFont 2 file.")
        self._data = data
        self._at = _lists(data)
        start, end = self._at["smpl"]
        self.pool = np.frombuffer(data, dtype="<i2", count=(end - start) // 2, offset=start)
        self.samples = [
            Sample(
                name=_text(row[0]),
                start=row[1],
                end=row[2],
                loop_start=row[3],
                loop_end=row[4],
                sample_rate=row[5],
                root_key=row[6],
                correction_cents=row[7],
                link=row[8],
                kind=row[9],
            )
            for row in self._rows("shdr", "<20sIIIIIBbHH")[:-1]
        ]
        self._instruments = self._read_instruments()
        self.presets = self._read_presets()

    def _rows(self, chunk: str, layout: str) -> list[tuple]:
        start, end = self._at[chunk]
        return list(struct.iter_unpack(layout, self._data[start:end]))

    def _bags(self, bags: str, generators: str) -> list[dict[int, int]]:
        """Generators of every bag; signed where the specification says so."""
        edges = [row[0] for row in self._rows(bags, "<HH")]
        rows = self._rows(generators, "<HH")
        zones = []
        for first, last in itertools.pairwise(edges):
            zone = {}
            for key, amount in rows[first:last]:
                zone[key] = amount - 65536 if key in _SIGNED and amount > 32767 else amount
            zones.append(zone)
        return zones

    def _read_instruments(self) -> list[list[dict[int, int]]]:
        zones = self._bags("ibag", "igen")
        heads = [row[1] for row in self._rows("inst", "<20sH")]
        instruments = []
        for first, last in itertools.pairwise(heads):
            instruments.append(_with_global(zones[first:last], _SAMPLE))
        return instruments

    def _read_presets(self) -> dict[tuple[int, int], tuple[str, list[SourceZone]]]:
        zones = self._bags("pbag", "pgen")
        heads = self._rows("phdr", "<20sHHHIII")
        presets = {}
        for head, following in itertools.pairwise(heads):
            outer = _with_global(zones[head[3] : following[3]], _INSTRUMENT)
            found = [
                zone
                for preset_zone in outer
                for inner in self._instruments[preset_zone[_INSTRUMENT]]
                if (zone := self._combine(preset_zone, inner)) is not None
            ]
            presets[head[2], head[1]] = (_text(head[0]), found)
        return presets

    def _combine(self, preset: dict[int, int], inner: dict[int, int]) -> SourceZone | None:
        keys = _overlap(preset.get(_KEY_RANGE), inner.get(_KEY_RANGE))
        velocities = _overlap(preset.get(_VELOCITY_RANGE), inner.get(_VELOCITY_RANGE))
        if keys[0] > keys[1] or velocities[0] > velocities[1]:
            return None
        generators = dict(inner)
        for key, amount in preset.items():
            if key not in _NOT_ADDED:
                generators[key] = generators.get(key, DEFAULTS.get(key, 0)) + amount
        return SourceZone(
            keys=keys,
            velocities=velocities,
            sample=self.samples[inner[_SAMPLE]],
            generators=generators,
        )


def _with_global(zones: list[dict[int, int]], last: int) -> list[dict[int, int]]:
    """Zones that end in generator `last`, with the values of the global zone where there is one."""
    common = zones[0] if zones and last not in zones[0] else {}
    return [{**common, **zone} for zone in zones if last in zone]


def _overlap(a: int | None, b: int | None) -> tuple[int, int]:
    low_a, high_a = (a & 255, a >> 8) if a is not None else (0, 127)
    low_b, high_b = (b & 255, b >> 8) if b is not None else (0, 127)
    return max(low_a, low_b), min(high_a, high_b)


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("latin1").strip()
