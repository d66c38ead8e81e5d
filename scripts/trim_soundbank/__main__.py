"""Trim a General MIDI SoundFont to the bank that VeM ships.

Usage: python -m scripts.trim_soundbank FluidR3_GM.sf2 [OUT_FOLDER]

Writes one FLAC file per instrument and zones.json; LICENSE.txt stands beside them. The same source
gives the same files; it is the package `fluid-soundfont-gm` of Debian and Ubuntu (MIT licence).
"""

import argparse
import itertools
import json
import sys
from pathlib import Path

import av
import numpy as np

from .cut import Cut, cut_sample
from .levels import held, loudness_db, pitch_error
from .sf2 import SoundFont, SourceZone

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "vem_core" / "assets" / "soundbank"
TARGET_DB = -20.0
"""K-weighted level that each zone's loudest 400 ms is brought to..."""
MOST_PEAK_DB = -6.0
"""... as far as its peak stays under this."""


def choose_roots(
    zones: list[SourceZone], keys: tuple[int, int], spacing: int
) -> list[tuple[int, int, list[SourceZone]]]:
    """(low key, high key, zones of one sample or of a left and right pair), rising.

    Samples are at most about `spacing` semitones apart; each key goes to the sample nearest by.
    """
    by_root: dict[int, list[SourceZone]] = {}
    for zone in zones:
        if zone.velocities[1] < 121 or zone.keys[1] < keys[0] or zone.keys[0] > keys[1]:
            continue
        root = zone.generators.get(58, zone.sample.root_key) - zone.get(51)
        known = by_root.setdefault(root, [])
        if zone.sample.name not in [z.sample.name for z in known] and len(known) < 2:
            known.append(zone)
    roots = sorted(by_root)
    kept = [min(roots, key=lambda r: abs(r - (keys[0] + spacing // 2)))]
    while True:
        ahead = [r for r in roots if r > kept[-1]]
        if not ahead or kept[-1] + spacing // 2 >= keys[1]:
            break
        kept.append(max((r for r in ahead if r <= kept[-1] + spacing), default=ahead[0]))
    edges = [keys[0], *((a + b) // 2 for a, b in itertools.pairwise(kept)), keys[1]]
    chosen = []
    for i, root in enumerate(kept):
        low = edges[i] if i == 0 else edges[i] + 1
        chosen.append((low, edges[i + 1], _left_first(by_root[root])))
    return [row for row in chosen if row[0] <= row[1]]


def _left_first(zones: list[SourceZone]) -> list[SourceZone]:
    return sorted(zones, key=lambda z: z.get(17))


def zone_row(cut: Cut, start: int, keys: tuple[int, int]) -> dict:
    """What zones.json says about one sample."""
    sound = held(cut, 0.6)
    peak_db = 20 * np.log10(np.abs(sound).max())
    gain_db = min(TARGET_DB - loudness_db(sound, cut.sample_rate), MOST_PEAK_DB - peak_db)
    row = {
        "keys": list(keys),
        "start": start,
        "length": cut.samples.shape[1],
        "sample_rate": cut.sample_rate,
        "root_key": round(cut.root_key, 4),
        "gain_db": round(float(gain_db), 2),
        "attack_s": round(cut.attack_s, 4),
        "hold_s": round(cut.hold_s, 4),
        "decay_s": round(cut.decay_s, 4),
        "sustain_db": round(cut.sustain_db, 1),
        "release_s": round(cut.release_s, 4),
    }
    if cut.loop is not None:
        row["loop"] = list(cut.loop)
    return row


def write_flac(path: Path, samples: np.ndarray) -> None:
    """(C, T) int16 to FLAC; the nominal rate says nothing, zones.json does."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=44100)
        layout = "stereo" if samples.shape[0] == 2 else "mono"
        stream.layout = layout
        stream.format = "s16"
        stream.options = {"compression_level": "12"}
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.sample_rate = 44100
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def trim_melodic(font: SoundFont, choice: dict) -> tuple[list[Cut], list[dict]]:
    """Cuts of one instrument and their rows."""
    _, zones = font.presets[tuple(choice["preset"])]
    cuts, rows, start = [], [], 0
    for low, high, pair in choose_roots(zones, tuple(choice["keys"]), choice["spacing"]):
        cut = cut_sample(font, pair, choice)
        if choice.get("tuned", True):
            cut.root_key += pitch_error(cut) / 100
        rows.append(zone_row(cut, start, (low, high)))
        cuts.append(cut)
        start += cut.samples.shape[1]
    return cuts, rows


def trim_drums(font: SoundFont, choices: dict) -> tuple[list[Cut], list[dict]]:
    """Cuts of all drum sounds and their rows, by name."""
    cuts, rows, start = [], [], 0
    for name, choice in choices.items():
        _, zones = font.presets[tuple(choice["preset"])]
        key = choice["key"]
        fits = [z for z in zones if z.keys[0] <= key <= z.keys[1] and z.velocities[1] >= 121]
        names = {z.sample.name.rstrip("(LR) "): z for z in _left_first(fits)[::-1]}
        zone = names[min(names)] if len(names) > 1 else next(iter(names.values()))
        cut = cut_sample(font, [zone], {**choice, "one_shot": True})
        cut.root_key += 60 - key  # the bank's own pitch of this drum is heard at key 60
        row = zone_row(cut, start, (60, 60))
        rows.append({"name": name, **row})
        cuts.append(cut)
        start += cut.samples.shape[1]
    return cuts, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path, nargs="?", default=OUT)
    args = parser.parse_args()
    choice = json.loads((HERE / "choice.json").read_text(encoding="utf-8"))
    font = SoundFont(args.source)
    args.out.mkdir(parents=True, exist_ok=True)
    instruments = {}
    jobs = [(name, *trim_melodic(font, c)) for name, c in choice["melodic"].items()]
    jobs.append(("drums", *trim_drums(font, choice["drums"])))
    total = 0
    for name, cuts, rows in jobs:
        path = args.out / f"{name.replace(' ', '_')}.flac"
        n_channels = max(cut.samples.shape[0] for cut in cuts)
        write_flac(path, np.concatenate([_widen(c.samples, n_channels) for c in cuts], axis=1))
        instruments[name] = {"file": path.name, "channels": n_channels, "zones": rows}
        total += path.stat().st_size
        seconds = sum(c.samples.shape[1] / c.sample_rate for c in cuts)
        print(
            f"{name:20} {len(rows):3} zones {seconds:6.1f} s {path.stat().st_size / 1024:7.0f} KiB"
        )
    text = json.dumps({"version": 1, "instruments": instruments}, indent=1)
    (args.out / "zones.json").write_text(text + "\n", encoding="utf-8")
    print(f"{total / 1e6:.2f} MB in {args.out}")


def _widen(samples: np.ndarray, n_channels: int) -> np.ndarray:
    return samples if samples.shape[0] == n_channels else np.repeat(samples, n_channels, axis=0)


if __name__ == "__main__":
    sys.exit(main())
