"""Anti-aliased drawing with signed distances: shapes, a monoline alphabet, glows, a shaded orb.

Canvas coordinates: x from -16/9 (left) to 16/9, y from -1 (bottom) to 1. Colours are linear-ish RGB
in [0, 1]; a picture is (H, W, 3) float32.
"""

from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 1280, 720
ASPECT = WIDTH / HEIGHT
PIXEL = 2 / HEIGHT

X, Y = np.meshgrid(
    ((np.arange(WIDTH, dtype=np.float32) + 0.5) / HEIGHT * 2 - ASPECT),
    (1 - (np.arange(HEIGHT, dtype=np.float32) + 0.5) / HEIGHT * 2),
)

Array = np.ndarray


def rgb(code: str) -> Array:
    """'#ff8040' -> (3,) float32."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], dtype=np.float32)


def smoothstep(low: float, high: float, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def ease_out(t: float, power: float = 4) -> float:
    """0 -> 1 with a fast start and a long settling, as motion designers like it."""
    return 1 - (1 - min(max(t, 0.0), 1.0)) ** power


def coverage(distance: Array) -> Array:
    """Share of a pixel inside a shape, from the signed distance to its edge."""
    return np.clip(0.5 - distance / PIXEL, 0, 1)


def fill(picture: Array, alpha: Array, colour: Array) -> None:
    """Paint `colour` over the picture in place."""
    picture += alpha[..., None] * (colour - picture)


def add_light(picture: Array, amount: Array, colour: Array) -> None:
    picture += amount[..., None] * colour


def vertical_gradient(bottom: Array, top: Array) -> Array:
    t = smoothstep(-1, 1, Y)[..., None]
    return (bottom + (top - bottom) * t).astype(np.float32)


def circle(cx: float, cy: float, radius: float) -> Array:
    return np.hypot(X - cx, Y - cy) - radius


def ring(cx: float, cy: float, radius: float, width: float) -> Array:
    return np.abs(circle(cx, cy, radius)) - width / 2


def segment(x0: float, y0: float, x1: float, y1: float, width: float) -> Array:
    dx, dy = x1 - x0, y1 - y0
    t = np.clip(((X - x0) * dx + (Y - y0) * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    return np.hypot(X - x0 - t * dx, Y - y0 - t * dy) - width / 2


def rounded_box(cx: float, cy: float, half_w: float, half_h: float, radius: float) -> Array:
    qx = np.abs(X - cx) - half_w + radius
    qy = np.abs(Y - cy) - half_h + radius
    outside = np.hypot(np.maximum(qx, 0), np.maximum(qy, 0))
    return outside + np.minimum(np.maximum(qx, qy), 0) - radius


def arc(cx: float, cy: float, radius: float, from_deg: float, to_deg: float, width: float) -> Array:
    """Round-ended arc, counter-clockwise from `from_deg` to `to_deg` (0 = right, 90 = up)."""
    middle = np.radians((from_deg + to_deg) / 2)
    half = np.radians((to_deg - from_deg) / 2)
    angle = np.arctan2(Y - cy, X - cx) - middle
    angle = np.abs((angle + np.pi) % (2 * np.pi) - np.pi)
    on_arc = np.abs(np.hypot(X - cx, Y - cy) - radius)
    ends = np.minimum(
        *(
            np.hypot(X - cx - radius * np.cos(a), Y - cy - radius * np.sin(a))
            for a in (middle - half, middle + half)
        )
    )
    return np.where(angle <= half, on_arc, ends) - width / 2


# A monoline alphabet on an x-height of 2 r: strokes are rings, arcs and stems.
# Each glyph: advance in units of r, and a list of strokes relative to the centre of its bowl.
Stroke = tuple[str, tuple[float, ...]]
_O: Stroke = ("arc", (0, 0, 1, 0, 360))
_ARCH: list[Stroke] = [
    ("line", (-1, -1, -1, 1)),
    ("arc", (0, 0, 1, 0, 180)),
    ("line", (1, 0, 1, -1)),
]
GLYPHS: dict[str, tuple[float, list[Stroke]]] = {
    "a": (3.1, [_O, ("line", (1, -1, 1, 1))]),
    "b": (3.1, [_O, ("line", (-1, -1, -1, 2.1))]),
    "c": (2.7, [("arc", (0, 0, 1, 50, 310))]),
    "d": (3.1, [_O, ("line", (1, -1, 1, 2.1))]),
    "e": (2.9, [("arc", (0, 0, 1, 0, 315)), ("line", (-1, 0, 1, 0))]),
    "h": (3.1, [*_ARCH[1:], ("line", (-1, -1, -1, 2.1))]),
    "i": (1.2, [("line", (-0.4, -1, -0.4, 0.95)), ("line", (-0.4, 1.75, -0.4, 1.76))]),
    "l": (1.2, [("line", (-0.4, -1, -0.4, 2.1))]),
    "m": (4.6, [("line", (-1, -1, -1, 1)), ("arc", (-0.25, 0.2, 0.75, 0, 180)),
                ("line", (0.5, 0.2, 0.5, -1)), ("arc", (1.25, 0.2, 0.75, 0, 180)),
                ("line", (2, 0.2, 2, -1))]),
    "n": (3.1, _ARCH),
    "o": (3.1, [_O]),
    "p": (3.1, [_O, ("line", (-1, 1, -1, -2.1))]),
    "r": (2.2, [("line", (-1, -1, -1, 1)), ("arc", (0, 0, 1, 65, 180))]),
    "t": (2.1, [("line", (-0.5, 2.0, -0.5, -0.4)), ("arc", (0.1, -0.4, 0.6, 180, 285)),
                ("line", (-1.0, 1, 0.35, 1))]),
    "u": (3.1, [("line", (-1, 1, -1, 0)), ("arc", (0, 0, 1, 180, 360)), ("line", (1, 1, 1, -1))]),
    "3": (2.8, [("arc", (0, 1.42, 0.62, -90, 150)), ("arc", (0, -0.1, 0.9, -150, 90))]),
    "6": (3.0, [_O, ("arc", (1.1, 0.0, 2.1, 105, 180))]),
    "0": (3.1, [("arc", (0, 1.05, 1, 0, 180)), ("arc", (0, 0, 1, 180, 360)),
                ("line", (-1, 0, -1, 1.05)), ("line", (1, 0, 1, 1.05))]),
    "°": (1.8, [("arc", (-0.35, 1.75, 0.38, 0, 360))]),
    ".": (1.2, [("line", (-0.5, -0.98, -0.5, -0.97))]),
    " ": (1.7, []),
}  # fmt: skip


def text(word: str, cx: float, cy: float, r: float, weight: float, spacing: float = 0.0) -> Array:
    """Signed distance of a centred line of text; r is half the x-height, `weight` the stroke."""
    advances = [(GLYPHS[c][0] + spacing) * r for c in word]
    x = cx - sum(advances) / 2 + (1.55 + spacing / 2) * r
    distance = np.full_like(X, 10.0)
    for letter, advance in zip(word, advances, strict=True):
        for kind, values in GLYPHS[letter][1]:
            if kind == "line":
                x0, y0, x1, y1 = (v * r for v in values)
                stroke = segment(x + x0, cy + y0, x + x1, cy + y1, weight)
            else:
                ax, ay, radius, start, end = values
                stroke = arc(x + ax * r, cy + ay * r, radius * r, start, end, weight)
            np.minimum(distance, stroke, out=distance)
        x += advance
    return distance


@dataclass(frozen=True, kw_only=True)
class Orb:
    """The product: a loudspeaker, half woven, half glossy, with a ring of light."""

    x: float
    y: float
    radius: float
    body: Array
    light: Array
    spin_deg: float = 0.0
    tilt_deg: float = 18.0
    ring_gain: float = 1.0
    key_light: tuple[float, float, float] = (-0.55, 0.65, 0.55)
    rim: Array


def draw_orb(picture: Array, orb: Orb) -> None:
    """Shade the orb as a sphere under parallel projection, with gloss, weave and ring light."""
    dx, dy = (X - orb.x) / orb.radius, (Y - orb.y) / orb.radius
    r2 = np.minimum(dx * dx + dy * dy, 9.0)
    nz = np.sqrt(np.maximum(1 - r2, 0))
    tilt = np.radians(orb.tilt_deg)
    up = dy * np.cos(tilt) + nz * np.sin(tilt)
    depth = nz * np.cos(tilt) - dy * np.sin(tilt)
    latitude = np.arcsin(np.clip(up, -1, 1))
    longitude = np.arctan2(dx, depth) + np.radians(orb.spin_deg)

    light = np.array(orb.key_light, dtype=np.float32)
    light /= np.linalg.norm(light)
    diffuse = np.maximum(dx * light[0] + dy * light[1] + nz * light[2], 0)
    half = light + np.array([0, 0, 1], dtype=np.float32)
    half /= np.linalg.norm(half)
    gloss = np.clip(dx * half[0] + dy * half[1] + nz * half[2], 0, 1)
    fresnel = (1 - nz) ** 3

    weave = 0.5 + 0.5 * np.sin(longitude * 60) * np.sin(latitude * 60)
    is_woven = smoothstep(0.06, 0.04, latitude)
    shade = 0.10 + 0.90 * diffuse * (1 - is_woven * 0.45 * weave * smoothstep(0.1, 0.6, nz))
    colour = shade[..., None] * orb.body
    highlight = (1 - is_woven) * (0.9 * gloss**90 + 0.25 * gloss**14) + is_woven * 0.06 * gloss**8
    colour += highlight[..., None] * 0.9
    colour += (fresnel * 0.55)[..., None] * orb.rim
    band = np.exp(-(((latitude - 0.05) / 0.028) ** 2)) * orb.ring_gain
    halo = np.exp(-(((latitude - 0.05) / 0.16) ** 2)) * orb.ring_gain * 0.35
    colour += (band * 1.4 + halo)[..., None] * orb.light
    fill_picture(picture, coverage((np.sqrt(r2) - 1) * orb.radius), colour)


def fill_picture(picture: Array, alpha: Array, colour: Array) -> None:
    """Paint a picture over another in place."""
    picture += alpha[..., None] * (colour - picture)


def draw_floor(picture: Array, orb: Orb, floor_y: float, shine: float) -> None:
    """Contact shadow and a soft mirror image below the line where the orb stands."""
    import cv2

    below = smoothstep(floor_y + 0.01, floor_y - 0.01, Y)
    row = int((1 - floor_y) / 2 * HEIGHT)
    n_rows = min(HEIGHT - row, row)
    if n_rows > 0 and shine > 0:
        mirror = np.zeros_like(picture)
        mirror[row : row + n_rows] = picture[row - n_rows : row][::-1]
        mirror = cv2.GaussianBlur(mirror, (0, 0), 6)
        fade = shine * np.exp(-np.maximum(floor_y - Y, 0) * 3.2) * below
        fill_picture(picture, fade, mirror)
    distance = ((X - orb.x) / (orb.radius * 0.95)) ** 2 + ((Y - floor_y) / (orb.radius * 0.13)) ** 2
    picture *= (1 - 0.75 * np.exp(-distance * 1.4))[..., None]


def glow(cx: float, cy: float, radius: float) -> Array:
    return np.exp(-((X - cx) ** 2 + (Y - cy) ** 2) / (radius * radius))


def finish(picture: Array, noise: Array) -> Array:
    """Vignette, soft shoulder, dither: (H, W, 3) uint8 without banding."""
    vignette = 1 - 0.22 * smoothstep(0.7, 2.0, np.hypot(X, Y * 1.1))
    picture = np.maximum(picture * vignette[..., None], 0)
    picture = np.where(picture > 0.8, 0.8 + 0.2 * np.tanh((picture - 0.8) / 0.2), picture)
    return np.clip(picture * 255 + noise[..., None], 0, 255).astype(np.uint8)
