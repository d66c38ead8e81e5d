"""The containers this project writes, what each can hold, and what that means for the sound."""

import io
from dataclasses import dataclass
from pathlib import Path

import av

from ..errors import InputError, MediaError

# Layouts by number of channels, in libav's order, which `sound.read_sound` keeps.
LAYOUTS = {
    1: "mono",
    2: "stereo",
    3: "3.0",
    4: "quad",
    5: "5.0",
    6: "5.1",
    7: "6.1",
    8: "7.1",
}
_AAC_LAYOUTS = {**LAYOUTS, 4: "4.0"}
_AAC_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000)
OPUS_RATE = 48_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """One container format."""

    suffix: str
    format: str
    """libav's name of the muxer."""
    sound_codec: str
    """AAC in MP4 and MOV; Opus in Matroska and WebM, whose delay every reader takes off: AAC in
    Matroska came out 23 ms late in ffmpeg 5.1."""
    hides_lead_in: bool
    """Has edit lists, so pictures before the start can be there without being shown."""
    options: tuple[tuple[str, str], ...] = ()

    def sound_rate(self, sample_rate: int) -> int:
        """The rate at which the sound is encoded."""
        if self.sound_codec == "libopus":
            return OPUS_RATE
        return sample_rate if sample_rate in _AAC_RATES else 48_000

    def sound_layout(self, n_channels: int) -> str:
        """libav's name of the layout for a number of channels. Raises InputError above 8."""
        layouts = _AAC_LAYOUTS if self.sound_codec == "aac" else LAYOUTS
        if n_channels not in layouts or (self.sound_codec == "aac" and n_channels == 7):
            raise InputError(
                f"The sound has {n_channels} channels; {self.suffix} can hold 1 to 6 or 8 here."
                " Mix it down, for example to stereo."
            )
        return layouts[n_channels]


# `strict` lets Dolby Vision boxes through, which libav calls unofficial.
_MOV_OPTIONS = (("movflags", "+faststart"), ("strict", "unofficial"))
CONTAINERS = {
    container.suffix: container
    for container in (
        Container(
            suffix=".mp4", format="mp4", sound_codec="aac", hides_lead_in=True, options=_MOV_OPTIONS
        ),
        Container(
            suffix=".m4v", format="mp4", sound_codec="aac", hides_lead_in=True, options=_MOV_OPTIONS
        ),
        Container(
            suffix=".mov", format="mov", sound_codec="aac", hides_lead_in=True, options=_MOV_OPTIONS
        ),
        Container(
            suffix=".mkv",
            format="matroska",
            sound_codec="libopus",
            hides_lead_in=False,
            options=(("cues_to_front", "1"),),
        ),
        Container(
            suffix=".webm",
            format="webm",
            sound_codec="libopus",
            hides_lead_in=False,
            options=(("cues_to_front", "1"),),
        ),
    )
}

_HOMES = {
    "h264": (".mp4", ".mov", ".mkv", ".m4v"),
    "hevc": (".mp4", ".mov", ".mkv", ".m4v"),
    "av1": (".mp4", ".webm", ".mkv", ".m4v"),
    "vp9": (".webm", ".mp4", ".mkv", ".m4v"),
    "vp8": (".webm", ".mkv"),
    "prores": (".mov", ".mkv"),
    "mpeg4": (".mp4", ".mov", ".mkv", ".m4v"),
    "mpeg2video": (".mp4", ".mov", ".mkv"),
    "mpeg1video": (".mp4", ".mov", ".mkv"),
    "mjpeg": (".mov", ".mp4", ".mkv"),
    "dnxhd": (".mov", ".mkv"),
    "qtrle": (".mov",),
    "png": (".mov", ".mp4", ".mkv"),
    "cfhd": (".mov", ".mkv"),
    "rawvideo": (".mov", ".mkv"),
    "h263": (".mov", ".mkv"),
    "dvvideo": (".mov", ".mkv"),
    "ffv1": (".mkv",),
    "gif": (),
}


def container_for(path: str | Path) -> Container:
    """The container that a file name asks for. Raises InputError for other suffixes."""
    suffix = Path(path).suffix.lower()
    if suffix not in CONTAINERS:
        raise InputError(
            f"'{Path(path).name}' does not end in .mp4, .mov, .mkv or .webm; the kind of file"
            " follows from the ending. Change the name."
        )
    return CONTAINERS[suffix]


def check_fits(codec: str, container: Container) -> None:
    """Raise MediaError, naming a container that can, where this one cannot hold the picture."""
    homes = _HOMES[codec] if codec in _HOMES else _ask_muxers(codec)
    if container.suffix in homes:
        return
    found = f"The picture is in {codec.upper()}, which a {container.suffix} file cannot hold"
    if not homes:
        raise MediaError(
            f"{found}, nor can any other that is written here. Convert the video first, for example"
            " to MP4 with H.264."
        )
    raise MediaError(
        f"{found}, and it is not re-encoded. Write a {' or '.join(homes[:2])} file instead."
    )


def _ask_muxers(codec: str) -> tuple[str, ...]:
    """Suffixes of the containers that libav can put a rarer codec into."""
    homes = []
    for suffix in (".mkv", ".mov", ".mp4", ".webm"):
        muxer = av.open(io.BytesIO(), "w", format=CONTAINERS[suffix].format)
        if codec in muxer.supported_codecs:
            homes.append(suffix)
    return tuple(homes)
