"""The eleven shots of the demo clip; each draws one frame at `t` seconds of its own length."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .drawing import (
    ASPECT,
    HEIGHT,
    WIDTH,
    Array,
    Orb,
    X,
    Y,
    add_light,
    circle,
    coverage,
    draw_floor,
    draw_orb,
    ease_out,
    fill,
    glow,
    rgb,
    ring,
    rounded_box,
    smoothstep,
    text,
    vertical_gradient,
)

INK, NIGHT = rgb("#0b0d14"), rgb("#151a2b")
CORAL, SUN, TEAL, VIOLET, CREAM = (
    rgb(c) for c in ("#ff6f5e", "#ffc24b", "#1fb8a6", "#6c4cf1", "#fff3e2")
)
GRAPHITE, PEARL, BLUE = rgb("#2a2f3c"), rgb("#d9dde6"), rgb("#3f7bff")
WHITE = np.ones(3, dtype=np.float32)


def dust(picture: Array, t: float, seed: int, n: int, colour: Array, drift: float) -> None:
    """Soft floating particles; the seed fixes where they start and how fast they drift."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        x, y = rng.uniform(-1.8, 1.8), rng.uniform(-1, 1)
        size, speed, phase = rng.uniform(0.008, 0.03), rng.uniform(0.4, 1), rng.uniform(0, 6)
        px = (x + drift * speed * t + 1.9) % 3.8 - 1.9
        py = y + 0.04 * np.sin(t * speed * 1.5 + phase)
        add_light(picture, 0.5 * glow(px, py, size), colour)


def ring_is_drawn(t: float, length: float) -> Array:
    """A ring of light draws itself in the dark; the word follows."""
    picture = vertical_gradient(INK, NIGHT)
    sweep = 360 * ease_out(t / 2.4, 3)
    angle = (np.degrees(np.arctan2(Y - 0.12, X)) - 90) % 360
    drawn = smoothstep(0, 8, sweep - (360 - angle) % 360)
    line = np.exp(-((circle(0, 0.12, 0.48) / 0.012) ** 2)) * drawn
    halo = np.exp(-((circle(0, 0.12, 0.48) / 0.12) ** 2)) * drawn
    add_light(picture, line, CREAM)
    add_light(picture, 0.55 * halo, CORAL)
    shown = smoothstep(1.5, 2.3, t)
    fill(picture, shown * coverage(text("hear it", 0, -0.66, 0.062, 0.02, 0.5)), CREAM)
    dust(picture, t, 3, 14, CORAL * 0.6, 0.05)
    return picture


def macro(t: float, length: float) -> Array:
    """So near that the weave and the ring of light fill the picture."""
    picture = vertical_gradient(rgb("#2b1416"), rgb("#0f0a10"))
    add_light(picture, 0.5 * glow(1.3, 0.9, 1.2), CORAL)
    orb = Orb(x=0.35 - 0.12 * t, y=-0.55 + 0.05 * t, radius=1.45, body=rgb("#8f4038"), light=SUN,
              spin_deg=8 * t, tilt_deg=12, rim=CORAL)  # fmt: skip
    draw_orb(picture, orb)
    return picture


def bounce(t: float, length: float) -> Array:
    """The orb drops onto a coral stage."""
    picture = vertical_gradient(rgb("#ff8a70"), CORAL)
    floor_y = -0.5
    height = abs(np.cos(np.pi * min(t / 0.42, 2.5))) * np.exp(-2.6 * t) * 1.5
    orb = Orb(x=0, y=floor_y + 0.46 + height, radius=0.46, body=PEARL, light=WHITE,
              spin_deg=20 * t, rim=SUN)  # fmt: skip
    draw_orb(picture, orb)
    draw_floor(picture, orb, floor_y, 0.28)
    return picture


def waves(t: float, length: float) -> Array:
    """Sound runs outward in rings."""
    picture = vertical_gradient(rgb("#063b3f"), rgb("#0d6f6d"))
    distance = np.hypot(X, Y * 1.05)
    for k in range(7):
        radius = (0.28 * k + 0.55 * t) % 2.2
        strength = 0.75 * np.exp(-1.1 * radius) * smoothstep(0.0, 0.35, radius)
        add_light(picture, strength * np.exp(-(((distance - radius) / 0.035) ** 2)), TEAL + 0.25)
    orb = Orb(x=0, y=0, radius=0.33 * (1 + 0.03 * np.sin(11 * t)), body=rgb("#134a4c"),
              light=CREAM, spin_deg=40 * t, rim=TEAL, ring_gain=1.2)  # fmt: skip
    draw_orb(picture, orb)
    return picture


def sunset_room(t: float, length: float) -> Array:
    """A calm evening: window light, a table, dust in the air."""
    picture = vertical_gradient(rgb("#c96a4a"), rgb("#f4b183"))
    x0 = -0.75 + 0.02 * t
    window = coverage(rounded_box(x0, 0.32, 0.62, 0.62, 0.05))
    sky = vertical_gradient(rgb("#ffd7a0"), rgb("#ff9b71"))
    picture += window[..., None] * (sky - picture)
    add_light(picture, 0.9 * glow(x0 - 0.1, 0.12, 0.3) * window, SUN)
    fill(picture, coverage(circle(x0 - 0.1, 0.12, 0.16)) * window, rgb("#fff0c9") * 1.5)
    for x in (x0, x0 - 0.62, x0 + 0.62):
        fill(picture, coverage(rounded_box(x, 0.32, 0.012, 0.63, 0.01)), rgb("#8a4632"))
    table = smoothstep(-0.44, -0.46, Y)
    fill(picture, table, rgb("#6e3524"))
    add_light(picture, 0.35 * table * np.exp(-((X - x0 - 0.2) ** 2) * 1.5), SUN)
    orb = Orb(x=0.62 - 0.05 * t, y=-0.45 + 0.38, radius=0.38, body=rgb("#f3e6d6"), light=SUN,
              spin_deg=6 * t, key_light=(-0.8, 0.4, 0.45), rim=rgb("#ffb27d"))  # fmt: skip
    draw_orb(picture, orb)
    draw_floor(picture, orb, -0.45, 0.3)
    dust(picture, t, 8, 22, SUN * 0.8, 0.04)
    return picture


def bars(t: float, length: float) -> Array:
    """An equaliser in full swing."""
    picture = vertical_gradient(SUN, rgb("#ffd97f"))
    for k in range(15):
        x = (k - 7) * 0.215
        level = 0.16 + 0.5 * abs(np.sin(7.3 * t + k * 1.7)) * (
            0.55 + 0.45 * np.cos(k * 0.9 + 3 * t)
        )
        fill(picture, coverage(rounded_box(x, 0, 0.062, max(level, 0.08), 0.062)), rgb("#3a2204"))
    return picture


def number(t: float, length: float) -> Array:
    """360 degrees, large."""
    picture = vertical_gradient(rgb("#4a2fd0"), VIOLET)
    zoom = 1.12 - 0.12 * ease_out(t / 0.5)
    add_light(picture, 0.35 * glow(0, 0, 0.9), rgb("#b6a4ff"))
    fill(picture, coverage(text("360°", 0.06, -0.12, 0.24 * zoom, 0.085 * zoom, 0.1)), WHITE)
    return picture


def trio(t: float, length: float) -> Array:
    """Three colours side by side, one after the other."""
    picture = np.zeros((HEIGHT, WIDTH, 3), dtype=np.float32)
    looks = ((CORAL, rgb("#7d1f2b")), (rgb("#f3efe7"), rgb("#8c8577")), (BLUE, rgb("#132a66")))
    third = 2 * ASPECT / 3
    for k, (body, back) in enumerate(looks):
        x = -ASPECT + third * (k + 0.5)
        inside = (np.abs(X - x) <= third / 2).astype(np.float32)
        fill(picture, inside, back)
        layer = picture.copy()
        y = -1.6 + 1.6 * ease_out((t - 0.1 * k) / 0.6)
        draw_orb(
            layer, Orb(x=x, y=y, radius=0.4, body=body, light=WHITE, spin_deg=30 * t, rim=body)
        )
        picture += inside[..., None] * (layer - picture)
    return picture


def orbit(t: float, length: float) -> Array:
    """The camera pushes in while rings of light circle the orb."""
    picture = vertical_gradient(rgb("#080816"), rgb("#1b1140"))
    push = 1 + 0.16 * t
    add_light(picture, 0.5 * glow(0, 0, 0.95), VIOLET)
    dust(picture, 3 * t, 5, 40, rgb("#9c8cff"), 0.35)
    layers = [(0.78, 25, 95, CORAL), (0.98, -20, -70, TEAL), (1.18, 55, 50, SUN)]
    orb = Orb(x=0, y=0, radius=0.42 * push, body=GRAPHITE, light=CREAM, spin_deg=70 * t,
              rim=rgb("#8f7bff"), ring_gain=1.0 + 0.5 * np.sin(12.6 * t))  # fmt: skip
    for is_front in (False, True):
        for radius, lean, speed, colour in layers:
            a = np.radians(lean + 6 * np.sin(t))
            u, v = X * np.cos(a) + Y * np.sin(a), -X * np.sin(a) + Y * np.cos(a)
            flat = np.hypot(u, v / 0.28) - radius * push * 0.8
            angle = np.arctan2(v / 0.28, u)
            head = np.radians(speed * t * 2) % (2 * np.pi)
            tail = ((head - angle) % (2 * np.pi)) / (2 * np.pi)
            half = (v < 0) if is_front else (v >= 0)
            band = np.exp(-((flat / 0.022) ** 2)) * np.exp(-3.0 * tail) * half
            add_light(picture, 1.3 * band, colour)
        if not is_front:
            draw_orb(picture, orb)
    return picture


def panels(t: float, length: float) -> Array:
    """Four panels slide, the orb turns through all of them."""
    picture = np.zeros((HEIGHT, WIDTH, 3), dtype=np.float32)
    shift = 0.25 * t
    colours = (TEAL, CORAL, SUN, VIOLET)
    column = np.floor((X + shift + ASPECT) / (ASPECT / 2)).astype(int)
    row = np.floor((Y - (np.where(column % 2 == 0, 1, -1) * shift * 0.8) + 3) / 1.0).astype(int)
    for k, colour in enumerate(colours):
        fill(picture, ((column + 2 * row) % 4 == k).astype(np.float32), colour * 0.92)
    for k in range(3):
        pulse = (t * 0.9 + k / 3) % 1
        edge = coverage(ring(0, 0, 0.5 + 0.75 * pulse, 0.02))
        fill(picture, edge * (1 - pulse) * 0.8, WHITE)
    draw_orb(picture, Orb(x=0, y=0, radius=0.5, body=INK + 0.1, light=WHITE, spin_deg=90 * t,
                          tilt_deg=18 + 10 * np.sin(2 * t), rim=WHITE * 0.8))  # fmt: skip
    return picture


def end_card(t: float, length: float) -> Array:
    """The mark, the name, and rest."""
    picture = vertical_gradient(CREAM * 0.93, CREAM)
    rise = ease_out(t / 1.2)
    orb = Orb(x=-0.62, y=0.02 + 0.06 * (1 - rise), radius=0.3, body=PEARL, light=CORAL,
              spin_deg=12 * t, rim=WHITE)  # fmt: skip
    draw_orb(picture, orb)
    draw_floor(picture, orb, -0.28, 0.12)
    shown = smoothstep(0.3, 0.9, t)
    fill(picture, shown * coverage(text("orb", 0.42, 0.02, 0.15, 0.055, 0.1)), INK)
    later = smoothstep(0.9, 1.5, t)
    fill(picture, later * coverage(text("all around", 0, -0.66, 0.045, 0.014, 0.6)), rgb("#6b625a"))
    return picture


@dataclass(frozen=True, kw_only=True)
class ShotPlan:
    """One shot and how it hands over to the next."""

    draw: Callable[[float, float], Array]
    n_frames: int
    out: str = "cut"
    out_frames: int = 0
    """Frames of a dissolve or fade, half on each side of the edge."""


SHOTS = (
    ShotPlan(draw=ring_is_drawn, n_frames=84),
    ShotPlan(draw=macro, n_frames=54),
    ShotPlan(draw=bounce, n_frames=39),
    ShotPlan(draw=waves, n_frames=58, out="dissolve", out_frames=20),
    ShotPlan(draw=sunset_room, n_frames=95),
    ShotPlan(draw=bars, n_frames=27),
    ShotPlan(draw=number, n_frames=19),
    ShotPlan(draw=trio, n_frames=33),
    ShotPlan(draw=orbit, n_frames=89),
    ShotPlan(draw=panels, n_frames=72, out="fade", out_frames=24),
    ShotPlan(draw=end_card, n_frames=90),
)
