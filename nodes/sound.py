"""Music into the mix, and under the untouched picture."""
# pyright: reportMissingImports=false

from pathlib import Path
from typing import Any

from comfy_api.latest import io, ui

from ..vem_core.audio.ducking import DuckSettings
from ..vem_core.audio.mix_plan import MixSettings
from ..vem_core.errors import InputError
from ..vem_core.types import Audio
from ..vem_core.video.containers import CONTAINERS
from .convert import (
    Clip,
    audio_from_comfy,
    audio_to_comfy,
    clip_from_video,
    video_from_file,
)
from .places import new_output, new_temp
from .previews import show_figure
from .running import in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed

AUTO = "auto"
MUX_MODES = ("replace", "mix", "add")
CONTAINERS_SHOWN = [suffix.removeprefix(".") for suffix in CONTAINERS]


class MixAudio(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_MixAudio",
            display_name="Mix",
            category=CATEGORY,
            description="The whole sound of the film: exact length, loudness, and music that gives"
            " way to speech.",
            inputs=[
                io.Audio.Input("music"),
                io.Audio.Input(
                    "own_sound",
                    optional=True,
                    tooltip="The film's own sound; the music ducks under it. Leave open to hear the"
                    " music alone.",
                ),
                io.Float.Input(
                    "duration_s",
                    default=0.0,
                    min=0.0,
                    max=86_400.0,
                    step=0.001,
                    tooltip="Length of the film, from Load Video; 0: as long as the music.",
                ),
                *_level_inputs(),
                *_rare_mix_inputs(),
            ],
            outputs=[io.Audio.Output("mixed", display_name="audio")],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            **found_by(
                "ducking", "sidechain", "loudness", "LUFS", "normalize audio", "merge audio"
            ),
            **keeps_preview(),
        )

    @classmethod
    @in_words
    def execute(
        cls,
        music: dict[str, Any] | None,
        duration_s: float,
        loudness_lufs: float,
        duck_db: float,
        music_level_db: float,
        fade_in_s: float,
        fade_out_s: float,
        true_peak_dbtp: float,
        duck_down_s: float,
        duck_up_s: float,
        duck_threshold_db: float,
        own_sound: dict[str, Any] | None = None,
    ) -> io.NodeOutput:
        from ..vem_core.audio.mix_plot import draw_mix
        from ..vem_core.audio.mixing import mix

        heard = audio_from_comfy(music, "The music")
        own = None if own_sound is None else audio_from_comfy(own_sound, "The own sound")
        settings = MixSettings(
            loudness_lufs=loudness_lufs,
            true_peak_dbtp=true_peak_dbtp,
            music_level_db=music_level_db,
            fade_in_s=fade_in_s,
            fade_out_s=fade_out_s,
            duck=DuckSettings(
                depth_db=duck_db,
                down_s=duck_down_s,
                up_s=duck_up_s,
                threshold_db=duck_threshold_db,
            ),
        )
        mixed = mix(heard, own, duration_s or heard.duration_s, settings, node_progress())
        shown = show_figure(cls, draw_mix(mixed), "\n".join(mixed.report.notes))
        return io.NodeOutput(audio_to_comfy(mixed.audio), ui=shown)


def _level_inputs() -> list[Any]:
    return [
        io.Float.Input(
            "loudness_lufs",
            default=-14.0,
            min=-60.0,
            max=-5.0,
            step=0.5,
            tooltip="-14: streaming; -23: European broadcast; -24: American.",
        ),
        io.Float.Input(
            "duck_db",
            default=12.0,
            min=0.0,
            max=60.0,
            step=0.5,
            tooltip="How far the music goes down while the film speaks; 0: not at all.",
        ),
        io.Float.Input(
            "music_level_db",
            default=0.0,
            min=-40.0,
            max=40.0,
            step=0.5,
            tooltip="Music against the own sound; 0: equally loud before ducking.",
        ),
        io.Float.Input(
            "fade_in_s",
            default=0.1,
            min=0.0,
            max=60.0,
            step=0.1,
            tooltip="The music rises over this long at the start of the film.",
        ),
        io.Float.Input(
            "fade_out_s",
            default=1.0,
            min=0.0,
            max=60.0,
            step=0.1,
            tooltip="The music fades over this long, and is silent at the end of the film.",
        ),
    ]


def _rare_mix_inputs() -> list[Any]:
    return [
        io.Float.Input(
            "true_peak_dbtp",
            default=-1.0,
            min=-20.0,
            max=0.0,
            step=0.1,
            tooltip="The highest true peak; -1 leaves room for lossy formats.",
            **rarely_needed(),
        ),
        io.Float.Input(
            "duck_down_s",
            default=0.3,
            min=0.0,
            max=10.0,
            step=0.05,
            tooltip="Time in which the music goes down; it is down when speech begins.",
            **rarely_needed(),
        ),
        io.Float.Input(
            "duck_up_s",
            default=0.6,
            min=0.0,
            max=10.0,
            step=0.05,
            tooltip="Time in which the music comes back.",
            **rarely_needed(),
        ),
        io.Float.Input(
            "duck_threshold_db",
            default=-40.0,
            min=-90.0,
            max=0.0,
            step=1.0,
            tooltip="Speech-band level of the own sound that opens the duck. Raise it where noise"
            " keeps the music down.",
            **rarely_needed(),
        ),
    ]


class MuxVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_MuxVideo",
            display_name="Mux Video",
            category=CATEGORY,
            description="Puts the sound under the picture. The picture is copied packet by packet,"
            " never encoded again.",
            inputs=[
                io.Video.Input("video"),
                io.Audio.Input("audio"),
                io.Combo.Input(
                    "mode",
                    options=list(MUX_MODES),
                    default="replace",
                    tooltip="replace: only this sound; mix: this sound ducked under the video's own"
                    " (with the settings of the Mix node's defaults); add: as a second track.",
                ),
                io.String.Input(
                    "filename_prefix",
                    default="VeM/film",
                    tooltip="Folder and name in ComfyUI's output folder. Empty: only a temporary"
                    " file, for a Save Video node behind this one.",
                ),
                io.Combo.Input(
                    "container",
                    options=[AUTO, *CONTAINERS_SHOWN],
                    default=AUTO,
                    tooltip="auto: that of the video. MP4 and MOV get AAC, MKV and WebM Opus.",
                    **rarely_needed(),
                ),
            ],
            outputs=[io.Video.Output("film", display_name="video")],
            is_output_node=True,
            **found_by("combine video and audio", "add music to video", "save video with audio"),
        )

    @classmethod
    @in_words
    def execute(
        cls,
        video: io.Video.Type,
        audio: dict[str, Any] | None,
        mode: str,
        filename_prefix: str,
        container: str,
    ) -> io.NodeOutput:
        from ..vem_core.video.writer import mux

        if mode not in MUX_MODES:
            raise InputError(f"The mode is '{mode}'; needed is one of {', '.join(MUX_MODES)}.")
        clip = clip_from_video(video)
        suffix = _suffix(video, clip) if container == AUTO else f".{container}"
        sound = audio_from_comfy(audio, "The audio")
        notes: list[str] = []
        if mode == "mix":
            sound = _mix_with_own(clip, sound, notes)
        path, folder, subfolder = _target(filename_prefix, suffix)
        report = mux(
            clip.source,
            sound,
            path,
            mode="add" if mode == "add" else "replace",
            start_s=clip.start_s,
            duration_s=clip.duration_s,
            progress=node_progress(0.5 if mode == "mix" else 0, 1),
        )
        notes += report.notes
        shown = ui.PreviewVideo([ui.SavedResult(path.name, subfolder, folder)]).as_dict()
        if notes:
            shown["text"] = ("\n".join(notes),)
        return io.NodeOutput(video_from_file(path), ui=shown)


def _suffix(video: io.Video.Type, clip: Clip) -> str:
    """The container that a video came in, by its name or else by what it is."""
    named = clip.source.suffix.lower() if isinstance(clip.source, Path) else ""
    if named in CONTAINERS:
        return named
    return ".mp4" if "mp4" in video.get_container_format() else ".mkv"


def _mix_with_own(clip: Clip, music: Audio, notes: list[str]) -> Audio:
    """The music mixed with the video's own sound, cut to the clip's length."""
    from ..vem_core.audio.mixing import mix
    from ..vem_core.video.reader import probe, read_sound

    info = probe(clip.source)
    length_s = min(clip.duration_s or info.duration_s, info.duration_s - clip.start_s)
    own = read_sound(clip.source, start_s=clip.start_s, duration_s=clip.duration_s)
    if own.audio is None:
        notes.append("The video has no sound of its own; only the music is heard.")
    elif own.warning:
        notes.append(own.warning)
    mixed = mix(music, own.audio, length_s, MixSettings(), node_progress(0, 0.5))
    notes += mixed.report.notes
    return mixed.audio


def _target(prefix: str, suffix: str) -> tuple[Path, io.FolderType, str]:
    """Where to write, which of ComfyUI's folders that is, and the folder inside it."""
    if not prefix.strip():
        return new_temp("vem-film", suffix), io.FolderType.temp, ""
    path, subfolder = new_output(prefix, suffix)
    return path, io.FolderType.output, subfolder


NODES = [MixAudio, MuxVideo]
