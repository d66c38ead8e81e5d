"""The creator's words on the storyboard, and the beats planned on it."""
# pyright: reportMissingImports=false

from comfy_api.latest import io

from ..vem_core.errors import InputError
from ..vem_core.rhythm.plan_settings import PlanSettings
from ..vem_core.types import METRES, Storyboard
from .previews import show_figure
from .running import check_widgets, in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed
from .sockets import BeatPlanSocket, StoryboardSocket
from .timeline import timeline_of_board, timeline_of_plan

AUTO_STYLE = "auto"


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
            **found_by("shot list", "edit storyboard", "theme", "music brief", "timeline"),
            **keeps_preview(),
        )

    @classmethod
    def validate_inputs(cls, style: str | None, saved_json: str | None) -> bool | str:
        from ..vem_core.composing.style import style_names
        from ..vem_core.parsing.storyboard import storyboard_from_json

        # ComfyUI checks no widget itself where a node has checks of its own
        if style is not None and style not in (AUTO_STYLE, *style_names()):
            known = ", ".join((AUTO_STYLE, *style_names()))
            return f"There is no style '{style}'; there are {known}. Choose one."
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
        from ..vem_core.parsing.words import with_theme

        board = storyboard
        if saved_json.strip():
            board = storyboard_from_json(saved_json)
            _check_same_clip(board, storyboard)
        if board is None:
            raise InputError(
                "There is no storyboard. Connect Parse Shots, or paste a saved one into saved_json."
            )
        wanted_style = "" if style == AUTO_STYLE else style
        edited = apply_notes(with_theme(board, theme=theme, style=wanted_style), shot_notes)
        shown = timeline_of_board(board, edited)
        return io.NodeOutput(edited, storyboard_to_json(edited), ui=shown)


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
                io.Combo.Input(
                    "metre",
                    options=sorted(METRES),
                    default="4/4",
                    tooltip="Beats of a bar; in 6/8 the beat is a dotted quarter.",
                ),
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
        shown |= timeline_of_plan(plan)
        return io.NodeOutput(plan, plan.tempo.base_bpm, ui=shown)


def _check_same_clip(saved: Storyboard, parsed: Storyboard | None) -> None:
    if parsed is not None and abs(saved.duration_s - parsed.duration_s) > 0.5:
        raise InputError(
            f"The saved storyboard lasts {saved.duration_s:.2f} s, but the connected clip"
            f" {parsed.duration_s:.2f} s. Clear saved_json, or load the video that it belongs to."
        )


NODES = [EditStoryboard, PlanBeats]
