"""GVMGen's relevance (CMR) and alignment (TA), trained on one's own videos with music.

    .venv/bin/python benchmarks/relevance.py DIR [--epochs 1000] [--networks DIR] [--seed 0]

Needs CLIP and EnCodec in the folder of networks (docs/metrics.md). A fifth of the 30-s pieces is
held out; both variants, as published and with positions, are trained and scored on it. No weights
were published, so figures hold only between systems measured with one training.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vem_core.encoders.frame_features import ClipFrames, EncodecSeconds
from vem_core.evaluation.folders import VIDEOS
from vem_core.evaluation.gvmgen import GvmgenConfig, compare
from vem_core.evaluation.meaning import frames_between
from vem_core.video.reader import probe, read_sound

SECONDS = 30


def features(
    folder: Path, pictures: ClipFrames, music: EncodecSeconds
) -> tuple[np.ndarray, np.ndarray]:
    """(N, 30, Dv) and (N, 30, Dm) of every whole half minute of every video."""
    seen, heard = [], []
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEOS):
        for start_s in np.arange(0, probe(path).duration_s - SECONDS + 0.01, SECONDS):
            sound = read_sound(path, start_s=float(start_s), duration_s=float(SECONDS)).audio
            if sound is None:
                continue
            frames = frames_between(path, float(start_s), float(start_s + SECONDS), 1.0)
            rows = music.encode(sound)
            if len(frames) >= SECONDS and len(rows) >= SECONDS:
                seen.append(pictures.encode(frames[:SECONDS]))
                heard.append(rows[:SECONDS])
        print(f"{path.name}: {len(seen)} pieces so far", file=sys.stderr)
    return np.stack(seen), np.stack(heard)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path, help="folder of videos with music")
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--networks", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    pictures, music = ClipFrames(arguments.networks), EncodecSeconds(arguments.networks)
    video, sound = features(arguments.videos, pictures, music)
    config = GvmgenConfig(
        seconds=SECONDS,
        video_width=pictures.width,
        music_width=music.width,
        n_epochs=arguments.epochs,
    )
    print(f"{len(video)} pieces of {SECONDS} s; {pictures.name}, {music.name}")
    print("| variant | CMR | chance | CMR, wrong music | rank | TA diagonal | TA squared error |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, s in compare(config, video, sound, seed=arguments.seed).items():
        print(
            f"| {name} | {s.cmr:.3f} | {1 / s.cmr_batch:.3f} (of {s.cmr_batch})"
            f" | {s.cmr_wrong:.3f} | {s.cmr_rank:.3f} | {s.ta_diagonal:.3f} | {s.ta_error:.3f} |"
        )


if __name__ == "__main__":
    main()
