"""Music by the trained model: load, sample (all of it, or some shots again), decode."""
# pyright: reportMissingImports=false

from typing import Any

from comfy_api.latest import io

from ..vem_core.errors import InputError
from ..vem_core.generation import MOST_GUIDANCE, ModelSettings, SampledMusic, read_shot_list
from ..vem_core.places import DEFAULT_MODEL
from ..vem_core.types import BeatPlan, Storyboard
from .choices import (
    instrument_inputs,
    key_name,
    piece_inputs,
    read_instruments,
    read_key,
    read_style,
)
from .convert import audio_to_comfy
from .models import LoadedModel, find_model, list_models, load, model_stamp
from .previews import show_figure
from .running import check_widgets, in_words, node_progress
from .schema import CATEGORY, found_by, keeps_preview, rarely_needed
from .sockets import (
    BeatPlanSocket,
    LatentsSocket,
    ModelSocket,
    MusicSocket,
    StoryboardSocket,
)

USUAL = ModelSettings()


class LoadModel(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_LoadModel",
            display_name="Load VeM Model",
            category=CATEGORY,
            description="Opens a trained music model: the one that comes with VeM, or one of yours"
            " in ComfyUI's models/vem.",
            inputs=[
                io.Combo.Input(
                    "checkpoint",
                    options=list_models(),
                    default=DEFAULT_MODEL,
                    tooltip="A .safetensors file in ComfyUI's models/vem, or the one that comes"
                    " with VeM.",
                ),
            ],
            outputs=[ModelSocket.Output("model", display_name="model")],
            **found_by("checkpoint loader", "music model", "weights"),
        )

    @classmethod
    def validate_inputs(cls, checkpoint: str | None) -> bool | str:
        if checkpoint is None:  # wired: known only in the run
            return True
        return check_widgets(lambda: find_model(checkpoint))

    @classmethod
    def fingerprint_inputs(cls, checkpoint: str) -> str:
        return model_stamp(checkpoint)

    @classmethod
    @in_words
    def execute(cls, checkpoint: str) -> io.NodeOutput:
        return io.NodeOutput(load(find_model(checkpoint)))


def _sampler_inputs() -> list[Any]:
    return [
        io.Int.Input(
            "steps",
            default=USUAL.steps,
            min=1,
            max=1000,
            tooltip="Of the sampler; 20 are enough, 10 are a sketch.",
        ),
        io.Float.Input(
            "cfg",
            default=USUAL.guidance,
            min=0.0,
            max=MOST_GUIDANCE,
            step=0.1,
            tooltip="How closely the music follows the storyboard; 1 is the model as trained,"
            " above 3 it stiffens.",
        ),
        io.Float.Input(
            "storyboard_strength",
            default=USUAL.storyboard_strength,
            min=0.0,
            max=1.0,
            step=0.05,
            tooltip="1: each shot's words and pictures shape its own time alone; 0: they shape the"
            " whole piece.",
            **rarely_needed(),
        ),
        io.Float.Input(
            "beat_strength",
            default=USUAL.beat_strength,
            min=0.0,
            max=MOST_GUIDANCE,
            step=0.1,
            tooltip="How strongly the music marks planned hits; 0 ignores them.",
            **rarely_needed(),
        ),
    ]


class SampleMusic(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_SampleMusic",
            display_name="Sample Music",
            category=CATEGORY,
            description="Lets the model write music for the storyboard on the beats of the plan."
            " Given earlier music and a list of shots, it writes only these again.",
            inputs=[
                ModelSocket.Input("model"),
                StoryboardSocket.Input("storyboard"),
                BeatPlanSocket.Input("beat_plan"),
                *piece_inputs(),
                *_sampler_inputs(),
                LatentsSocket.Input(
                    "earlier",
                    optional=True,
                    tooltip="Music of an earlier Sample Music, of which some shots are done again."
                    " Style, key and themes stay its own.",
                ),
                io.String.Input(
                    "redo_shots",
                    default="",
                    optional=True,
                    tooltip="Shots to do again, such as 2, 4-5; all else stays as it was. Needs"
                    " earlier music.",
                ),
            ],
            outputs=[LatentsSocket.Output("latents", display_name="latents")],
            **found_by("generate music", "music sampler", "redo shot", "inpaint music", "bgm"),
        )

    @classmethod
    def validate_inputs(cls, redo_shots: str | None = None) -> bool | str:
        return check_widgets(lambda: read_shot_list(redo_shots or ""))

    @classmethod
    @in_words
    def execute(
        cls,
        model: LoadedModel,
        storyboard: Storyboard,
        beat_plan: BeatPlan,
        style: str,
        key: str,
        seed: int,
        steps: int,
        cfg: float,
        storyboard_strength: float,
        beat_strength: float,
        earlier: SampledMusic | None = None,
        redo_shots: str = "",
    ) -> io.NodeOutput:
        from ..vem_core.generation import resample_shots, sample_music

        settings = ModelSettings(
            steps=steps,
            guidance=cfg,
            beat_strength=beat_strength,
            storyboard_strength=storyboard_strength,
        )
        shots = read_shot_list(redo_shots)
        music = model.ready()
        if earlier is None:
            _check_nothing_to_redo(shots)
            sampled = sample_music(
                music,
                storyboard,
                beat_plan,
                settings,
                style=read_style(style),
                key=read_key(key),
                seed=seed,
                progress=node_progress(),
            )
        else:
            _check_kept(earlier, style, key)
            sampled = resample_shots(
                music,
                earlier,
                storyboard,
                beat_plan,
                shots,
                settings,
                seed=seed,
                progress=node_progress(),
            )
        text = f"{sampled.style}, {key_name(sampled.key)}, {beat_plan.n_beats} beats"
        return io.NodeOutput(sampled, ui={"text": (text,)})


def _check_nothing_to_redo(shots: tuple[int, ...]) -> None:
    if shots:
        raise InputError(
            "Shots to do again are named, but no earlier music is connected. Connect the latents"
            " of an earlier Sample Music, or empty redo_shots."
        )


def _check_kept(earlier: SampledMusic, style: str, key: str) -> None:
    for what, chosen, kept in (
        ("style", read_style(style), earlier.style),
        ("key", "" if read_key(key) is None else key, key_name(earlier.key)),
    ):
        if chosen and chosen != kept:
            raise InputError(
                f"The {what} is set to '{chosen}', but the earlier music is in '{kept}', and shots"
                f" that are done again stay in it. Set the {what} to auto, or sample the whole"
                " piece again."
            )


class DecodeAudio(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="VeM_DecodeAudio",
            display_name="Decode Audio",
            category=CATEGORY,
            description="Reads the notes out of sampled music, makes its planned hits exact, and"
            " plays it with sampled instruments.",
            inputs=[
                ModelSocket.Input("model", tooltip="The model that sampled the music."),
                LatentsSocket.Input("latents"),
                *instrument_inputs(),
            ],
            outputs=[
                io.Audio.Output("audio", display_name="audio"),
                MusicSocket.Output("music", display_name="music"),
            ],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            **found_by("latents to audio", "render music", "vae decode audio"),
            **keeps_preview(),
        )

    @classmethod
    @in_words
    def execute(
        cls, model: LoadedModel, latents: SampledMusic, **instruments: str
    ) -> io.NodeOutput:
        from ..vem_core.codecs.score.effects import master
        from ..vem_core.composing.piano_roll import draw_score
        from ..vem_core.generation import decode_music
        from ..vem_core.pipeline import hit_notes, render_score

        progress = node_progress(0, 0.95)
        progress(0.0)
        decoded = decode_music(model.ready(), latents, read_instruments(instruments))
        music = render_score(decoded.score, progress)
        plan = latents.plan
        roll = draw_score(decoded.score, storyboard=latents.storyboard, plan=plan)
        text = "\n".join(
            [
                f"{latents.style}, {key_name(latents.key)}, {len(plan.hits)} hits",
                *hit_notes(decoded, plan),
            ]
        )
        sound = audio_to_comfy(master(music.mix))
        return io.NodeOutput(sound, music, ui=show_figure(cls, roll, text))


NODES = [LoadModel, SampleMusic, DecodeAudio]
