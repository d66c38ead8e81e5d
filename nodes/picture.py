"""From a video file to a storyboard."""
# pyright: reportMissingImports=false

from pathlib import Path

from comfy_api.latest import io

from ..vem_core.errors import InputError
from ..vem_core.parsing.settings import DETECTORS, ParseSettings
from ..vem_core.types import Transition
from .convert import Clip, SoundOfClip, clip_from_video, video_from_file
from .places import file_stamp, find_file, list_files
from .previews import show_figure
from .running import check_widgets, in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed
from .sockets import StoryboardSocket
from .timeline import keyframe_sheet

CUT_FILES = (".edl", ".otio", ".fcpxml", ".xml", ".csv", ".txt")


class LoadVideo(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_LoadVideo",
            display_name="Load Video",
            category=CATEGORY,
            description="Opens a video without decoding it: a feature film costs no memory here.",
            inputs=[
                io.Combo.Input(
                    "file",
                    options=list_files("video"),
                    upload=io.UploadType.video,
                    tooltip="A video in ComfyUI's input folder.",
                ),
                io.Float.Input(
                    "start_s",
                    default=0.0,
                    min=0.0,
                    max=86_400.0,
                    step=0.01,
                    tooltip="Seconds to leave out at the beginning.",
                ),
                io.Float.Input(
                    "duration_s",
                    default=0.0,
                    min=0.0,
                    max=86_400.0,
                    step=0.01,
                    tooltip="Seconds to use; 0: to the end.",
                ),
            ],
            outputs=[
                io.Video.Output("video", display_name="video"),
                io.Audio.Output(
                    "own_sound",
                    display_name="own_sound",
                    tooltip="The video's own sound; nothing where it has none.",
                ),
                io.Float.Output("length_s", display_name="duration_s"),
                io.Float.Output("fps", display_name="fps"),
            ],
            **found_by("import video", "open film", "video to music", "soundtrack"),
        )

    @classmethod
    def validate_inputs(cls, file: str) -> bool | str:
        return check_widgets(lambda: find_file(file))

    @classmethod
    def fingerprint_inputs(cls, file: str, start_s: float, duration_s: float) -> str:
        return f"{file_stamp(file)} {start_s} {duration_s}"

    @classmethod
    @in_words
    def execute(cls, file: str, start_s: float, duration_s: float) -> io.NodeOutput:
        from ..vem_core.video.reader import probe

        path = find_file(file)
        info = probe(path)
        if start_s >= info.duration_s:
            raise InputError(
                f"The video lasts {info.duration_s:.2f} s, but its start is set to {start_s:g} s."
                " Set an earlier start."
            )
        video = video_from_file(path, start_s, duration_s)
        clip = clip_from_video(video)
        length_s = min(info.duration_s - start_s, clip.duration_s or info.duration_s)
        own_sound = SoundOfClip(clip) if info.has_audio else None
        return io.NodeOutput(video, own_sound, length_s, float(info.fps))


class ParseShots(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_ParseShots",
            display_name="Parse Shots",
            category=CATEGORY,
            description="Finds the cuts, dissolves and fades of a video, its shots and their mood.",
            inputs=[
                io.Video.Input("video"),
                io.Combo.Input(
                    "detector",
                    options=list(DETECTORS),
                    default="adaptive",
                    tooltip="How cuts are proposed; none: only your own cuts count.",
                ),
                io.Float.Input(
                    "sensitivity",
                    default=0.5,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="0: only the plainest cuts; 1: also faint ones, and false ones.",
                ),
                io.Float.Input(
                    "shortest_shot_s",
                    default=0.3,
                    min=0.0,
                    max=60.0,
                    step=0.05,
                    tooltip="Of two transitions nearer than this only the stronger one counts.",
                ),
                io.String.Input(
                    "manual_cuts",
                    default="",
                    multiline=True,
                    tooltip="Your own cuts: times (83.2, 1:23.2) or timecodes (00:01:23:05), one a"
                    " line; or the name of an EDL, OTIO, FCPXML or CSV file in the input folder.",
                ),
                io.Combo.Input(
                    "manual_mode",
                    options=["replace", "add"],
                    default="replace",
                    tooltip="Your cuts instead of the found ones, or besides them.",
                    **rarely_needed(),
                ),
            ],
            outputs=[StoryboardSocket.Output("storyboard", display_name="storyboard")],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            **found_by("scene detection", "shot boundary", "cut detection", "storyboard"),
            **keeps_preview(),
        )

    @classmethod
    def validate_inputs(cls, manual_cuts: str | None) -> bool | str:
        return check_widgets(lambda: named_cut_file(manual_cuts or ""))

    @classmethod
    def fingerprint_inputs(
        cls,
        detector: str,
        sensitivity: float,
        shortest_shot_s: float,
        manual_cuts: str | None,
        manual_mode: str,
        video: None = None,
    ) -> str:
        named = manual_cuts and named_cut_file(manual_cuts)
        return file_stamp(manual_cuts.strip()) if manual_cuts and named else ""

    @classmethod
    @in_words
    def execute(
        cls,
        video: io.Video.Type,
        detector: str,
        sensitivity: float,
        shortest_shot_s: float,
        manual_cuts: str,
        manual_mode: str,
    ) -> io.NodeOutput:
        from ..vem_core.parsing.contact_sheet import draw_contact_sheet
        from ..vem_core.parsing.parse import parse_video

        clip = clip_from_video(video)
        settings = ParseSettings(
            detector=detector,  # type: ignore[arg-type]
            sensitivity=sensitivity,
            shortest_shot_s=shortest_shot_s,
            manual_cuts=_read_cuts(manual_cuts, clip),
            manual_mode=manual_mode,  # type: ignore[arg-type]
        )
        parsed = parse_video(
            clip.source,
            settings,
            node_progress(0, 0.95),
            start_s=clip.start_s,
            duration_s=clip.duration_s,
        )
        board = parsed.storyboard
        text = f"{len(board.shots)} shots, {len(board.transitions)} transitions"
        shown = show_figure(cls, draw_contact_sheet(parsed), text)
        shown |= keyframe_sheet(parsed.keyframes, board.duration_s)
        return io.NodeOutput(board, ui=shown)


def named_cut_file(text: str) -> Path | None:
    """The cut list file that `text` names; None where it is a list itself, or empty.

    Raises:
        InputError: the file is not in ComfyUI's folders.
    """
    line = text.strip()
    is_name = "\n" not in line and line.lower().endswith(CUT_FILES)
    return find_file(line) if is_name else None


def _read_cuts(text: str, clip: Clip) -> tuple[Transition, ...]:
    from ..vem_core.parsing.cut_lists import cut_list_from_text, read_cut_list
    from ..vem_core.video.reader import probe

    if not text.strip():
        return ()
    info = probe(clip.source)
    length_s = min(clip.duration_s or info.duration_s, info.duration_s - clip.start_s)
    path = named_cut_file(text)
    if path is None:
        return cut_list_from_text(text, info.fps, length_s)
    return read_cut_list(path, info.fps, length_s)


NODES = [LoadVideo, ParseShots]
