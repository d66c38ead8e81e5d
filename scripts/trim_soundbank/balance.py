"""Measure every instrument on a phrase and write the gains that make them equally loud.

Usage: python -m scripts.trim_soundbank.balance

Each instrument plays eight quarter notes at 100 bpm and velocity 100 in the middle of its range;
its integrated loudness (ITU-R BS.1770) is brought to TARGET_LUFS, but its power not above MOST_DB
(that loudness hardly counts what lies under 60 Hz) nor its peak above MOST_PEAK_DB. Synthesised
drums are brought to the level that the sampled ones have in zones.json. Writes
vem_core/codecs/score/levels.json; run it again after a change of the bank or of a patch.
"""

import json
from pathlib import Path

import numpy as np
import pyloudnorm

from vem_core.codecs.score.instruments import Instrument, load_catalogue
from vem_core.codecs.score.percussion import SOUNDS
from vem_core.codecs.score.sampler import Event, Player
from vem_core.codecs.score.soundbank import SoundBank

from .levels import loudness_db

OUT = Path(__file__).parents[2] / "vem_core" / "codecs" / "score" / "levels.json"
TARGET_LUFS = -20.0
MOST_DB = -20.0
"""RMS in dBFS over the eight notes."""
MOST_PEAK_DB = -5.0
DRUM_TARGET_DB = -20.0
RATE = 44100
PHRASE = (0, 4, 7, 12, 7, 4, 2, 0)


def phrase_of(instrument: Instrument) -> list[Event]:
    """Eight quarter notes around the middle of the instrument's range."""
    low, high = instrument.keys
    base = round(low + 0.42 * (high - low)) - 4
    beat = round(0.6 * RATE)
    return [
        Event(start=i * beat, stop=(i + 1) * beat, pitch=base + step, velocity=100)
        for i, step in enumerate(PHRASE)
    ]


def measure(instrument: Instrument, player: Player) -> tuple[float, float, float]:
    """Loudness in LUFS, RMS and peak in dBFS as now set."""
    sound = player.play(phrase_of(instrument), instrument, 6 * RATE)
    if len(sound) == 1:
        sound = np.repeat(sound, 2, axis=0) * np.float32(np.sqrt(0.5))
    loudness = pyloudnorm.Meter(RATE).integrated_loudness(sound.T.astype(np.float64))
    power = float((sound[:, : round(4.8 * RATE)] ** 2).sum(axis=0).mean())
    peak = float(np.abs(sound).max())
    return loudness, 10 * np.log10(power + 1e-12), 20 * np.log10(peak + 1e-9)


def main() -> None:
    catalogue = load_catalogue()
    player = Player(bank=SoundBank(), catalogue=catalogue, sample_rate=RATE, check=lambda: None)
    gains_db = {}
    for name, instrument in catalogue.instruments.items():
        if instrument.kit:
            continue
        loudness, rms_db, peak_db = measure(instrument, player)
        change_db = min(TARGET_LUFS - loudness, MOST_DB - rms_db, MOST_PEAK_DB - peak_db)
        gains_db[name] = round(instrument.gain_db + change_db, 2)
        print(
            f"{name:22} {loudness:7.1f} LUFS, RMS {rms_db:6.1f}, peak {peak_db:6.1f} dBFS:"
            f" gain {gains_db[name]:6.1f} dB"
        )
    drums_db = {}
    for name, sound in SOUNDS.items():
        level = loudness_db(sound(RATE)[None], RATE)
        drums_db[name] = round(DRUM_TARGET_DB - level, 2)
        print(f"{name:22} {level:7.1f} dB, gain {drums_db[name]:6.1f} dB")
    text = json.dumps({"instruments": gains_db, "drums": drums_db}, indent=1)
    OUT.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
