"""Random shots for the aligner's training clips: cameras, figures, titles, whole scenes."""

from dataclasses import replace

import cv2
import numpy as np

from .aligner_photos import LETTERS, Photos, colour, fractal, grade, make_picture
from .aligner_shots import Move, Path, Shot, Swing, Thing, Track


def swing(random: np.random.Generator, amount: float, fastest_hz: float, n: int = 4) -> Swing:
    rates_hz = np.exp(random.uniform(np.log(0.15), np.log(fastest_hz), n))
    return Swing(
        amounts=random.normal(0, amount, n) / np.sqrt(n) / np.sqrt(np.maximum(rates_hz, 0.3)),
        rates_hz=rates_hz,
        phases=random.uniform(0, 2 * np.pi, n),
    )


def still(value: float) -> Track:
    return Track(start=value)


def make_camera(random: np.random.Generator, duration_s: float, wild: float) -> Path:
    """A camera for a shot; `wild` in [0, 1]: how much may happen."""
    kind = random.random()
    drift = 0.0 if kind < 0.25 else float(np.exp(random.uniform(np.log(0.005), np.log(0.25))))
    if random.random() < 0.15 * wild:
        drift = float(random.uniform(0.25, 0.9))
    heading = float(random.uniform(0, 2 * np.pi))
    hand = (
        float(np.exp(random.uniform(np.log(0.002), np.log(0.03)))) if random.random() < 0.5 else 0
    )
    swings = (swing(random, hand, 5.0),), (swing(random, hand, 5.0),)
    moves: tuple[list[Move], list[Move], list[Move]] = [], [], []
    for _ in range(int(random.poisson(0.5 * wild))):  # whip pans, tilts, crash zooms
        axis = int(random.choice(3, p=[0.5, 0.25, 0.25]))
        most = (1.2, 0.8, 0.9)[axis]
        moves[axis].append(
            Move(
                start_s=float(random.uniform(0, duration_s)),
                length_s=float(np.exp(random.uniform(np.log(0.12), np.log(1.0)))),
                amount=float(random.uniform(0.15, most) * random.choice([-1, 1])),
                returns=random.random() < 0.25,
            )
        )
    if random.random() < 0.3 * wild:  # jolts
        for _ in range(int(random.integers(1, 9))):
            moves[int(random.integers(2))].append(
                Move(
                    start_s=float(random.uniform(0, duration_s)),
                    length_s=float(random.uniform(0.06, 0.3)),
                    amount=float(random.uniform(-0.12, 0.12)),
                    returns=random.random() < 0.7,
                )
            )
    push = float(random.normal(0, 0.12)) if random.random() < 0.4 else 0.0
    turn = float(random.normal(0, 0.15)) if random.random() < 0.15 else 0.0
    return Path(
        x=Track(
            start=float(random.uniform(0.3, 0.7)),
            speed=drift * np.cos(heading),
            swings=swings[0],
            moves=tuple(moves[0]),
        ),
        y=Track(
            start=float(random.uniform(0.3, 0.7)),
            speed=drift * np.sin(heading),
            swings=swings[1],
            moves=tuple(moves[1]),
        ),
        size=Track(start=float(random.uniform(0.05, 1.1)), speed=push, moves=tuple(moves[2])),
        angle=Track(
            start=float(random.normal(0, 0.05)),
            speed=turn,
            swings=(swing(random, hand * 0.5, 3.0),),
        ),
    )


def cut_out(random: np.random.Generator, photos: Photos) -> np.ndarray:
    """(H, W, 4) premultiplied: a blob, a figure or a box with a photograph or colour in it."""
    height, width = 96, 64 + int(random.integers(0, 96))
    mask = np.zeros((height, width), np.uint8)
    middle = (width // 2, height // 2)
    kind = random.random()
    if kind < 0.3:
        cv2.ellipse(
            mask, middle, (width // 2 - 2, height // 2 - 2), 0, 0, 360, 255, -1, cv2.LINE_AA
        )
    elif kind < 0.6:  # head, body, legs
        cv2.ellipse(mask, (width // 2, 16), (12, 15), 0, 0, 360, 255, -1, cv2.LINE_AA)
        body = np.array([[-20, 32], [20, 32], [16, 94], [3, 94], [0, 60], [-4, 94], [-16, 94]])
        cv2.fillPoly(mask, [(body + np.array([width // 2, 0])).astype(np.int32)], 255, cv2.LINE_AA)
    elif kind < 0.85:
        mask[fractal(random, height, width, 0.5) > 0.45] = 255
        mask = cv2.GaussianBlur(mask, (5, 5), 0)
    else:
        mask[4:-4, 4:-4] = 255
    if random.random() < 0.6:
        pixels = cv2.resize(
            make_picture(random, photos), (width, height), interpolation=cv2.INTER_AREA
        )
    else:
        shade = fractal(random, height, width, 0.7)[..., None]
        pixels = (colour(random) * (0.6 + 0.6 * shade)).clip(0, 255)
    alpha = mask[..., None].astype(np.float32) / 255
    return np.dstack([pixels * alpha, mask]).astype(np.uint8)


def make_thing(
    random: np.random.Generator, photos: Photos, duration_s: float, wild: float
) -> Thing:
    """Something that stands, sways, hops, walks across or comes near."""
    size = float(np.exp(random.uniform(np.log(0.07), np.log(0.7))))
    speed = (0.0, 0.0)
    start = float(random.uniform(0.1, 0.9)), float(random.uniform(0.3, 0.9))
    kind = random.random()
    if kind < 0.35:  # crosses the picture, perhaps fast
        run = float(np.exp(random.uniform(np.log(0.15), np.log(1.0 + 3.0 * wild))))
        run *= float(random.choice([-1, 1]))
        crosses_s = float(random.uniform(0, duration_s))
        start, speed = (0.5 - run * crosses_s, start[1]), (run, float(random.normal(0, 0.03)))
    sway = float(np.exp(random.uniform(np.log(0.003), np.log(0.1))))
    hops = tuple(
        Move(
            start_s=float(random.uniform(0, duration_s)),
            length_s=float(random.uniform(0.15, 0.7)),
            amount=float(random.uniform(-0.4, 0.4)),
            returns=random.random() < 0.6,
        )
        for _ in range(int(random.poisson(0.8)))
    )
    comes = float(random.normal(0, 0.25)) if random.random() < 0.3 else 0.0
    sways = [(swing(random, sway, 4.0),) for _ in range(2)]
    return Thing(
        pixels=cut_out(random, photos),
        path=Path(
            x=Track(start=start[0], speed=speed[0], swings=sways[0], moves=hops[::2]),
            y=Track(start=start[1], speed=speed[1], swings=sways[1], moves=hops[1::2]),
            size=Track(start=np.log(size), speed=comes, swings=(swing(random, sway, 3.0),)),
            angle=Track(swings=(swing(random, 4 * sway, 4.0),)),
        ),
        depth=float(random.uniform(0.5, 1.4)),
    )


def make_title(random: np.random.Generator, duration_s: float) -> Thing:
    """Words or a box that pop up, fade or run over the picture."""
    height, width = 48, 192
    laid = np.zeros((height, width, 4), np.uint8)
    fill = [float(v) for v in colour(random)]
    if random.random() < 0.7:
        words = "".join(random.choice(LETTERS, int(random.integers(4, 12))))
        two = random.random() < 0.5
        for y in (22, 44) if two else (34,):
            cv2.putText(laid, words, (4, y), 2, 0.75, (*fill, 255.0), 2, cv2.LINE_AA)
    else:
        cv2.rectangle(laid, (2, 8), (width - 3, height - 8), (*fill, 255.0), -1)
    from_s = float(random.uniform(-0.5, duration_s))
    runs = float(random.choice([0, 0, 0.3, -0.6])), float(random.choice([0, 0, 0, -0.2]))
    return Thing(
        pixels=laid,
        path=Path(
            x=Track(start=float(random.uniform(0.3, 0.7)), speed=runs[0]),
            y=Track(start=float(random.uniform(0.2, 0.9)), speed=runs[1]),
            size=still(float(np.log(random.uniform(0.25, 1.0)))),
            angle=still(0.0),
        ),
        depth=0.0,
        from_s=from_s,
        until_s=from_s + float(random.uniform(0.3, 4.0)),
        fade_s=float(random.choice([0.0, 0.0, 0.25, 0.6])),
    )


def make_inset(random: np.random.Generator, photos: Photos, duration_s: float) -> Thing:
    """A picture in the picture that comes and goes."""
    small = cv2.resize(make_picture(random, photos), (96, 54), interpolation=cv2.INTER_AREA)
    from_s = float(random.uniform(0, duration_s))
    return Thing(
        pixels=np.dstack([small, np.full((54, 96), 255, np.uint8)]),
        path=Path(
            x=still(float(random.uniform(0.25, 0.75))),
            y=still(float(random.uniform(0.25, 0.75))),
            size=still(float(np.log(random.uniform(0.2, 0.45)))),
            angle=still(0.0),
        ),
        depth=0.0,
        from_s=from_s,
        until_s=from_s + float(random.uniform(0.5, 4.0)),
        fade_s=float(random.choice([0.0, 0.2])),
    )


def make_shot(
    random: np.random.Generator, photos: Photos, duration_s: float, *, look: np.ndarray, wild: float
) -> Shot:
    """A shot of its own; times run from 0 to `duration_s`."""
    picture = make_picture(random, photos)
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    n_things = int(random.choice([0, 1, 2, 3], p=[0.3, 0.35, 0.2, 0.15]))
    things = [make_thing(random, photos, duration_s, wild) for _ in range(n_things)]
    if random.random() < 0.22:
        things.append(make_title(random, duration_s))
    if random.random() < 0.05:
        things.append(make_inset(random, photos, duration_s))
    own = grade(random, 0.5)
    joined = np.column_stack([look[:, :3] @ own[:, :3], look[:, :3] @ own[:, 3] + look[:, 3]])
    wobble = None
    if random.random() < 0.15:
        wobble = (
            float(random.uniform(0.5, 3.0)),
            float(random.uniform(0.3, 3.0)),
            float(random.uniform(12, 60)),
        )
    return Shot(
        pictures=(picture, half),
        camera=make_camera(random, duration_s, wild),
        things=tuple(things),
        look=joined.astype(np.float32),
        wobble=wobble,
    )


def seen_elsewhere(
    random: np.random.Generator, shot: Shot, end_s: float, duration_s: float, wild: float
) -> Shot:
    """The same scene as another shot would show it: other framing, a later moment.

    Args:
        end_s: where `shot` ends, on its own clock.
    """
    camera = make_camera(random, duration_s, wild)
    x, y, zoom, _ = camera.at(0.0)
    was_x, was_y, was_zoom, _ = shot.camera.at(end_s)
    if abs(x - was_x) + abs(y - was_y) < 0.25 and abs(np.log(zoom / was_zoom)) < 0.3:
        shift = float(random.choice([-0.3, 0.3]))
        camera = replace(camera, x=replace(camera.x, start=camera.x.start + shift))
    later_s = float(random.uniform(0.0, end_s))
    things = tuple(replace(thing, path=thing.path.from_time(later_s)) for thing in shot.things)
    return replace(shot, camera=camera, things=things)
