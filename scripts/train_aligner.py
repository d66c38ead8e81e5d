"""Train the aligner: bakes its clips, trains, writes vem-aligner.safetensors; goes on if stopped.

Needs scikit-learn, matplotlib and scikit-image for their sample photographs.
Run: python -m scripts.train_aligner RUN_FOLDER --clips CLIPS_FOLDER [--device cuda]
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from vem_core.errors import VemError
from vem_core.training.aligner_stage import AlignerTrainSettings, train_aligner


def main() -> int:
    given = AlignerTrainSettings()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="for state, metrics, losses and weights")
    parser.add_argument("--clips", type=Path, required=True, help="for the baked clips")
    parser.add_argument("--n-clips", type=int, default=given.clips.n_clips)
    parser.add_argument("--steps", type=int, default=given.loop.steps)
    parser.add_argument("--batch-clips", type=int, default=given.batch_clips)
    parser.add_argument("--crop-ticks", type=int, default=given.crop_ticks)
    parser.add_argument("--float32", action="store_true", help="where bfloat16 is slow")
    parser.add_argument("--device", default="cpu")
    said = parser.parse_args()
    settings = replace(
        given,
        clips=replace(given.clips, n_clips=said.n_clips),
        loop=replace(given.loop, steps=said.steps, bfloat16=not said.float32),
        batch_clips=said.batch_clips,
        crop_ticks=said.crop_ticks,
    )
    try:
        with tqdm(total=1.0, bar_format="{percentage:3.0f}% |{bar}| {elapsed}") as bar:

            def show(share: float) -> None:
                bar.update(max(share - bar.n, 0))

            path = train_aligner(
                said.folder, said.clips, settings, device=said.device, progress=show
            )
    except VemError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
