"""Finished music onto the beats of a picture."""
# pyright: reportMissingImports=false

from typing import Any

from comfy_api.latest import io

from ..vem_core.errors import InputError
from ..vem_core.types import BeatPlan, Storyboard
from .convert import audio_from_comfy, audio_to_comfy
from .previews import show_figure
from .running import in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed
from .sockets import BeatPlanSocket, StoryboardSocket
from .timeline import timeline_of_plan


class SnapMusic(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_SnapMusic",
            display_name="Snap Music to Beats",
            category=CATEGORY,
            description="Moves finished music onto the cuts: the best passage, joined at bar lines,"
            " stretched so little that it is not heard.",
            inputs=[
                io.Audio.Input("music"),
                BeatPlanSocket.Input(
                    "beat_plan",
                    optional=True,
                    tooltip="Beats to meet. Leave open, and connect the storyboard, to plan beats"
                    " around the music's own tempo: that stretches least.",
                ),
                StoryboardSocket.Input(
                    "storyboard",
                    optional=True,
                    tooltip="Lets the music's energy follow the shots; needed without a beat plan.",
                ),
                io.Float.Input(
                    "most_stretch_percent",
                    default=8.0,
                    min=0.5,
                    max=25.0,
                    step=0.5,
                    tooltip="No part of the music becomes longer or shorter by more than this.",
                ),
                io.Combo.Input(
                    "quality",
                    options=["auto", "fine", "fast"],
                    default="auto",
                    tooltip="Of the stretching; auto: fine up to 8 minutes, then fast.",
                    **rarely_needed(),
                ),
            ],
            outputs=[
                io.Audio.Output("audio", display_name="audio"),
                io.String.Output("report", display_name="report"),
                BeatPlanSocket.Output(
                    "used_plan", display_name="beat_plan", tooltip="The plan that was met."
                ),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            **found_by("beat sync", "time stretch", "fit music to video", "align music", "remix"),
            **keeps_preview(),
        )

    @classmethod
    @in_words
    def execute(
        cls,
        music: dict[str, Any] | None,
        most_stretch_percent: float,
        quality: str,
        beat_plan: BeatPlan | None = None,
        storyboard: Storyboard | None = None,
    ) -> io.NodeOutput:
        from ..vem_core.rhythm.snap_plot import describe_snap, draw_snap
        from ..vem_core.rhythm.snapping import SnapSettings, snap_music, snap_to_plan

        heard = audio_from_comfy(music, "The music")
        settings = SnapSettings(
            most_stretch=most_stretch_percent / 100,
            quality=quality,  # type: ignore[arg-type]
        )
        progress = node_progress()
        if beat_plan is not None:
            snapped = snap_to_plan(heard, beat_plan, settings, storyboard, progress)
        elif storyboard is not None:
            snapped = snap_music(heard, storyboard, settings, progress)
        else:
            raise InputError(
                "Neither beats nor a storyboard say where the cuts are. Connect Plan Beats, or"
                " Parse Shots to plan around the music."
            )
        report = describe_snap(snapped)
        shown = show_figure(cls, draw_snap(snapped), report)
        if snapped.plan is not None:
            shown |= timeline_of_plan(snapped.plan)
        return io.NodeOutput(audio_to_comfy(snapped.audio), report, snapped.plan, ui=shown)


NODES = [SnapMusic]
