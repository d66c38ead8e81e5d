"""From a video file to a storyboard and a beat plan."""

from dataclasses import replace
from pathlib import Path

from comfy_api.latest import io

from ..vem_core.errors import InputError
from ..vem_core.parsing.settings import DETECTORS, ParseSettings
from ..vem_core.rhythm.plan_settings import PlanSettings
from ..vem_core.types import METRES, Storyboard, Transition
from .convert import Clip, SoundOfClip, clip_from_video, video_from_file
from .places import file_stamp, find_file, list_files
from .previews import show_figure
from .running import check_widgets, in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed
from .sockets import BeatPlanSocket, StoryboardSocket

AUTO_STYLE = "auto"
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
        sheet = show_figure(cls, draw_contact_sheet(parsed), text)
        return io.NodeOutput(board, ui=sheet)


class EditStoryboard(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        from ..vem_core.composing.style import style_names

        return io.Schema(
            node_id="VeM_Storyboard",
            display_name="Storyboard",
            category=CATEGORY,
            description="Your words on the film and its shots; they win over what pixels suggest.",
            inputs=[
                StoryboardSocket.Input(
                    "storyboard",
                    optional=True,
                    tooltip="From Parse Shots. May be left open where saved_json is filled.",
                ),
                io.String.Input(
                    "theme",
                    default="",
                    tooltip="One sentence about the whole film: 'a quiet morning at the sea'.",
                ),
                io.Combo.Input(
                    "style",
                    options=[AUTO_STYLE, *style_names()],
                    default=AUTO_STYLE,
                    tooltip="Musical style; auto: what theme, notes and pictures suggest.",
                ),
                io.String.Input(
                    "shot_notes",
                    default="",
                    multiline=True,
                    tooltip="One line a shot: '3: the chase begins #night arousal=0.9 *'. The star"
                    " asks the music to hit the start of the shot.",
                ),
                io.String.Input(
                    "saved_json",
                    default="",
                    multiline=True,
                    tooltip="A storyboard from an earlier run (this node's json output), perhaps"
                    " edited; it replaces the connected one.",
                    **rarely_needed(),
                ),
            ],
            outputs=[
                StoryboardSocket.Output("edited", display_name="storyboard"),
                io.String.Output("json", display_name="json"),
            ],
            **found_by("shot list", "edit storyboard", "theme", "music brief"),
        )

    @classmethod
    def validate_inputs(cls, saved_json: str | None) -> bool | str:
        from ..vem_core.parsing.storyboard import storyboard_from_json

        if not saved_json or not saved_json.strip():
            return True
        return check_widgets(lambda: storyboard_from_json(saved_json))

    @classmethod
    @in_words
    def execute(
        cls,
        theme: str,
        style: str,
        shot_notes: str,
        saved_json: str,
        storyboard: Storyboard | None = None,
    ) -> io.NodeOutput:
        from ..vem_core.parsing.notes import apply_notes
        from ..vem_core.parsing.storyboard import storyboard_from_json, storyboard_to_json

        board = storyboard
        if saved_json.strip():
            board = storyboard_from_json(saved_json)
            _check_same_clip(board, storyboard)
        if board is None:
            raise InputError(
                "There is no storyboard. Connect Parse Shots, or paste a saved one into saved_json."
            )
        if theme.strip():
            board = replace(board, theme=theme.strip())
        if style != AUTO_STYLE:
            board = replace(board, style=style)
        board = apply_notes(board, shot_notes)
        return io.NodeOutput(board, storyboard_to_json(board))


class PlanBeats(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        tempo = {"min": 30.0, "max": 300.0, "step": 0.5}
        return io.Schema(
            node_id="VeM_PlanBeats",
            display_name="Plan Beats",
            category=CATEGORY,
            description="Chooses a tempo map whose beats fall on the cuts.",
            inputs=[
                StoryboardSocket.Input("storyboard"),
                io.Float.Input(
                    "tempo_low_bpm", default=80.0, tooltip="Slowest base tempo.", **tempo
                ),
                io.Float.Input(
                    "tempo_high_bpm", default=160.0, tooltip="Fastest base tempo.", **tempo
                ),
                io.Float.Input(
                    "fixed_tempo_bpm",
                    default=0.0,
                    min=0.0,
                    max=300.0,
                    step=0.01,
                    tooltip="A tempo that must not move; 0: free within the range. With a fixed"
                    " tempo only the start and the bars are chosen, and fewer cuts are hit.",
                ),
                io.Float.Input(
                    "tempo_room_percent",
                    default=6.0,
                    min=0.0,
                    max=25.0,
                    step=0.5,
                    tooltip="How far the tempo may leave its base. More room hits more cuts; above"
                    " 6 listeners notice.",
                ),
                io.Combo.Input("metre", options=sorted(METRES), default="4/4"),
                io.Combo.Input(
                    "hit_unit",
                    options=["beat", "half-beat"],
                    default="half-beat",
                    tooltip="The finest part of a beat that counts as a hit.",
                ),
            ],
            outputs=[
                BeatPlanSocket.Output("beat_plan", display_name="beat_plan"),
                io.Float.Output("bpm", display_name="bpm"),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            **found_by("tempo", "bpm", "beat sync", "cuts on beats", "tempo map"),
            **keeps_preview(),
        )

    @classmethod
    def validate_inputs(
        cls, tempo_low_bpm: float | None, tempo_high_bpm: float | None
    ) -> bool | str:
        if tempo_low_bpm is None or tempo_high_bpm is None:  # a wire brings it when the node runs
            return True
        return check_widgets(lambda: PlanSettings(tempo_range_bpm=(tempo_low_bpm, tempo_high_bpm)))

    @classmethod
    @in_words
    def execute(
        cls,
        storyboard: Storyboard,
        tempo_low_bpm: float,
        tempo_high_bpm: float,
        fixed_tempo_bpm: float,
        tempo_room_percent: float,
        metre: str,
        hit_unit: str,
    ) -> io.NodeOutput:
        from ..vem_core.rhythm.plan_plot import draw_plan
        from ..vem_core.rhythm.plan_report import describe_plan
        from ..vem_core.rhythm.tempo_map import plan_beats

        settings = PlanSettings(
            tempo_range_bpm=(tempo_low_bpm, tempo_high_bpm),
            fixed_tempo_bpm=fixed_tempo_bpm or None,
            tempo_room=tempo_room_percent / 100,
            metre=metre,
            hit_unit=hit_unit,  # type: ignore[arg-type]
        )
        plan = plan_beats(storyboard, settings, node_progress(0, 0.9))
        shown = show_figure(cls, draw_plan(storyboard, plan), describe_plan(plan))
        return io.NodeOutput(plan, plan.tempo.base_bpm, ui=shown)


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


def _check_same_clip(saved: Storyboard, parsed: Storyboard | None) -> None:
    if parsed is not None and abs(saved.duration_s - parsed.duration_s) > 0.5:
        raise InputError(
            f"The saved storyboard lasts {saved.duration_s:.2f} s, but the connected clip"
            f" {parsed.duration_s:.2f} s. Clear saved_json, or load the video that it belongs to."
        )


NODES = [LoadVideo, ParseShots, EditStoryboard, PlanBeats]
