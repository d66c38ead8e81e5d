"""Music that follows a storyboard and a beat plan, and what a studio wants of it."""
# pyright: reportMissingImports=false

from comfy_api.latest import io, ui

from ..vem_core.errors import InputError
from ..vem_core.types import BeatPlan, Music, Storyboard
from .choices import (
    instrument_inputs,
    piece_inputs,
    read_instruments,
    read_key,
    read_style,
)
from .convert import audio_to_comfy
from .places import new_output
from .previews import show_figure
from .running import in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed
from .sockets import BeatPlanSocket, MusicSocket, StoryboardSocket


class ComposeMusic(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_Compose",
            display_name="Compose",
            category=CATEGORY,
            description="Writes music for the storyboard on the beats of the plan and plays it with"
            " sampled instruments. Needs no model and no GPU.",
            inputs=[
                StoryboardSocket.Input("storyboard"),
                BeatPlanSocket.Input("beat_plan"),
                *piece_inputs(),
                *instrument_inputs(),
            ],
            outputs=[
                MusicSocket.Output("music", display_name="music"),
                io.Audio.Output("audio", display_name="audio"),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            **found_by("generate music", "soundtrack", "background music", "score", "bgm"),
            **keeps_preview(),
        )

    @classmethod
    @in_words
    def execute(
        cls,
        storyboard: Storyboard,
        beat_plan: BeatPlan,
        style: str,
        key: str,
        seed: int,
        **instruments: str,
    ) -> io.NodeOutput:
        from ..vem_core.codecs.score.effects import master
        from ..vem_core.composing.piano_roll import draw_score
        from ..vem_core.pipeline import MusicSettings, compose_score, render_score

        settings = MusicSettings(
            style=read_style(style),
            key=read_key(key),
            seed=seed,
            instruments=read_instruments(instruments),
        )
        score = compose_score(storyboard, beat_plan, settings, node_progress(0, 0.2))
        music = render_score(score, node_progress(0.2, 0.95))
        roll = draw_score(score, storyboard=storyboard, plan=beat_plan)
        text = f"{score.style}, {len(beat_plan.hits)} hits"
        sound = audio_to_comfy(master(music.mix))
        return io.NodeOutput(music, sound, ui=show_figure(cls, roll, text))


class SaveScore(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_SaveScore",
            display_name="Save MIDI and Stems",
            category=CATEGORY,
            description="Writes the music as MIDI, whose tempo map puts the hits on a DAW's bars,"
            " and as one sound file per part.",
            inputs=[
                MusicSocket.Input("music"),
                io.String.Input(
                    "filename_prefix",
                    default="VeM/music",
                    tooltip="Folder and name in ComfyUI's output folder.",
                ),
                io.Boolean.Input("midi", default=True, tooltip="Write a MIDI file."),
                io.Boolean.Input("stems", default=True, tooltip="Write a sound file per part."),
                io.Combo.Input(
                    "stem_format",
                    options=["flac", "wav"],
                    default="flac",
                    tooltip="Both 24 bit; added up, the stems are the music.",
                    **rarely_needed(),
                ),
            ],
            outputs=[],
            is_output_node=True,
            **found_by("export midi", "export stems", "save music", "DAW"),
        )

    @classmethod
    @in_words
    def execute(
        cls, music: Music, filename_prefix: str, midi: bool, stems: bool, stem_format: str
    ) -> io.NodeOutput:
        from ..vem_core.audio.sound_file import write_sound
        from ..vem_core.codecs.score.midi import score_to_midi

        if not midi and not stems:
            raise InputError("Neither MIDI nor stems are asked for. Switch one of them on.")
        if midi and music.score is None:
            raise InputError("This music has no score, so there is no MIDI of it. Switch midi off.")
        progress = node_progress()
        first, subfolder = new_output(filename_prefix, ".mid")
        stem_start = first.name.removesuffix(".mid")
        written: list[str] = []
        if midi and music.score is not None:
            score_to_midi(music.score, first)
            written.append(first.name)
        saved = []
        for number, (part, stem) in enumerate(music.stems if stems else ()):
            progress(number / len(music.stems))
            name = f"{stem_start}{part}.{stem_format}"
            write_sound(stem, first.with_name(name))
            saved.append(ui.SavedResult(name, subfolder, io.FolderType.output))
            written.append(name)
        progress(1)
        return io.NodeOutput(ui={"audio": saved, "text": ["\n".join(written)]})


NODES = [ComposeMusic, SaveScore]
