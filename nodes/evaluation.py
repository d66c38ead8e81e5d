"""How well music meets a picture."""
# pyright: reportMissingImports=false

from typing import Any

from comfy_api.latest import io

from ..vem_core.types import BeatPlan, Storyboard
from .convert import audio_from_comfy, image_from_figure
from .previews import show_figure
from .running import in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview
from .sockets import BeatPlanSocket, StoryboardSocket


class ScoreMatch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_ScoreMatch",
            display_name="Score Match",
            category=CATEGORY,
            description="Listens for the beats of any music and measures how they meet the cuts,"
            " beside what chance would give.",
            inputs=[
                io.Audio.Input("audio"),
                StoryboardSocket.Input("storyboard"),
                BeatPlanSocket.Input(
                    "beat_plan",
                    optional=True,
                    tooltip="Compares the beats that are heard with the planned ones as well.",
                ),
            ],
            outputs=[
                io.String.Output("report", display_name="report"),
                io.Image.Output("plot", display_name="plot"),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
            **found_by("beat alignment", "metrics", "evaluate music", "sync check"),
            **keeps_preview(),
        )

    @classmethod
    @in_words
    def execute(
        cls,
        audio: dict[str, Any] | None,
        storyboard: Storyboard,
        beat_plan: BeatPlan | None = None,
    ) -> io.NodeOutput:
        from ..vem_core.evaluation import describe_match, draw_match, match_music

        heard = audio_from_comfy(audio, "The audio")
        match = match_music(heard, storyboard, beat_plan, progress=node_progress())
        figure = draw_match(match)
        report = describe_match(match)
        return io.NodeOutput(report, image_from_figure(figure), ui=show_figure(cls, figure, report))


NODES = [ScoreMatch]
