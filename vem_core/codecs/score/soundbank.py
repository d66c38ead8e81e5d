"""The sampled sounds: zones.json and FLAC files in assets/soundbank, read when first asked for."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import MediaError

FOLDER = Path(__file__).parents[2] / "assets" / "soundbank"
DRUMS = "drums"


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """One sample and how it is played. The envelope is SoundFont 2's: falls are linear in dB."""

    low: int
    high: int
    """Keys it serves, both included."""
    start: int
    length: int
    """Where it lies in the file of its instrument, in samples."""
    sample_rate: int
    root_key: float
    """MIDI pitch, with a fraction, that it sounds at as recorded."""
    gain_db: float
    attack_s: float
    hold_s: float
    decay_s: float
    """Time for a fall of 100 dB."""
    sustain_db: float
    release_s: float
    """Time for a fall of 100 dB."""
    loop: tuple[int, int] | None = None


def _zone(row: dict) -> Zone:
    known = {key: value for key, value in row.items() if key not in ("keys", "name", "loop")}
    loop = tuple(row["loop"]) if "loop" in row else None
    return Zone(low=row["keys"][0], high=row["keys"][1], loop=loop, **known)


def read_flac(path: Path) -> np.ndarray:
    """(C, T) float32 of a 16-bit FLAC file.

    Raises:
        MediaError: the file is missing or damaged.
    """
    import av
    import av.error

    try:
        with av.open(str(path)) as container:
            stream = container.streams.audio[0]
            n_channels = stream.codec_context.channels
            frames = [frame.to_ndarray() for frame in container.decode(stream)]
    except (OSError, av.error.FFmpegError) as error:
        raise MediaError(
            f"The sound '{path.name}' of the sound bank cannot be read ({error})."
            " Install VeM again."
        ) from error
    if not frames:
        raise MediaError(f"The sound '{path.name}' of the sound bank is empty. Install VeM again.")
    packed = np.concatenate([frame.reshape(-1) for frame in frames])
    return packed.reshape(-1, n_channels).T.astype(np.float32) / 32768


class SoundBank:
    """Zones of every sampled instrument; samples are decoded once and kept while the bank lives."""

    def __init__(self, folder: Path = FOLDER):
        self.folder = folder
        try:
            text = (folder / "zones.json").read_text(encoding="utf-8")
        except OSError as error:
            raise MediaError(
                f"The sound bank is missing ('{folder}'). Install VeM again."
            ) from error
        instruments = json.loads(text)["instruments"]
        self._files = {name: row["file"] for name, row in instruments.items()}
        self.n_channels = {name: int(row["channels"]) for name, row in instruments.items()}
        self.zones = {
            name: tuple(_zone(zone) for zone in row["zones"]) for name, row in instruments.items()
        }
        self.drums = {row["name"]: _zone(row) for row in instruments[DRUMS]["zones"]}
        self._decoded: dict[str, np.ndarray] = {}

    def zone(self, name: str, pitch: int) -> Zone:
        """The zone that plays `pitch`; the outermost ones serve what lies beyond them."""
        zones = self.zones[name]
        for zone in zones:
            if pitch <= zone.high:
                return zone
        return zones[-1]

    def samples(self, name: str, zone: Zone) -> np.ndarray:
        """(C, T) float32 samples of a zone of an instrument."""
        if name not in self._decoded:
            self._decoded[name] = read_flac(self.folder / self._files[name])
        return self._decoded[name][:, zone.start : zone.start + zone.length]
