"""Draw the bundled clip and write the true times of its transitions beside it.

    python -m scripts.demo_clip [--out FOLDER] [--stills FOLDER]

An ad for a loudspeaker that does not exist: 26 s, 1280x720, 25 fps, eleven shots of unequal length,
eight cuts, one dissolve, one fade through black. No sound.
"""

import argparse
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from .drawing import HEIGHT, WIDTH, Array, finish
from .shots import SHOTS, ShotPlan

FPS = Fraction(25)
ROOT = Path(__file__).parents[2]


def first_frames() -> list[int]:
    """Frame at which each shot begins: the edge, which lies in the middle of a slow transition."""
    return [int(n) for n in np.cumsum([0, *(shot.n_frames for shot in SHOTS[:-1])])]


def transitions() -> list[dict]:
    return [
        {
            "time_s": start / float(FPS),
            "kind": before.out,
            "duration_s": before.out_frames / float(FPS),
        }
        for before, start in zip(SHOTS, first_frames()[1:], strict=False)
    ]


def draw(shot: ShotPlan, start: int, frame: int) -> Array:
    return shot.draw((frame - start) / float(FPS), shot.n_frames / float(FPS))


def frames() -> Iterator[Array]:
    """(H, W, 3) uint8 pictures of the whole clip."""
    noise = np.random.default_rng(0).uniform(0, 1, (HEIGHT, WIDTH)).astype(np.float32)
    starts = first_frames()
    n_total = starts[-1] + SHOTS[-1].n_frames
    for frame in range(n_total):
        index = max(i for i, start in enumerate(starts) if start <= frame)
        picture = draw(SHOTS[index], starts[index], frame)
        for edge in (index, index + 1):  # the transition before and the one after this shot
            if not 0 < edge < len(SHOTS) or not SHOTS[edge - 1].out_frames:
                continue
            half = SHOTS[edge - 1].out_frames / 2
            position = (frame + 0.5 - starts[edge]) / half
            if abs(position) >= 1:
                continue
            if SHOTS[edge - 1].out == "fade":
                picture = picture * abs(position)
            else:
                other = edge if index == edge - 1 else edge - 1
                share = (position + 1) / 2 if other == edge else (1 - position) / 2
                picture = picture + share * (draw(SHOTS[other], starts[other], frame) - picture)
        yield finish(picture, noise)


def write_clip(path: Path, stills: Path | None) -> None:
    middles = {
        start + shot.n_frames // 2 for start, shot in zip(first_frames(), SHOTS, strict=True)
    }
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "21", "preset": "slow", "g": "50", "tune": "animation"}
        context = stream.codec_context
        context.color_range, context.colorspace = 1, 1
        context.color_primaries, context.color_trc = 1, 1
        for number, pixels in enumerate(frames()):
            if stills is not None and number in middles:
                still = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                still.to_image().save(stills / f"{number:04d}.png")
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "vem_core" / "assets" / "demo")
    parser.add_argument("--stills", type=Path, help="folder for a PNG of the middle of each shot")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.stills is not None:
        arguments.stills.mkdir(parents=True, exist_ok=True)
    write_clip(arguments.out / "clip.mp4", arguments.stills)
    n_frames = sum(shot.n_frames for shot in SHOTS)
    truth = {"fps": str(FPS), "n_frames": n_frames, "transitions": transitions()}
    (arguments.out / "clip.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    print(f"{n_frames / float(FPS):g} s in {arguments.out / 'clip.mp4'}")


if __name__ == "__main__":
    main()
