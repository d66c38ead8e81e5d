"""How far music stands above the rest of a sound, by Demucs; where it is there.

Demucs (Rouard et al. 2023; package and weights MIT, trained on music that was licensed for
research) takes a mix apart into drums, bass, other and vocals. Music is the first three; the rest
is what sings or speaks, and what the four do not explain. Only weights on this machine are used:
the folder `demucs` among the networks holds one model as Demucs' own repositories do,
htdemucs.yaml and the .th files that it names.
"""

import hashlib
import importlib.util
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..encoders.local import networks_folder
from ..errors import InputError, MediaError
from ..types import Samples
from .hashing import file_sha256

FOLDER = "demucs"
VOCALS = "vocals"
_QUIET_DB = -120.0


def find_separator(networks: Path | None = None) -> tuple[str, str]:
    """(name and fingerprint, "") of the separator here, or ("", why there is none)."""
    if importlib.util.find_spec("demucs") is None:
        return "", "the package 'demucs' is not installed"
    place = networks_folder(networks) / FOLDER
    bags = sorted(place.glob("*.yaml"))
    weights = sorted(place.glob("*.th"))
    if len(bags) != 1 or not weights:
        return "", (
            f"needs htdemucs.yaml and the .th files that it names in {place} (of"
            " github.com/facebookresearch/demucs, licence MIT)"
        )
    digest = hashlib.sha256()
    for path in (*bags, *weights):
        digest.update(path.name.encode())
        digest.update(file_sha256(path).encode())
    return f"{bags[0].stem}-{digest.hexdigest()[:12]}", ""


@lru_cache(maxsize=1)
def open_separator(name: str, networks: Path | None = None) -> "Separator | None":
    """The separator of that name; None where none is asked for.

    Raises:
        InputError: this machine has none, or another one.
    """
    if not name:
        return None
    found, reason = find_separator(networks)
    if found != name:
        raise InputError(
            f"The separator '{name}' is needed on every machine that builds, but one has"
            f" {'another: ' + found if found else 'none: ' + reason}. Copy the networks' folder"
            " there, or build without."
        )
    return Separator(networks_folder(networks) / FOLDER, name.rpartition("-")[0])


class Separator:
    """Demucs from a folder, on the CPU or the GPU."""

    def __init__(self, place: Path, model: str):
        import torch
        from demucs.pretrained import get_model  # pyright: ignore[reportMissingImports]

        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        try:
            self._model: Any = get_model(model, repo=place).eval()
        except (OSError, RuntimeError, KeyError, ValueError) as error:
            raise MediaError(
                f"The separator in '{place}' cannot be read ({error}). Put the unchanged files of"
                " one Demucs model there."
            ) from error

    def snr_db(self, sound: Samples) -> float:
        """Energy of the music over that of the rest, in dB, in [-120, 120]."""
        import soxr
        import torch
        from demucs.apply import apply_model  # pyright: ignore[reportMissingImports]

        rate = int(self._model.samplerate)
        stereo = soxr.resample(sound.values.T, sound.sample_rate, rate, quality="HQ").T
        level = max(float(np.abs(stereo).max(initial=0.0)), 1e-9)
        mix = torch.from_numpy(np.ascontiguousarray(stereo / level, np.float32))
        with torch.no_grad():
            # no random shifts: the same sound gives the same figure
            parts = apply_model(self._model, mix[None], shifts=0, device=self._device)[0]
        vocals = list(self._model.sources).index(VOCALS)
        whole = parts.sum(dim=0).cpu().numpy()
        music = whole - parts[vocals].cpu().numpy()
        return signal_to_rest_db(music, mix.numpy() - music)


def signal_to_rest_db(music: np.ndarray, rest: np.ndarray) -> float:
    """10 log10 of the energies' ratio, within 120 dB; -120 where there is no music."""
    above, below = (float(np.square(x, dtype=np.float64).sum()) for x in (music, rest))
    if above <= 0:
        return _QUIET_DB
    ratio_db = 10 * math.log10(above / max(below, 1e-300))
    return round(min(max(ratio_db, _QUIET_DB), -_QUIET_DB), 2)
