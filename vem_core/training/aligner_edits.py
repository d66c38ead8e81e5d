"""How two shots meet, and what happens to a film without any cut, for the aligner's clips.

Pictures are (H, W, 3) uint8 of the canvas; `share` runs from 0 to 1 through a transition.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, get_args

import cv2
import numpy as np

Kind = Literal[
    "cut", "dissolve", "black", "white", "wipe", "slide", "punch", "flash-cut", "whip-cut"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
KIND_SHARES = (0.5, 0.15, 0.08, 0.04, 0.06, 0.05, 0.05, 0.04, 0.03)
SHARP: tuple[Kind, ...] = ("cut", "punch", "flash-cut", "whip-cut")
"""These change pictures from one frame to the next."""
DURATIONS_S: dict[Kind, tuple[float, float]] = {
    "dissolve": (0.2, 2.4),
    "black": (0.25, 2.4),
    "white": (0.2, 1.6),
    "wipe": (0.2, 1.3),
    "slide": (0.15, 0.9),
    "punch": (0.15, 0.6),
    "flash-cut": (0.1, 0.5),
    "whip-cut": (0.15, 0.5),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """A transition of a clip."""

    kind: Kind
    time_s: float
    """The middle; of the sharp kinds the first frame of the new shot."""
    duration_s: float
    heading: float
    """Angle in which wipes and slides run."""
    softness: float
    """Of a wipe's edge; of a fade the share of time that is plain."""

    @property
    def start_s(self) -> float:
        return self.time_s - self.duration_s / 2

    @property
    def end_s(self) -> float:
        return self.time_s + self.duration_s / 2

    def blend(self, a: np.ndarray, b: np.ndarray, time_s: float) -> np.ndarray:
        """What is seen at a time inside the transition."""
        share = (time_s - self.start_s) / max(self.duration_s, 1e-6)
        if self.kind in SHARP:
            return self._sharp(b if time_s >= self.time_s - 1e-6 else a, share)
        if self.kind == "dissolve":
            return mix(a, b, share)
        if self.kind in ("black", "white"):
            plain = np.full_like(a, 0 if self.kind == "black" else 255)
            light = abs(2 * share - 1)  # 1 at the ends, 0 in the middle
            light = max(light - self.softness, 0) / (1 - self.softness)
            return mix(plain, a if share < 0.5 else b, light)
        if self.kind == "wipe":
            return self._wipe(a, b, share)
        return self._slide(a, b, share)

    def _sharp(self, picture: np.ndarray, share: float) -> np.ndarray:
        strength = 1 - abs(2 * share - 1)  # 0 at the ends, 1 at the cut
        if self.kind == "punch":
            return zoomed(picture, 1 + 2.0 * strength**2)
        if self.kind == "whip-cut":
            return swept(picture, self.heading, strength**2)
        if self.kind == "flash-cut":
            return mix(picture, np.full_like(picture, 255), 0.95 * strength)
        return picture

    def _wipe(self, a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
        height, width = a.shape[:2]
        ys, xs = np.mgrid[:height, :width].astype(np.float32)
        xs, ys = xs / width - 0.5, ys / height - 0.5
        if self.heading > 5.5:  # an iris
            place = np.sqrt(xs * xs + ys * ys) / 0.7072
        else:
            cos, sin = np.cos(self.heading), np.sin(self.heading)
            place = (xs * cos + ys * sin) / (abs(cos) + abs(sin)) + 0.5
        soft = 0.01 + 0.3 * self.softness
        cover = np.clip((share * (1 + soft) - place) / soft, 0, 1)[..., None]
        return (a + (b.astype(np.float32) - a) * cover).astype(np.uint8)

    def _slide(self, a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
        """The new picture comes in from a side; the old one is pushed out or stays below."""
        share = share * share * (3 - 2 * share)
        height, width = a.shape[:2]
        across, back = int(2 * self.heading / np.pi) % 2 == 0, self.heading > np.pi
        size = width if across else height
        n = min(max(round(share * size), 0), size)
        axis = 1 if across else 0
        if back:
            a, b = np.flip(a, axis), np.flip(b, axis)
        keep = (
            np.take(a, range(size - n), axis)
            if self.softness > 0.5
            else np.take(a, range(n, size), axis)
        )
        seen = np.concatenate([keep, np.take(b, range(n), axis)], axis)
        return np.ascontiguousarray(np.flip(seen, axis) if back else seen)


def mix(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    """`a` at share 0, `b` at share 1."""
    return cv2.addWeighted(a, 1 - share, b, share, 0)


def zoomed(picture: np.ndarray, zoom: float) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = np.array([[zoom, 0, (1 - zoom) * width / 2], [0, zoom, (1 - zoom) * height / 2]])
    seen = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    blur = int(3 * (zoom - 1)) + 1
    return cv2.blur(seen, (blur, blur))


def swept(picture: np.ndarray, heading: float, strength: float) -> np.ndarray:
    """Shifted and smeared, as in a whip pan."""
    height, width = picture.shape[:2]
    across = int(2 * heading / np.pi) % 2 == 0
    far = strength * 0.8 * (-1 if heading > np.pi else 1)
    matrix = np.array([[1, 0, far * width * across], [0, 1, far * height * (not across)]])
    seen = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    n = int(strength * 40) + 1
    return cv2.blur(seen, (n, 1) if across else (1, n))


def draw_join(random: np.random.Generator, time_s: float, room_s: float, fps: float) -> Join:
    """A random transition around `time_s` that takes no longer than `room_s`."""
    kind = KINDS[int(random.choice(len(KINDS), p=KIND_SHARES))]
    duration_s = 0.0
    if kind != "cut":
        low, high = DURATIONS_S[kind]
        duration_s = float(np.exp(random.uniform(np.log(low), np.log(high))))
        if duration_s > room_s:
            duration_s = room_s
        if room_s < low:
            kind, duration_s = "cut", 0.0
    if kind in SHARP:
        time_s = round(time_s * fps) / fps
    return Join(
        kind=kind,
        time_s=time_s,
        duration_s=duration_s,
        heading=float(random.uniform(0, 2 * np.pi)),
        softness=float(random.uniform(0, 0.9)) ** 2
        if kind in ("black", "white")
        else float(random.random()),
    )


Effect = Callable[[np.ndarray, float], np.ndarray]
"""(picture, time_s) -> picture"""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Flash:
    """Light for some frames, of all of the picture or of a side of it."""

    start_s: float
    length_s: float
    decay_s: float
    light: np.ndarray
    amount: float
    mask: np.ndarray | None = None

    def __call__(self, picture: np.ndarray, time_s: float) -> np.ndarray:
        since_s = time_s - self.start_s
        if since_s < 0 or since_s > self.length_s + 4 * self.decay_s:
            return picture
        amount = self.amount
        if since_s > self.length_s:
            amount *= float(np.exp(-(since_s - self.length_s) / max(self.decay_s, 1e-3)))
        if self.mask is not None:
            cover = self.mask * amount
            return (picture + (self.light - picture) * cover).astype(np.uint8)
        plain = np.empty_like(picture)
        plain[:] = self.light
        return mix(picture, plain, amount)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Gain:
    """Exposure that pumps, steps and flickers, and fades at the ends of the clip."""

    pump: tuple[float, float, float] = (0.0, 1.0, 0.0)
    """Amount, rate in Hz, phase."""
    steps: tuple[tuple[float, float, float], ...] = ()
    """(start_s, length_s, gain after it)."""
    fade_in_s: float = 0.0
    fade_out: tuple[float, float] = (1e9, 1.0)
    """(start_s, length_s)"""

    def __call__(self, picture: np.ndarray, time_s: float) -> np.ndarray:
        amount, rate_hz, phase = self.pump
        gain = 1 + amount * np.sin(2 * np.pi * rate_hz * time_s + phase)
        for start_s, length_s, after in self.steps:
            share = min(max((time_s - start_s) / length_s, 0.0), 1.0)
            gain *= 1 + (after - 1) * share
        if self.fade_in_s:
            gain *= min(time_s / self.fade_in_s, 1.0)
        gain *= min(max(1 - (time_s - self.fade_out[0]) / self.fade_out[1], 0.0), 1.0)
        return cv2.convertScaleAbs(picture, alpha=max(float(gain), 0.0))


def draw_effects(
    random: np.random.Generator, duration_s: float, canvas: tuple[int, int], often: float
) -> list[Effect]:
    """Light that changes without any change of picture.

    Args:
        canvas: its (height, width).
        often: in [0, 1].
    """
    effects: list[Effect] = []
    flashes: list[float] = []
    for _ in range(int(random.poisson(0.9 * often))):
        flashes.append(float(random.uniform(0, duration_s)))
    if random.random() < 0.06 * often:  # a strobe
        start_s, gap_s = float(random.uniform(0, duration_s)), float(random.uniform(0.12, 0.35))
        flashes += [start_s + i * gap_s for i in range(int(random.integers(3, 12)))]
    one_light = random.random() < 0.5
    light = np.full(3, 255.0, np.float32)
    for start_s in flashes:
        if not one_light:
            light = random.uniform(120, 255, 3).astype(np.float32)
            if random.random() < 0.15:
                light[:] = 0  # a drop-out
        effects.append(
            Flash(
                start_s=start_s,
                length_s=float(random.choice([0.03, 0.06, 0.12, 0.2, 0.3])),
                decay_s=float(random.choice([0.0, 0.0, 0.06, 0.15, 0.4])),
                light=light,
                amount=float(random.uniform(0.3, 1.0)),
                mask=_side(random, canvas) if random.random() < 0.3 else None,
            )
        )
    gain = Gain()
    if random.random() < 0.25:
        gain = Gain(
            pump=(
                float(random.uniform(0, 0.3)),
                float(random.uniform(0.1, 6)),
                float(random.random()),
            )
        )
    if random.random() < 0.25 * often:
        start_s = float(random.uniform(0, duration_s))
        step = (
            start_s,
            float(random.choice([0.05, 0.2, 0.6, 2.0])),
            float(random.uniform(0.3, 1.8)),
        )
        gain = Gain(pump=gain.pump, steps=(step,))
    effects.append(_with_ends(random, gain, duration_s))
    return effects


def _with_ends(random: np.random.Generator, gain: Gain, duration_s: float) -> Gain:
    length_s = float(random.uniform(0.3, 2.5))
    fade_in_s = float(random.uniform(0.3, 2.5)) if random.random() < 0.1 else 0.0
    hold_s = float(random.uniform(0, 1.5))
    fade_out = (duration_s - length_s - hold_s, length_s) if random.random() < 0.1 else (1e9, 1.0)
    return Gain(pump=gain.pump, steps=gain.steps, fade_in_s=fade_in_s, fade_out=fade_out)


def _side(random: np.random.Generator, canvas: tuple[int, int]) -> np.ndarray:
    height, width = canvas
    ys, xs = np.mgrid[:height, :width].astype(np.float32)
    x, y = float(random.uniform(0, width)), float(random.uniform(0, height))
    radius = float(random.uniform(0.2, 0.7)) * width
    return np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / radius**2)[..., None]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Stock:
    """What the film or file itself adds: grain, flicker, weave, dust, compression, bars."""

    random: np.random.Generator
    grain: float = 0.0
    flicker: float = 0.0
    weave: float = 0.0
    dust: float = 0.0
    grey: bool = False
    quality: int | None = None
    """Of JPEG, on the canvas."""
    blur: int = 0
    bars: tuple[int, int] = (0, 0)
    """Rows above and below, columns left and right, of the small frame."""
    vignette: np.ndarray | None = field(default=None)

    def on_canvas(self, picture: np.ndarray) -> np.ndarray:
        random = self.random
        if self.weave:
            x, y = random.normal(0, self.weave, 2)
            matrix = np.array([[1, 0, x], [0, 1, y]])
            size = picture.shape[1], picture.shape[0]
            picture = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
        if self.flicker:
            picture = cv2.convertScaleAbs(
                picture, alpha=float(np.exp(random.normal(0, self.flicker)))
            )
        if self.dust:
            picture = self._dusted(picture)
        if self.blur:
            picture = cv2.blur(picture, (self.blur, self.blur))
        if self.quality is not None:
            quality = int(np.clip(self.quality + random.integers(-4, 5), 3, 95))
            _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
            picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
        return picture

    def _dusted(self, picture: np.ndarray) -> np.ndarray:
        random, (height, width) = self.random, picture.shape[:2]
        picture = picture.copy()
        for _ in range(int(random.poisson(self.dust))):
            x, y = int(random.integers(width)), int(random.integers(height))
            shade = float(random.choice([10, 245]))
            if random.random() < 0.25:
                cv2.line(
                    picture, (x, 0), (x + int(random.integers(-2, 3)), height), (shade,) * 3, 1
                )
            else:
                cv2.circle(picture, (x, y), int(random.integers(1, 4)), (shade,) * 3, -1)
        return picture

    def on_frame(self, picture: np.ndarray) -> np.ndarray:
        """On the small frame that the aligner sees."""
        if self.grey:
            picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        if self.grain or self.vignette is not None:
            noisy = picture.astype(np.float32)
            if self.vignette is not None:
                noisy *= self.vignette
            shape = (*picture.shape[:2], 1) if self.grey else picture.shape
            noisy += self.grain * self.random.standard_normal(shape, dtype=np.float32)
            picture = noisy.clip(0, 255).astype(np.uint8)
        rows, columns = self.bars
        if rows or columns:
            inner = picture.shape[1] - 2 * columns, picture.shape[0] - 2 * rows
            inner_picture = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA)
            picture = cv2.copyMakeBorder(
                inner_picture, rows, rows, columns, columns, cv2.BORDER_CONSTANT, value=(0, 0, 0)
            )
        return picture


def draw_stock(random: np.random.Generator, frame: tuple[int, int]) -> Stock:
    """Clean and modern mostly; an old film now and then.

    Args:
        frame: (height, width) of the small frame.
    """
    old = random.random() < 0.2
    height, width = frame
    vignette = None
    if random.random() < (0.6 if old else 0.1):
        ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        vignette = (1 - float(random.uniform(0.1, 0.35)) * (xs**2 + ys**2))[..., None]
        vignette = vignette.astype(np.float32)
    bars = (0, 0)
    if random.random() < 0.25:
        most = (int(random.integers(1, 6)), 0)
        bars = most if random.random() < 0.5 else (0, int(random.integers(2, 22)))
    return Stock(
        random=random,
        grain=float(random.exponential(7.0 if old else 2.5)),
        flicker=float(random.uniform(0.01, 0.12)) if old else 0.0,
        weave=float(random.uniform(0, 1.2)) if old else 0.0,
        dust=float(random.uniform(0, 1.5)) if old else 0.0,
        grey=bool(random.random() < (0.85 if old else 0.06)),
        quality=int(random.integers(8, 70)) if random.random() < 0.4 else None,
        blur=int(random.choice([0, 0, 0, 2, 4])),
        bars=bars,
        vignette=vignette,
    )
