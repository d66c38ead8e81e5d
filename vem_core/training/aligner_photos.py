"""Pictures for the aligner's training clips: sample photographs of libraries, and painted ones.

The photographs lie inside the packages scikit-learn, matplotlib and scikit-image, where those are
installed; nothing is downloaded. They are needed for training alone. Some are held out: clips for
figures show those, clips for training the others.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..errors import MissingPackageError

PACKAGES = {
    "sklearn": ("scikit-learn", "datasets/images"),
    "matplotlib": ("matplotlib", "mpl-data/sample_data"),
    "skimage": ("scikit-image", "data"),
}
"""Import name: (name for pip, folder of its sample images)."""
TRAINING = {
    "sklearn": ("china.jpg",),
    "matplotlib": ("grace_hopper.jpg",),
    "skimage": (
        "astronaut.png",
        "brick.png",
        "camera.png",
        "chelsea.png",
        "clock_motion.png",
        "coffee.png",
        "grass.png",
        "gravel.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "moon.png",
        "retina.jpg",
    ),
}
HELD_OUT = {
    "sklearn": ("flower.jpg",),
    "matplotlib": ("logo2.png",),
    "skimage": ("coins.png", "motorcycle_left.png", "motorcycle_right.png", "rocket.jpg"),
}
PICTURE_WIDTH, PICTURE_HEIGHT = 288, 162
LETTERS = list("ABCDEFGHIKLMNOPRSTUW ")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Photos:
    """Photographs to take pictures from."""

    pixels: tuple[np.ndarray, ...]
    """Each (H, W, 3) uint8 RGB."""


def load_photos(*, held_out: bool) -> Photos:
    """The sample photographs for training, or those held out.

    Raises:
        MissingPackageError: one of the packages that carry them is not installed.
    """
    import cv2

    pixels = []
    for package, names in (HELD_OUT if held_out else TRAINING).items():
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise MissingPackageError(PACKAGES[package][0], "Training the aligner")
        folder = Path(spec.submodule_search_locations[0]) / PACKAGES[package][1]
        for name in names:
            read = cv2.imread(str(folder / name), cv2.IMREAD_COLOR)
            if read is None:
                raise MissingPackageError(PACKAGES[package][0], f"The sample image '{name}'")
            pixels.append(cv2.cvtColor(read, cv2.COLOR_BGR2RGB))
    return Photos(pixels=tuple(pixels))


def make_picture(random: np.random.Generator, photos: Photos) -> np.ndarray:
    """(PICTURE_HEIGHT, PICTURE_WIDTH, 3) uint8: a piece of a photograph, or a painted picture."""
    ways = (crop_photo, paint_landscape, paint_fractal, paint_graphics, paint_mosaic)
    draw = ways[int(random.choice(len(ways), p=[0.52, 0.16, 0.08, 0.16, 0.08]))]
    picture = draw(random, photos)
    return picture[:, ::-1] if random.random() < 0.5 else picture


def crop_photo(random: np.random.Generator, photos: Photos) -> np.ndarray:
    import cv2

    photo = photos.pixels[int(random.integers(len(photos.pixels)))]
    height, width = photo.shape[:2]
    share = float(random.uniform(0.35, 1.0))
    h = max(int(height * share), 32)
    w = min(max(int(h * random.uniform(1.1, 2.2)), 32), width)
    y, x = int(random.integers(height - h + 1)), int(random.integers(width - w + 1))
    way = cv2.INTER_AREA if w > PICTURE_WIDTH else cv2.INTER_CUBIC
    return cv2.resize(
        photo[y : y + h, x : x + w], (PICTURE_WIDTH, PICTURE_HEIGHT), interpolation=way
    )


def colour(random: np.random.Generator) -> np.ndarray:
    """(3,) float32, 0 ... 255; often grey, dark or light."""
    value = random.uniform(0, 255, 3)
    grey = random.random() ** 2
    return (value * (1 - grey) + random.uniform(0, 255) * grey).astype(np.float32)


def fractal(random: np.random.Generator, height: int, width: int, roughness: float) -> np.ndarray:
    """(height, width) float32 in [0, 1]: noise summed over octaves."""
    import cv2

    total = np.zeros((height, width), np.float32)
    cells, weight = 2, 1.0
    while cells < width:
        grid = random.random((max(cells * height // width, 2), cells), dtype=np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        cells, weight = cells * 2, weight * roughness
    low, high = float(total.min()), float(total.max())
    return (total - low) / max(high - low, 1e-6)


def _blend(a: np.ndarray, b: np.ndarray, share: np.ndarray) -> np.ndarray:
    return a + (b - a) * share[..., None]


def paint_fractal(random: np.random.Generator, photos: Photos) -> np.ndarray:
    size = (PICTURE_HEIGHT, PICTURE_WIDTH)
    roughness = float(random.uniform(0.4, 0.9))
    picture = _blend(colour(random), colour(random), fractal(random, *size, roughness))
    picture = _blend(picture, colour(random), fractal(random, *size, roughness) ** 2)
    return picture.clip(0, 255).astype(np.uint8)


def paint_landscape(random: np.random.Generator, photos: Photos) -> np.ndarray:
    """A sky with clouds, and ridges in front of each other, with bushes and trees on them."""
    height, width = PICTURE_HEIGHT, PICTURE_WIDTH
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    picture = _blend(colour(random) * 0.4 + 150, colour(random) * 0.6 + 90, down)
    clouds = fractal(random, height, width, 0.55) ** 2 * float(random.uniform(0, 1))
    picture = _blend(picture, np.full(3, 245, np.float32), clouds)
    rows = np.arange(height)[:, None]
    top = float(random.uniform(0.3, 0.6))
    for _ in range(int(random.integers(1, 5))):
        ridge = fractal(random, 4, width, float(random.uniform(0.35, 0.75)))[0]
        edge = (top + (ridge - 0.5) * float(random.uniform(0.05, 0.5))) * height
        share = np.clip(rows - edge[None], 0, 1)
        ground = _blend(
            colour(random) * 0.5, colour(random) * 0.8, fractal(random, height, width, 0.8)
        )
        picture = _blend(picture, ground, share)
        top += float(random.uniform(0.08, 0.25))
    return picture.clip(0, 255).astype(np.uint8)


def paint_graphics(random: np.random.Generator, photos: Photos) -> np.ndarray:
    """Motion graphics: a plain or graded ground with shapes and words."""
    import cv2

    height, width = PICTURE_HEIGHT, PICTURE_WIDTH
    ramp = np.linspace(0, 1, width, dtype=np.float32)[None].repeat(height, axis=0)
    picture = _blend(colour(random), colour(random), ramp * float(random.random() < 0.5))
    picture = np.ascontiguousarray(picture.clip(0, 255).astype(np.uint8))
    for _ in range(int(random.integers(0, 14))):
        x, y = int(random.integers(width)), int(random.integers(height))
        size = int(np.exp(random.uniform(np.log(6), np.log(110))))
        fill = tuple(float(v) for v in colour(random))
        what = int(random.integers(4))
        if what == 0:
            cv2.circle(picture, (x, y), size, fill, -1, cv2.LINE_AA)
        elif what == 1:
            cv2.rectangle(picture, (x, y), (x + 2 * size, y + size), fill, -1)
        elif what == 2:
            corners = random.integers(-size, size + 1, (5, 2)) + np.array([x, y])
            cv2.fillPoly(picture, [corners.astype(np.int32)], fill, cv2.LINE_AA)
        else:
            words = "".join(random.choice(list("ABCDEFGHIKLMNOPRSTUW "), 8))
            cv2.putText(
                picture, words, (x - 60, y), 2, size / 30, fill, 1 + size // 12, cv2.LINE_AA
            )
    return picture


def paint_mosaic(random: np.random.Generator, photos: Photos) -> np.ndarray:
    """Rooms, walls, streets: areas between lines, each with a texture of its own."""
    height, width = PICTURE_HEIGHT, PICTURE_WIDTH
    picture = np.empty((height, width, 3), np.float32)
    xs = np.sort(random.integers(0, width, int(random.integers(1, 5))))
    for left, right in zip([0, *xs], [*xs, width], strict=True):
        ys = np.sort(random.integers(0, height, int(random.integers(0, 4))))
        for upper, lower in zip([0, *ys], [*ys, height], strict=True):
            picture[upper:lower, left:right] = colour(random)
    texture = fractal(random, height, width, 0.85)[..., None] - 0.5
    picture += texture * float(random.uniform(0, 120))
    return picture.clip(0, 255).astype(np.uint8)


def grade(random: np.random.Generator, strength: float = 1.0) -> np.ndarray:
    """A random look as (3, 4) float32: colours are mapped affinely, [r g b 1] -> [r g b]."""
    saturation = float(random.uniform(0.2, 1.5)) if random.random() < 0.5 else 1.0
    grey = np.full((3, 3), 1 / 3, np.float32)
    matrix = saturation * np.eye(3, dtype=np.float32) + (1 - saturation) * grey
    if random.random() < 0.12 * strength:
        matrix = matrix[random.permutation(3)]
    gains = np.exp(random.normal(0, 0.08 * strength, 3) + random.normal(0.0, 0.2 * strength))
    offset = random.normal(0, 8 * strength) + random.normal(0, 4 * strength, 3)
    return np.column_stack([matrix * gains[:, None], offset]).astype(np.float32)
