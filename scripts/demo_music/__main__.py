"""Makes the bundled piece of music: python -m scripts.demo_music

Writes vem_core/assets/demo/music.ogg (Opus) and music.json, its true beats and how it was made.
"""

import argparse
import json
from pathlib import Path

import av
import numpy as np

from .mixdown import render
from .piece import BEATS_PER_BAR, N_BARS, PICKUP_S, SECTIONS, TEMPO_BPM, arrange
from .voices import RATE

ASSETS = Path(__file__).parents[2] / "vem_core" / "assets" / "demo"
BIT_RATE = 144_000
SEED = 104


def encode(sound: np.ndarray, path: Path) -> None:
    """Opus in Ogg; libopus adds a delay that the container states, so decoders take it off
    again."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="stereo")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound), "fltp", layout="stereo")
        frame.sample_rate = RATE
        resampler = av.AudioResampler("flt", "stereo", RATE, frame_size=960)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=ASSETS, help="folder of music.ogg and music.json"
    )
    folder = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    beats_s = PICKUP_S + 60 / TEMPO_BPM * np.arange(N_BARS * BEATS_PER_BAR + 1)
    sound = render(arrange(SEED), beats_s, float(beats_s[-1]) + 1.5)
    tail = np.linspace(1, 0, round(1.2 * RATE)) ** 2
    sound[:, -len(tail) :] *= tail.astype(np.float32)
    encode(sound, folder / "music.ogg")
    sections, bar = [], 0
    for name, n_bars in SECTIONS:
        sections.append({"name": name, "start_s": round(float(beats_s[bar * BEATS_PER_BAR]), 4)})
        bar += n_bars
    truth = {
        "title": "Corner Light",
        "made_by": "python -m scripts.demo_music",
        "licence": "CC0-1.0",
        "duration_s": sound.shape[1] / RATE,
        "sample_rate": RATE,
        "tempo_bpm": TEMPO_BPM,
        "beats_per_bar": BEATS_PER_BAR,
        "beats_s": [round(float(t), 4) for t in beats_s[:-1]],
        "downbeats": list(range(0, N_BARS * BEATS_PER_BAR, BEATS_PER_BAR)),
        "sections": sections,
    }
    (folder / "music.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    size_kb = (folder / "music.ogg").stat().st_size / 1000
    print(f"{folder / 'music.ogg'}: {sound.shape[1] / RATE:.1f} s, {size_kb:.0f} kB")


if __name__ == "__main__":
    main()
