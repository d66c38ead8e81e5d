"""VIDEO, AUDIO and IMAGE of ComfyUI <-> vem_core: the only file that knows both worlds."""
# pyright: reportMissingImports=false

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from comfy_api.latest import Input, InputImpl, Types

from ..vem_core.errors import InputError
from ..vem_core.types import Audio
from ..vem_core.video.opening import Source
from ..vem_core.video.reader import read_audio
from .places import new_temp

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAN_TRIM = "start_time" in inspect.signature(InputImpl.VideoFromFile.__init__).parameters
"""Whether this ComfyUI knows videos that show only a part of their file."""

_encoded: WeakKeyDictionary[Input.Video, Path] = WeakKeyDictionary()
"""Files of videos made of images, for as long as ComfyUI holds those videos."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Clip:
    """What a VIDEO shows: a file (or its bytes) and the window of it that is meant."""

    source: Source
    start_s: float = 0.0
    duration_s: float | None = None
    """None: to the end."""

    @property
    def is_whole(self) -> bool:
        return self.start_s == 0 and self.duration_s is None


def clip_from_video(video: Input.Video) -> Clip:
    """The file behind a VIDEO and its trim window; nothing is decoded.

    A video made of images in the graph has no file: it is encoded once into the temp folder,
    however many nodes ask for it.
    """
    if isinstance(video, InputImpl.VideoFromComponents):
        path = _encoded.get(video)
        if path is None or not path.is_file():
            path = new_temp("vem-images", ".mp4")
            video.save_to(str(path), format=Types.VideoContainer.MP4, codec=Types.VideoCodec.H264)
            _encoded[video] = path
        return Clip(source=path)
    source = video.get_stream_source()
    if isinstance(source, str):
        source = Path(source)
    start_s, duration_s = 0.0, 0.0
    if hasattr(video, "get_active_trim_window"):
        start_s, duration_s = video.get_active_trim_window()
    return Clip(source=source, start_s=float(start_s), duration_s=float(duration_s) or None)


def video_from_file(path: Path, start_s: float = 0.0, duration_s: float = 0.0) -> Input.Video:
    """The VIDEO of a file, or of a part of it; `duration_s` 0: to the end.

    Raises:
        InputError: a part is asked for, and this ComfyUI is too old to know parts.
    """
    if start_s == 0 and duration_s == 0:
        return InputImpl.VideoFromFile(str(path))
    if not CAN_TRIM:
        raise InputError(
            "This ComfyUI is too old to show a part of a video. Update ComfyUI, or set start and"
            " duration to 0 and cut the file beforehand."
        )
    return InputImpl.VideoFromFile(str(path), start_time=start_s, duration=duration_s)


class SoundOfClip(Mapping):
    """An AUDIO that is decoded when it is first read; most graphs never ask for it."""

    def __init__(self, clip: Clip):
        self._clip = clip
        self._audio: dict[str, Any] | None = None

    def _read(self) -> dict[str, Any]:
        if self._audio is None:
            audio = read_audio(
                self._clip.source, start_s=self._clip.start_s, duration_s=self._clip.duration_s
            )
            if audio is None:
                raise InputError(
                    "The chosen part of the video has no sound. Choose another part, or leave the"
                    " sound unconnected."
                )
            self._audio = audio_to_comfy(audio)
        return self._audio

    def __getitem__(self, key: str) -> Any:
        return self._read()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(("waveform", "sample_rate"))

    def __len__(self) -> int:
        return 2

    def copy(self) -> dict[str, Any]:
        return dict(self)


def audio_from_comfy(audio: Mapping[str, Any] | None, what: str) -> Audio:
    """The one sound of an AUDIO; `what` names it in sentences ('The music').

    Raises:
        InputError: None (a video without sound gives that), several sounds, or no sound at all.
    """
    if audio is None:
        raise InputError(
            f"{what} is missing: what is connected has no sound. Connect an audio that has some."
        )
    waveform = audio["waveform"]
    if not isinstance(waveform, torch.Tensor) or waveform.ndim != 3:
        raise InputError(f"{what} is not an audio of (batch, channels, samples). Connect another.")
    if waveform.shape[0] != 1:
        raise InputError(
            f"{what} holds {waveform.shape[0]} sounds at once; one is needed. Take one of them"
            " out of the batch."
        )
    samples = waveform[0].detach().cpu()
    if not samples.is_floating_point():
        # some decoders hand on raw integers; full scale is the type's largest value
        samples = samples.float() / torch.iinfo(samples.dtype).max
    return Audio(waveform=samples.float().contiguous(), sample_rate=int(audio["sample_rate"]))


def audio_to_comfy(audio: Audio) -> dict[str, Any]:
    """(C, T) -> AUDIO of one sound."""
    return {"waveform": audio.waveform.unsqueeze(0), "sample_rate": audio.sample_rate}


def image_from_figure(figure: "Figure") -> torch.Tensor:
    """A drawn figure as IMAGE (1, H, W, 3)."""
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3]  # pyright: ignore[reportAttributeAccessIssue]
    return torch.from_numpy(pixels.astype(np.float32) / 255).unsqueeze(0)
